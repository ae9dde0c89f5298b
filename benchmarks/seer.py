"""How a seer sees: known styles and one that it never saw, its confidence, blobs, small things, and pictures painted.

`python -m benchmarks.seer [FOLDER]` (an item, else the shelf's seer).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.figures import Figure, calibration_error, share
from benchmarks.prompts import every, prompts
from training.latents import shard
from training.places import TOOLS
from training.scenes import PAINTER, Recipe, example
from training.seeing import BENT, blobs, bytes_of, look, pixels_of, warped
from training.styles import HELD_OUT, SEER_STYLES, SHELF
from yggdrasil.contract.pictures import as_rgb
from yggdrasil.plugins.draw.vocabulary import vocabulary

FIRST_SEED = 50_000_000
THINGS = tuple(vocabulary())
LABELS = [concept.label for concept in vocabulary().values()]


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("item", nargs="?", type=Path, default=TOOLS / "seer")
    told.add_argument("--count", type=int, default=400)
    told.add_argument("--looks", type=int, help="second looks, instead of what the item says")
    asked = told.parse_args()
    from yggdrasil import load

    block: Any = load(asked.item)
    if asked.looks is not None:
        block.second_looks = asked.looks
    figures = [
        *styles(block, asked.count),
        *unrecognisable(block, asked.count // 4),
        *small(block, asked.count // 4),
        *painted(block),
    ]
    for figure in figures:
        print(figure, flush=True)
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


def alone(style: str, count: int, seed: int) -> tuple[list[Image.Image], list[str]]:
    """Pictures of one thing each in a style, and the labels of the things."""
    recipe = Recipe((style,), THINGS, (0, 1, 0, 0))
    made = [example(recipe, seed + number) for number in range(count)]
    return [one.composed.picture for one in made], [vocabulary()[one.scene.things[0]].label for one in made]


def styles(block: Any, count: int) -> list[Figure]:
    """Top-1 of single things in styles that it knows and in one that it does not, and how true its confidence is."""
    figures: list[Figure] = []
    sure: dict[bool, tuple[list[float], list[bool]]] = {True: ([], []), False: ([], [])}
    for style in (*SEER_STYLES, HELD_OUT):
        known = style != HELD_OUT
        pictures, labels = alone(style, count // len(SEER_STYLES) if known else count, FIRST_SEED)
        said = look(block.looked, len(LABELS), pixels_of(np.stack([np.asarray(one) for one in pictures])))
        confidence, best = said.things.max(1)
        right = [LABELS[int(index)] == label for index, label in zip(best, labels, strict=True)]
        sure[known][0].extend(map(float, confidence))
        sure[known][1].extend(right)
        figures.append(share(f"top-1-{style}", right))
        if not known:
            figures += named(block, pictures, labels, "held-out", right=0.6)
    figures.insert(0, share("top-1-known", sure[True][1], 0.95))
    for known, goal in ((True, 0.05), (False, None)):
        error = calibration_error(*sure[known])
        name = f"calibration-{'known' if known else 'held-out'}"
        figures.append(Figure(name, error, len(sure[known][1]), goal, below=True, share=False))
    return figures


def named(
    block: Any, pictures: list[Image.Image], labels: list[str], head: str, right: float | None = None
) -> list[Figure]:
    """At its own confidence: how often it names something, and how often that is right."""
    told = [[thing["name"] for thing in block.run(image=one).labels["things"]] for one in pictures]
    spoken = [(names, label) for names, label in zip(told, labels, strict=True) if names]
    return [
        share(f"{head}-spoken", [bool(names) for names in told]),
        share(f"{head}-spoken-right", [names[0] == label for names, label in spoken], right),
    ]


def first_of_all(block: Any, pictures: list[Image.Image], labels: list[str], name: str) -> Figure:
    """How often the thing that it is surest of is the right one, whether it would say so or not."""
    best = look(block.looked, len(LABELS), pixels_of(np.stack([np.asarray(one) for one in pictures]))).things.argmax(1)
    return share(name, [LABELS[int(index)] == label for index, label in zip(best, labels, strict=True)])


def unrecognisable(block: Any, count: int) -> list[Figure]:
    """Blobs that it must call unclear: the painter's guesses out of noise, and drawings bent out of shape."""
    import torch

    from yggdrasil import load

    part = shard(30_000, 120)
    rows = np.flatnonzero(part.things.any((1, 2)))[:count]
    torch.manual_seed(FIRST_SEED)
    bent = warped(pixels_of(np.stack([np.asarray(one) for one in alone(SHELF, count, FIRST_SEED + 7000)[0]])), BENT)
    found: list[Figure] = []
    for name, pixels in (("guesses", blobs(load(TOOLS / "painter"), part, rows, 5)), ("bent", bent)):
        labels = [block.run(image=Image.fromarray(one)).labels for one in bytes_of(pixels)]
        found.append(share(f"unclear-{name}", [one["unclear"] for one in labels], 0.9))
        found.append(share(f"named-{name}", [bool(one["things"]) for one in labels]))
    return found


def small(block: Any, count: int) -> list[Figure]:
    """Three things of half their usual size: how many of them it names, and how many of its names are right."""
    recipe = Recipe((SHELF,), THINGS, (0, 0, 0, 1), sizes=(0.5, 0.6))
    hits = asked = names = 0
    for number in range(count):
        made = example(recipe, FIRST_SEED + 20_000 + number)
        truth = {vocabulary()[name].label for name in made.scene.things}
        told = {thing["name"] for thing in block.run(image=made.composed.picture).labels["things"]}
        hits, asked, names = hits + len(truth & told), asked + len(truth), names + len(told)
    return [Figure("small-found", hits / asked, asked), Figure("small-right", hits / max(names, 1), names)]


def illustrated(block: Any, tool: str) -> list[Figure]:
    """What it says of the drafts that a tool repaints; the larger ones are what a world shows."""
    from yggdrasil import load

    wanted = [prompt for prompt in prompts() if prompt.group == "one"][::2]
    labels = [vocabulary()[prompt.scene.things[0]].label for prompt in wanted]
    illustrate: Any = load(TOOLS / tool)
    pictures = [illustrate.run(prompt=one.text, seed=number).image for number, one in enumerate(wanted)]
    return named(block, [as_rgb(one, None, tool) for one in pictures], labels, tool)


def painted(block: Any) -> list[Figure]:
    """What it says of the painter's own pictures: drafts, drafts repainted, and pictures out of nothing but words."""
    from yggdrasil import load

    labels = [vocabulary()[prompt.scene.things[0]].label for prompt in every()]
    painter: Any = load(TOOLS / "painter")
    whole = [painter.run(prompt=one.text, seed=number).image for number, one in enumerate(every())]
    drawn = [example(PAINTER, FIRST_SEED + number) for number in range(200)]
    drafts = [one for one in drawn if len(one.scene.things) == 1]
    names = [vocabulary()[one.scene.things[0]].label for one in drafts]
    return [
        *named(block, [one.composed.picture for one in drafts], names, "drafts"),
        *(figure for tool in ("illustrate", "illustrate-large") for figure in illustrated(block, tool)),
        first_of_all(block, whole, labels, "painted-top-1"),
        *named(block, [as_rgb(one, None, "painted") for one in whole], labels, "painted"),
    ]


if __name__ == "__main__":
    main()
