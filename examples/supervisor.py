"""A supervisor with three workers: agents as the tools of an agent, each under the words that it is about.

python examples/supervisor.py --llm qwen2.5-coder-1.5b
"""

import argparse
from typing import Any

import yggdrasil as ygg


def main(llm: str | ygg.Block) -> ygg.Answer[Any]:
    """Ask for a village; the supervisor lets the workers do it, and says what they found."""
    model = ygg.LLM(llm) if isinstance(llm, str) else llm
    workers = {
        "namer": ygg.Agent(model, about="Invents a name for a place.", instructions="Answer with one name."),
        "mapper": ygg.Agent(model, about="Says where a place lies.", instructions="Answer in one sentence."),
        "chronicler": ygg.Agent(model, about="Tells what happened there.", instructions="Answer in one sentence."),
    }
    supervisor = ygg.Agent(
        model,
        workers,
        instructions="Let each worker do its part once, then put their answers together.",
        limits=ygg.Limits(steps=5),
    )
    stream = supervisor.stream("Describe a fishing village in winter.")
    for event in stream:
        if event.kind == "tool_call":
            print(f"{event.path} asks {event.data['tool']}: {event.data['arguments']}")
    print(stream.outputs.response)
    return stream.outputs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", default="smollm2-135m", help="a name, a path, or openai:MODEL@BASE_URL")
    main(parser.parse_args().llm)
