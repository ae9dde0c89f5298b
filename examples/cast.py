"""A cast of two agents plays a scene: each remembers its own part, and hears what the other says.

python examples/cast.py --llm qwen2.5-coder-1.5b
"""

import argparse

import yggdrasil as ygg


def main(llm: str | ygg.Block, lines: int = 4) -> list[tuple[str, str]]:
    """Play so many lines; gives who said what."""
    model = ygg.LLM(llm) if isinstance(llm, str) else llm
    cast = {
        "Ingrid": ygg.Agent(
            model, instructions="You are Ingrid, an old fisher. Answer in one sentence.", max_tokens=60
        ),
        "Hjalmar": ygg.Agent(model, instructions="You are Hjalmar, her heir. Answer in one sentence.", max_tokens=60),
    }
    scene: list[tuple[str, str]] = []
    said = "The ice has come early this year. What do we do?"
    for number in range(lines):
        name = list(cast)[number % 2]
        said = cast[name].run(said).response
        print(f"{name}: {said}")
        scene.append((name, said))
    return scene


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", default="smollm2-135m", help="a name, a path, or openai:MODEL@BASE_URL")
    main(parser.parse_args().llm)
