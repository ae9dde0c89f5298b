"""A scene drawn as a picture: its place, then its things, large, then its weather."""

from random import Random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from yggdrasil.plugins.draw.canvas import SIDE, Canvas, as_canvas, as_picture
from yggdrasil.plugins.draw.drawings import Drawings
from yggdrasil.plugins.draw.indoors import INDOORS, PLAIN, indoors
from yggdrasil.plugins.draw.land import land
from yggdrasil.plugins.draw.scene import Scene
from yggdrasil.plugins.draw.sky import weather_over
from yggdrasil.plugins.draw.vocabulary import Concept, vocabulary

PICTURE = 64
AIRBORNE = {"airplane", "helicopter", "rocket", "flying-saucer", "satellite", "parachute", "balloon"}
DIM = ("cave", "dungeon", "volcanic")
BOXES: dict[int, tuple[tuple[float, float], ...]] = {
    0: (),
    1: ((0.80, 0.70),),
    2: ((0.56, 0.60), (0.38, 0.42)),
    3: ((0.44, 0.54), (0.30, 0.38), (0.30, 0.36)),
}
"""How wide and high the things may be, main one first, in shares of the picture."""
CENTRES = {0: (), 1: (0.5,), 2: (0.33, 0.80), 3: (0.5, 0.15, 0.85)}


class Placed(NamedTuple):
    """A thing's box on the canvas, in canvas pixels."""

    concept: Concept
    left: int
    top: int
    width: int
    height: int
    mirrored: bool


class Composed(NamedTuple):
    """An RGB picture of PICTURE × PICTURE, and where on the canvas (SIDE × SIDE) its things stand."""

    picture: Image.Image
    things: list[Placed]


class Manner(NamedTuple):
    """How things are drawn: at which share of their usual size, and how often mirrored."""

    size: float = 1.0
    mirrored: float = 0.4


def compose(scene: Scene, drawings: Drawings, seed: int) -> Image.Image:
    """The scene as an RGB picture of 64×64; the same seed gives the same bytes."""
    return composed(scene, drawings, seed).picture


def composed(scene: Scene, drawings: Drawings, seed: int, manner: Manner | None = None) -> Composed:
    """The same with the boxes of its things, for those who learn from it."""
    rng = Random(seed)
    time = scene.time if scene.time != "none" else "day"
    if scene.place in INDOORS:
        canvas, floor = indoors(rng, scene.place, time)
    else:
        canvas, floor = land(rng, scene.place, time, scene.weather)
    picture = as_picture(canvas)
    things = _places(rng, scene, drawings, floor, manner or Manner())
    for placed in sorted(things, key=lambda p: p.top + p.height):
        _draw(picture, placed, drawings, dark=scene.time == "night" and scene.place != "room", place=scene.place)
    finished: Canvas = weather_over(rng, as_canvas(picture), scene.weather)
    return Composed(as_picture(finished).resize((PICTURE, PICTURE), Image.Resampling.BOX), things)


def _places(rng: Random, scene: Scene, drawings: Drawings, floor: int, manner: Manner) -> list[Placed]:
    concepts = [vocabulary()[name] for name in scene.things]
    flip = rng.random() < 0.5 and len(concepts) == 2
    placed: list[Placed] = []
    for concept, box, centre in zip(concepts, BOXES[len(concepts)], CENTRES[len(concepts)], strict=True):
        width, height = _fit(drawings.sprite(concept.name).size, box)
        scale = rng.uniform(0.94, 1.03) * (0.85 if concept.kind == "sky" else 1) * manner.size
        width, height = int(width * scale), int(height * scale)
        x = SIDE * ((1 - centre if flip else centre) + rng.uniform(-0.03, 0.03))
        left = int(min(max(x - width / 2, -0.03 * SIDE), SIDE * 1.03 - width))
        top = _top(rng, concept, scene.place, height, floor)
        placed.append(Placed(concept, left, top, width, height, rng.random() < manner.mirrored))
    return placed


def _fit(size: tuple[int, int], box: tuple[float, float]) -> tuple[float, float]:
    scale = min(SIDE * box[0] / size[0], SIDE * box[1] / size[1])
    return size[0] * scale, size[1] * scale


def _top(rng: Random, concept: Concept, place: str, height: int, floor: int) -> int:
    """The upper edge of a thing: afloat, aloft, or with its foot on the ground."""
    if place in ("space", PLAIN) or (place == "underwater" and concept.kind == "swimmer"):
        return int(SIDE * rng.uniform(0.47, 0.53) - height / 2)
    if concept.kind == "sky" and place not in INDOORS:
        return int(SIDE * rng.uniform(0.03, 0.09))
    if concept.kind == "flyer" or concept.name in AIRBORNE:
        return int(SIDE * rng.uniform(0.42, 0.50) - height / 2)
    foot = max(floor / SIDE + 0.06, 0.88 if concept.kind != "building" else 0.84) + rng.uniform(0, 0.06)
    return int(SIDE * foot - height)


def _draw(picture: Image.Image, placed: Placed, drawings: Drawings, *, dark: bool, place: str) -> None:
    concept, size = placed.concept, (placed.width, placed.height)
    sprite = drawings.sprite(concept.name).resize(size, Image.Resampling.LANCZOS)
    if placed.mirrored:
        sprite = sprite.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if concept.kind not in ("flyer", "sky") and place not in ("space", PLAIN) and concept.name not in AIRBORNE:
        _shadow(picture, placed)
    if dark or place in DIM:
        _halo(picture, placed, sprite)
    if dark and concept.kind != "sky":
        pixels = np.asarray(sprite).astype(np.float32)
        pixels[..., :3] *= np.array((0.88, 0.89, 0.95), np.float32)
        sprite = Image.fromarray(pixels.astype(np.uint8))
    picture.paste(sprite, (placed.left, placed.top), sprite)


def _halo(picture: Image.Image, placed: Placed, sprite: Image.Image) -> None:
    """A rim of light, so that a thing stands out from the dark."""
    mask = Image.new("L", (SIDE, SIDE), 0)
    mask.paste(sprite.getchannel("A"), (placed.left, placed.top))
    glow = mask.filter(ImageFilter.GaussianBlur(5)).point([level * 2 // 5 for level in range(256)])
    picture.paste((225, 225, 205), (0, 0), glow)


def _shadow(picture: Image.Image, placed: Placed) -> None:
    mask = Image.new("L", (SIDE, SIDE), 0)
    x, foot, width = placed.left, placed.top + placed.height, placed.width
    thick = width * 0.06
    ImageDraw.Draw(mask).ellipse((x + width * 0.08, foot - thick, x + width * 0.92, foot + thick), fill=100)
    picture.paste((10, 10, 20), (0, 0), mask.filter(ImageFilter.GaussianBlur(2)))
