"""The two hundred prompts that a painter is judged by, and what should be seen on each picture."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from training.captions import TIMES, captions
from training.scenes import FIRST, PAINTER, Recipe, drawn_scene
from training.styles import SHELF, drawings
from yggdrasil.plugins.draw.drawings import Drawings
from yggdrasil.plugins.draw.scene import Scene

OUTSIDE = (
    ("a lone caribou in a misty pine forest at dawn", "deer", "forest", "sunset"),
    ("an old stone stronghold among snowy peaks", "castle", "mountains", ""),
    ("a conjurer in a gloomy grotto", "mage", "cave", "none"),
    ("a ketch drifting on the waves under the stars", "sailboat", "sea", "night"),
    ("a huge tarantula in the catacombs", "spider", "dungeon", "none"),
    ("a fly agaric in the jungle", "mushroom", "forest", ""),
    ("a bronco galloping over the prairie", "horse", "meadow", ""),
    ("a kitty in the living room", "cat", "room", ""),
    ("a spooky phantom in the crypt", "ghost", "dungeon", "none"),
    ("a droid on a crowded avenue", "robot", "city", ""),
    ("a cobra in the bog", "snake", "swamp", ""),
    ("a blazing pyre on the tundra", "fire", "snow", ""),
    ("a golden tiara on the seashore", "crown", "beach", ""),
    ("a spaceman in the galaxy", "astronaut", "space", "none"),
    ("a taxi downtown at midnight", "automobile", "city", "night"),
    ("a spacecraft among the planets", "rocket", "space", "none"),
    ("a minster on the hillside in the morning", "church", "meadow", "day"),
    ("an orca in the deep ocean", "whale", "underwater", "none"),
    ("a bandit in black in the highlands", "ninja", "mountains", ""),
    ("a steam engine crossing the dunes", "locomotive", "desert", ""),
)
"""Words that no caption of the training has; what is left empty is not judged."""


class Prompt(NamedTuple):
    """A text and the scene that it asks for; a place or time of "" is not asked for."""

    group: str
    text: str
    scene: Scene


def prompts() -> list[Prompt]:
    """82 of one thing, 48 of two, 50 of a place with time and weather, 20 in other words."""
    pool = drawings(SHELF)
    found = [_alone("one", thing, number, pool) for number, thing in enumerate(FIRST)]
    for number in range(48):
        pair = Recipe((SHELF,), FIRST, (0, 0, 1, 0))
        found.append(_told("two", pair, 1000 + number, pool))
    for number in range(50):
        found.append(_told("empty", Recipe((SHELF,), (), (1, 0, 0, 0)), 2000 + number, pool))
    return found + [Prompt("outside", text, Scene((thing,), place, time)) for text, thing, place, time in OUTSIDE]


def every() -> list[Prompt]:
    """One prompt for each thing that the painter knows."""
    pool = drawings(SHELF)
    return [_alone("every", thing, 3000 + number, pool) for number, thing in enumerate(PAINTER.things)]


def _alone(group: str, thing: str, seed: int, pool: Drawings) -> Prompt:
    return _told(group, Recipe((SHELF,), (thing,), (0, 1, 0, 0)), seed, pool, (thing,))


def _told(group: str, recipe: Recipe, seed: int, pool: Drawings, things: tuple[str, ...] = ()) -> Prompt:
    """A scene of its recipe, with everything that is asked for said."""
    rng = Random(f"benchmark {seed}")
    scene = drawn_scene(rng, recipe, pool, things)
    text = captions(rng, scene, list(scene.things)).english
    while scene.time == "day" and not any(phrase in text for phrase in filter(None, TIMES["day"])):
        text = captions(rng, scene, list(scene.things)).english
    return Prompt(group, text, scene)
