"""Scenes to learn from: `python -m training.scenes --count 48 --out sheet.png` shows some with their captions."""

import argparse
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from PIL import Image

from training.captions import Captions, captions
from training.styles import JUDGE_STYLES, SEER_STYLES, SHELF, drawings
from yggdrasil.plugins.draw.compose import Composed, Manner, composed
from yggdrasil.plugins.draw.drawings import Drawings
from yggdrasil.plugins.draw.indoors import INDOORS, PLAIN
from yggdrasil.plugins.draw.scene import PLACES, TIMELESS, WEATHERLESS, Scene
from yggdrasil.plugins.draw.vocabulary import vocabulary

_FIRST = (
    "fox wolf bear lion tiger horse unicorn deer cow pig elephant rabbit monkey dog cat penguin frog turtle snake "
    "dragon spider camel eagle owl butterfly tropical-fish shark dolphin whale crab evergreen-tree deciduous-tree "
    "palm-tree cactus mushroom rose castle house hut church classical-building tent volcano snow-capped-mountain "
    "headstone mage fairy vampire zombie merperson troll ninja guard princess astronaut robot ghost skull snowman "
    "crossed-swords shield bow-and-arrow axe crystal-ball alembic gem-stone crown coin old-key scroll open-book "
    "candle bomb fire sailboat rocket automobile locomotive sun full-moon cloud rainbow"
)
FIRST = tuple(_FIRST.split())
"""The things of the embedded painter's first training, by which painters are compared."""
TIMES = {"day": 4.0, "sunset": 2.0, "night": 3.0, "overcast": 1.2}
WEATHERS = {"none": 68.0, "rain": 9.0, "snowfall": 9.0, "fog": 8.0, "storm": 6.0}
SNOWLESS = ("desert", "volcanic")


@dataclass(frozen=True)
class Recipe:
    """What scenes are made of. `counts`: shares of scenes with none, one, two, three things."""

    styles: tuple[str, ...]
    things: tuple[str, ...]
    counts: tuple[float, float, float, float]
    plain: float = 0.0
    mirrored: float = 0.4
    sizes: tuple[float, float] = (1.0, 1.0)


PAINTER = Recipe((SHELF,), tuple(vocabulary()), (0.08, 0.55, 0.37, 0), mirrored=0.15)
SEER = Recipe(SEER_STYLES, tuple(vocabulary()), (0.08, 0.52, 0.28, 0.12), plain=0.15, sizes=(0.6, 1.1))
JUDGE = Recipe(JUDGE_STYLES, tuple(vocabulary()), (0.06, 0.54, 0.40, 0), sizes=(0.7, 1.1))


class Example(NamedTuple):
    """A picture, what is on it and where, and what it is called."""

    scene: Scene
    composed: Composed
    captions: Captions


def example(recipe: Recipe, seed: int) -> Example:
    """The example of a seed; the same seed gives the same bytes and words."""
    rng = Random(f"{seed}")
    pool = rng.choices(*_pools(recipe.styles))[0]
    scene = drawn_scene(rng, recipe, pool)
    made = composed(scene, pool, seed, Manner(rng.uniform(*recipe.sizes), recipe.mirrored))
    standing = sorted(made.things, key=lambda placed: placed.left + placed.width / 2)
    return Example(scene, made, captions(rng, scene, [placed.concept.name for placed in standing]))


@cache
def _pools(styles: tuple[str, ...]) -> tuple[list[Drawings], list[int]]:
    """The drawings of each style and how often it is drawn from: every drawing as often as any other."""
    pools = [drawings(style) for style in styles]
    return pools, [len(pool.names()) for pool in pools]


def drawn_scene(rng: Random, recipe: Recipe, pool: Drawings, things: tuple[str, ...] = ()) -> Scene:
    """A scene by lot, of things that are often met where it is; or of the given ones, in a place of theirs."""
    places = [place for place in PLACES if all(_belongs(thing, place) for thing in things)]
    place = PLAIN if rng.random() < recipe.plain else rng.choice(places)
    timeless, still = place in (*TIMELESS, PLAIN), place in (*WEATHERLESS, PLAIN)
    time = "none" if timeless else rng.choices(list(TIMES), list(TIMES.values()))[0]
    weather = "none" if still else rng.choices(list(WEATHERS), list(WEATHERS.values()))[0]
    if weather == "snowfall" and place in SNOWLESS:
        weather = "none"
    if things:
        return Scene(things, place, time, weather)
    count = 1 if place == PLAIN else rng.choices(range(4), recipe.counts)[0]
    known = set(pool.names())
    likely = [name for name in recipe.things if name in known and (rng.random() < 0.2 or _belongs(name, place))]
    return Scene(tuple(rng.sample(likely, count)), place, time, weather)


def _belongs(thing: str, place: str) -> bool:
    """Whether a thing is often met in a place: no houses under water, no suns in rooms."""
    kind = vocabulary()[thing].kind
    if place == PLAIN:
        return True
    if kind == "swimmer":
        return place in ("underwater", "sea", "beach")
    return kind not in ("building", "vehicle", "sky") or place not in INDOORS or place == "space"


def sheet(pictures: list[Image.Image], columns: int = 8, zoom: int = 2) -> Image.Image:
    """Pictures of one size side by side, as a contact sheet."""
    wide, high = (side * zoom + 2 for side in pictures[0].size)
    whole = Image.new("RGB", (columns * wide, -(-len(pictures) // columns) * high))
    for at, picture in enumerate(pictures):
        large = picture.resize((wide - 2, high - 2), Image.Resampling.NEAREST)
        whole.paste(large, (at % columns * wide, at // columns * high))
    return whole


def main() -> None:
    """Draw a few examples of a recipe on one sheet and print their captions."""
    recipes = {"painter": PAINTER, "seer": SEER, "judge": JUDGE}
    told = argparse.ArgumentParser(description=main.__doc__)
    told.add_argument("--recipe", choices=list(recipes), default="painter")
    told.add_argument("--count", type=int, default=48)
    told.add_argument("--seed", type=int, default=0)
    told.add_argument("--out", type=Path, required=True)
    asked = told.parse_args()
    examples = [example(recipes[asked.recipe], asked.seed + at) for at in range(asked.count)]
    sheet([one.composed.picture for one in examples]).save(asked.out)
    for one in examples:
        print(*one.captions, sep="  |  ")


if __name__ == "__main__":
    main()
