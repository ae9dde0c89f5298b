"""An agent that paints, looks at what it painted, and paints again until the picture shows what was asked.

python examples/paint_look_again.py "a fox in the snow at night" --llm qwen2.5-coder-1.5b -o fox.png
"""

import argparse

import yggdrasil as ygg
from yggdrasil.ports import Image, Text

painter, seer = ygg.load("illustrate"), ygg.load("seer")
painted: list[Image] = []


def paint(prompt: Text, seed: int = 0) -> Image:
    """Paint a picture of at most two things, a place and an hour. Gives the picture, which `look` can see."""
    painted.append(painter.run(prompt=prompt, seed=seed).image)
    return painted[-1]


def look(image: Image) -> Text:
    """Say what a picture really shows."""
    return seer.run(image=image).text


def main(wish: str, model: str, path: str) -> None:
    artist = ygg.Agent(
        model,
        tools=[paint, look],
        instructions="Paint what is asked, look at it, and paint again with another seed if something is missing.",
        limits=ygg.Limits(steps=6),
        temperature=0.0,
    )
    for event in artist.stream(wish):
        if event.kind in ("tool_call", "tool_result"):
            print(event.kind, str(dict(event.data))[:160])
    print(len(painted), "pictures")
    if painted:
        painted[-1].save(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wish", nargs="?", default="a fox in the snow at night")
    parser.add_argument("--llm", default="qwen2.5-coder-1.5b", help="a name, a path, or openai:MODEL@URL")
    parser.add_argument("-o", dest="path", default="painted.png")
    given = parser.parse_args()
    main(given.wish, given.llm, given.path)
