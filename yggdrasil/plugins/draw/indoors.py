"""Places without weather: caves, halls and rooms, the sea's floor, space, and a plain ground."""

from random import Random

import numpy as np
from PIL import Image

from yggdrasil.plugins.draw.canvas import (
    SIDE,
    Canvas,
    Colour,
    as_canvas,
    as_picture,
    below,
    gradient,
    near,
    pen,
    ridge,
    scaled,
    stars,
    whole,
)
from yggdrasil.plugins.draw.sky import HOURS

WALLS: dict[str, Colour] = {"cave": (140, 118, 104), "dungeon": (116, 113, 120), "room": (205, 185, 150)}
FLOORS: dict[str, tuple[Colour, Colour]] = {
    "cave": ((112, 92, 80), (84, 70, 64)),
    "dungeon": ((104, 100, 104), (84, 80, 86)),
    "room": ((150, 105, 65), (130, 88, 52)),
}
PLAIN = "plain"
"""No place at all, but a ground of one colour: nobody can ask for it, those who learn from drawings see it."""
INDOORS = ("cave", "dungeon", "room", "underwater", "space", PLAIN)


def indoors(rng: Random, place: str, time: str) -> tuple[Canvas, int]:
    """A closed place and the row that its floor begins at."""
    if place == "space":
        return _space(rng), int(SIDE * 0.62)
    if place == PLAIN:
        colour = near(rng, (128, 128, 128), 110)
        return gradient(scaled(colour, 1.08), scaled(colour, 0.85)), int(SIDE * 0.8)
    if place == "underwater":
        return _seabed(rng), int(SIDE * 0.8)
    floor = int(SIDE * 0.68)
    wall = near(rng, WALLS[place])
    picture = as_picture(gradient(scaled(wall, 0.75), wall))
    {"cave": _stalactites, "dungeon": _bricks, "room": _window}[place](rng, picture, HOURS[time].horizon)
    canvas = as_canvas(picture)
    top, bottom = FLOORS[place]
    canvas[floor:] = gradient(near(rng, top), scaled(bottom, 0.8), SIDE - floor)
    if place == "cave":
        canvas = _stalagmites(rng, canvas)
    if place == "room":
        canvas[floor : floor + 2] = np.array((90, 60, 35), np.float32)
    if place != "room" or time == "night":
        canvas *= 0.55 + 0.6 * _glow(SIDE / 2, SIDE * 0.6, 60)
    return canvas, int(SIDE * 0.8)


def _glow(x: float, y: float, reach: float) -> Canvas:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * reach**2))[..., None]


def _space(rng: Random) -> Canvas:
    canvas = gradient(near(rng, (6, 6, 22)), near(rng, (28, 14, 50)))
    cloud = np.array(near(rng, (80, 34, 110), 25), np.float32)
    canvas += _glow(rng.uniform(0, SIDE), rng.uniform(0, SIDE), 30) * cloud
    stars(rng, canvas, 90, SIDE)
    return canvas


def _seabed(rng: Random) -> Canvas:
    canvas = gradient(near(rng, (60, 160, 210)), near(rng, (10, 50, 110)))
    canvas[below(ridge(rng, SIDE * 0.88, 6))] = near(rng, (190, 175, 120))
    picture = as_picture(canvas)
    brush = pen(picture)
    for _ in range(rng.randint(9, 14)):
        x, y, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE * 0.8), rng.uniform(2.5, 5.5)
        brush.ellipse((x - r, y - r, x + r, y + r), outline=(200, 236, 252), width=2)
    return as_canvas(picture)


def _stalactites(rng: Random, picture: Image.Image, light: Colour) -> None:
    brush = pen(picture)
    for column in range(0, SIDE + 1, 18):
        x, half, length = column + rng.uniform(-5, 5), rng.uniform(8, 13), rng.uniform(24, 58)
        brush.polygon([(x - half, 0), (x + half, 0), (x, length)], fill=whole(near(rng, (40, 33, 33), 4)))


def _stalagmites(rng: Random, canvas: Canvas) -> Canvas:
    picture = as_picture(canvas)
    brush = pen(picture)
    for x in (rng.uniform(4, 14), rng.uniform(SIDE - 14, SIDE - 4)):
        half, height, foot = rng.uniform(11, 15), rng.uniform(30, 48), SIDE * 0.72
        brush.polygon([(x - half, foot), (x + half, foot), (x, foot - height)], fill=whole(near(rng, (48, 40, 38), 4)))
    return as_canvas(picture)


def _bricks(rng: Random, picture: Image.Image, light: Colour) -> None:
    brush = pen(picture)
    joint, height, width = (52, 50, 56), 20, 34
    for row in range(SIDE // height + 1):
        y = row * height
        brush.line((0, y, SIDE, y), fill=joint, width=3)
        for x in range(row % 2 * width // 2, SIDE, width):
            brush.line((x, y, x, y + height), fill=joint, width=3)


def _window(rng: Random, picture: Image.Image, light: Colour) -> None:
    brush = pen(picture)
    x, frame = rng.choice((6, 92)), (120, 80, 45)
    brush.rectangle((x, 20, x + 30, 56), fill=whole(light), outline=frame, width=3)
    brush.line((x + 15, 20, x + 15, 56), fill=frame, width=2)
    brush.line((x, 38, x + 30, 38), fill=frame, width=2)
