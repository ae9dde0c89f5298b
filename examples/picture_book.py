"""A picture book out of a world: a few steps, one page each, in one HTML file that needs nothing else.

python examples/picture_book.py "a desert caravan city" --steps 3 -o book.html
"""

import argparse
import base64
import html
from pathlib import Path

import yggdrasil as ygg

PAGE = '<section><img alt="{seen}" src="data:image/png;base64,{data}"><p>{text}</p></section>'
BOOK = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{font:1.2rem/1.5 serif;max-width:32rem;margin:2rem auto}}img{{width:100%;image-rendering:auto}}
section{{break-after:page;margin-bottom:3rem}}</style><h1>{title}</h1>{pages}"""


def page(world: ygg.World, step: ygg.Step) -> str:
    """One step as a page: its picture, and what happened."""
    picture = step.pictures[0]
    data = base64.b64encode(world.artifacts.get(picture["sha256"])).decode()
    seen = step.perception[picture["slot"]]["text"]
    return PAGE.format(data=data, seen=html.escape(seen), text=html.escape(step.chronicle))


def main(wish: str, steps: int, path: Path) -> None:
    world = ygg.World.from_template("storytelling", wish=wish, seed=7)
    pages: list[str] = []
    for step in world.steps(steps):
        print(step.step, step.chronicle)
        pages.append(page(world, step))
    path.write_text(BOOK.format(title=html.escape(wish), pages="".join(pages)), encoding="utf-8")
    print("written:", path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wish", nargs="?", default="a desert caravan city")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("-o", dest="path", type=Path, default=Path("book.html"))
    given = parser.parse_args()
    main(given.wish, given.steps, given.path)
