"""How a painter paints two hundred prompts and each thing once, by a judge that knows neither pictures nor drawings.

`python -m benchmarks.painter [FOLDER]` (an item, else the shelf's painter); `--sheet FILE` keeps the pictures.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.figures import Figure, share
from benchmarks.prompts import Prompt, every, prompts
from training.places import ROOT, TOOLS
from training.scenes import JUDGE, sheet
from training.seeing import Look, look, pixels_of
from training.styles import SHELF, drawings

if TYPE_CHECKING:
    from PIL import Image

THE_JUDGE = ROOT / "benchmarks" / "judge"


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("item", nargs="?", type=Path, default=TOOLS / "painter")
    told.add_argument("--judge", type=Path, default=THE_JUDGE)
    told.add_argument("--sheet", type=Path, help="write all pictures there, in the order of the prompts")
    told.add_argument("--guidance", type=float, help="instead of the item's own default")
    told.add_argument("--steps", type=int, help="instead of the item's own default")
    told.add_argument("--limit", type=int, help="every n-th prompt only, for a quick look")
    asked = told.parse_args()
    wanted = [*prompts(), *every()][:: asked.limit or 1]
    given = {"guidance_scale": asked.guidance, "steps": asked.steps}
    seconds, painted = paint(asked.item, wanted, {name: value for name, value in given.items() if value is not None})
    if asked.sheet:
        asked.sheet.parent.mkdir(parents=True, exist_ok=True)
        sheet(painted, columns=10).save(asked.sheet)
    figures = [seconds, *judged(asked.judge, wanted, painted)]
    for figure in [*figures, *judged(asked.judge, wanted, drafts(wanted), "drafts-", goals=False)]:
        print(figure, flush=True)
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


def paint(item: Path, wanted: list[Prompt], given: dict[str, Any]) -> tuple[Figure, list[Image.Image]]:
    """Each prompt by the item itself on one core, with its own defaults; the seed is the prompt's number."""
    import torch

    from yggdrasil import load

    torch.set_num_threads(1)
    painter: Any = load(item)
    painter.run(prompt="", **given)
    began = time.process_time()
    painted = [painter.run(prompt=prompt.text, seed=number, **given).image for number, prompt in enumerate(wanted)]
    seconds = (time.process_time() - began) / len(wanted)
    return Figure("seconds-a-picture", seconds, len(wanted), 2.0, below=True, share=False), painted


def drafts(wanted: list[Prompt]) -> list[Image.Image]:
    """The same scenes as drawings that the judge doesn't know either: as well as it can judge, pictures can do."""
    from yggdrasil.plugins.draw.compose import compose

    scenes = [replace(prompt.scene, time=prompt.scene.time or "day") for prompt in wanted]
    return [compose(scene, drawings(SHELF), number) for number, scene in enumerate(scenes)]


def judged(
    item: Path, wanted: list[Prompt], pictures: list[Image.Image], head: str = "", goals: bool = True
) -> list[Figure]:
    """The figures of pictures by a judge, an item of the same kind as the seer."""
    from yggdrasil import load

    judge: Any = load(item)
    pixels = pixels_of(np.stack([np.asarray(picture) for picture in pictures]))
    return figures_of(judge, look(judge.module, len(judge.things), pixels), wanted, head, goals)


def figures_of(judge: Any, seen: Look, wanted: list[Prompt], head: str = "", goals: bool = True) -> list[Figure]:
    """Place, time and weather, one thing, both of two, each thing that there is; then the same of words not learned."""

    def of(group: str) -> list[int]:
        return [row for row, prompt in enumerate(wanted) if prompt.group == group]

    def goal(value: float) -> float | None:
        return value if goals else None

    told, other = sorted([*of("one"), *of("two"), *of("empty")]), of("outside")
    scenes = [prompt.scene for prompt in wanted]
    place = [judge.places[seen.place[row]] == scene.place for row, scene in enumerate(scenes)]
    time = [judge.times[seen.time[row]] == scene.time for row, scene in enumerate(scenes)]
    weather = [judge.weathers[seen.weather[row]] == scene.weather for row, scene in enumerate(scenes)]
    things = [_named(seen, row, len(scene.things)) == set(scene.things) for row, scene in enumerate(scenes)]
    timed = [row for row, scene in enumerate(scenes) if scene.time not in ("", "none")]
    return [
        share(f"{head}place", [place[row] for row in told], goal(0.95)),
        share(f"{head}time", [time[row] for row in timed if row not in other], goal(0.9)),
        share(f"{head}weather", [weather[row] for row in of("empty")]),
        share(f"{head}one-thing", [things[row] for row in of("one")], goal(0.8)),
        share(f"{head}two-things", [things[row] for row in of("two")], goal(0.5)),
        share(f"{head}every-thing", [things[row] for row in of("every")], goal(0.9)),
        share(f"{head}other-words-place", [place[row] for row in other]),
        share(f"{head}other-words-time", [time[row] for row in timed if row in other]),
        share(f"{head}other-words-thing", [things[row] for row in other]),
    ]


def _named(seen: Look, row: int, count: int) -> set[str]:
    """The things that the judge is surest of."""
    return {JUDGE.things[index] for index in seen.things[row].topk(count).indices}


if __name__ == "__main__":
    main()
