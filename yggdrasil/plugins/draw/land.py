"""Places under the open sky."""

from collections.abc import Callable
from random import Random

import numpy as np

from yggdrasil.plugins.draw.canvas import (
    SIDE,
    Canvas,
    Colour,
    as_canvas,
    as_picture,
    below,
    blend,
    gradient,
    near,
    pen,
    ridge,
    ripples,
    scaled,
    whole,
)
from yggdrasil.plugins.draw.sky import HOURS, sky

GROUNDS: dict[str, tuple[Colour, Colour]] = {
    "meadow": ((96, 168, 72), (120, 190, 80)),
    "snow": ((232, 240, 248), (210, 225, 240)),
    "desert": ((226, 190, 120), (210, 165, 95)),
    "forest": ((60, 110, 55), (45, 90, 45)),
    "mountains": ((110, 130, 90), (95, 110, 80)),
    "sea": ((40, 110, 180), (30, 85, 150)),
    "beach": ((235, 210, 150), (225, 195, 130)),
    "city": ((110, 110, 118), (90, 90, 98)),
    "swamp": ((78, 98, 58), (58, 80, 50)),
    "volcanic": ((60, 40, 40), (45, 30, 32)),
}


def land(rng: Random, place: str, time: str, weather: str) -> tuple[Canvas, int]:
    """A landscape and the row of its horizon."""
    horizon = int(SIDE * rng.uniform(0.50, 0.62))
    light = HOURS[time].light * (1.3 if time == "night" and place == "snow" else 1)
    canvas = sky(rng, time, weather, horizon)
    _FAR.get(place, _hills)(rng, canvas, horizon, light, place)
    top, bottom = (scaled(near(rng, colour), light) for colour in GROUNDS[place])
    canvas[horizon:] = gradient(top, bottom, SIDE - horizon)
    if place in _NEAR:
        canvas = _NEAR[place](rng, canvas, horizon, light, time)
    return canvas, horizon


def _hills(rng: Random, canvas: Canvas, horizon: int, light: float, place: str) -> None:
    if place in ("meadow", "snow", "desert", "swamp") and (place != "meadow" or rng.random() < 0.7):
        colour = scaled(near(rng, GROUNDS[place][1]), light * 0.92)
        canvas[below(ridge(rng, horizon, SIDE * 0.09, 3))] = colour


def _mountains(rng: Random, canvas: Canvas, horizon: int, light: float, place: str) -> None:
    crest = ridge(rng, horizon, SIDE * 0.33, 5)
    rock = below(crest)
    canvas[rock] = scaled(near(rng, (105, 105, 125)), light)
    cap = rock & ~below(crest + SIDE * 0.07) & (crest < horizon - SIDE * 0.15)[None, :]
    canvas[cap] = scaled((240, 244, 250), light)
    canvas[below(ridge(rng, horizon + 2, SIDE * 0.1, 4))] = scaled(near(rng, (85, 100, 90)), light)


def _cones(rng: Random, canvas: Canvas, horizon: int, light: float, place: str) -> None:
    canvas[below(ridge(rng, horizon, SIDE * 0.28, 4))] = scaled(near(rng, (70, 45, 45)), light)


def _skyline(rng: Random, canvas: Canvas, horizon: int, light: float, place: str) -> None:
    picture = as_picture(canvas)
    brush = pen(picture)
    lit_share = 1.0 if light < 0.6 else 0.3
    x = 0
    while x < SIDE:
        width, height = rng.randint(18, 28), rng.randint(34, 70)
        brush.rectangle(
            (x, horizon - height, x + width, horizon), fill=whole(scaled(near(rng, (120, 115, 130), 18), light))
        )
        for wy in range(horizon - height + 4, horizon - 6, 11):
            for wx in range(x + 4, x + width - 5, 9):
                if rng.random() < 0.8:
                    glow = (250, 220, 120) if rng.random() < lit_share else (190, 210, 230)
                    brush.rectangle((wx, wy, wx + 4, wy + 6), fill=glow)
        x += width + rng.randint(0, 3)
    canvas[:] = as_canvas(picture)


def _water(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    ripples(rng, canvas, 14, horizon, SIDE)
    return canvas


def _shore(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    edge = horizon + int(SIDE * 0.14)
    canvas[horizon:edge] = scaled(near(rng, (50, 130, 195)), light)
    ripples(rng, canvas, 4, horizon, edge)
    return canvas


def _woods(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    picture = as_picture(canvas)
    brush = pen(picture)
    for layer in range(2):
        for column in range(-6, SIDE + 6, 13 - layer * 2):
            height, width = rng.uniform(28, 52), rng.uniform(8, 13)
            x, foot = column + rng.uniform(-4, 4), horizon + 2 + layer * 4
            leaf = whole(scaled(near(rng, (34 + layer * 12, 78 + layer * 14, 48), 8), light))
            for tier in range(3):
                half, base = width * (1 - tier * 0.22), foot - height * (0.1 + 0.25 * tier)
                tip = foot - height * (0.45 + 0.25 * tier)
                brush.polygon([(x - half, base), (x + half, base), (x, tip)], fill=leaf)
            brush.rectangle((x - 1, foot - height * 0.1, x + 1, foot), fill=(60, 40, 25))
    return _grass(rng, as_canvas(picture), horizon, light, time)


def _grass(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    for _ in range(22):
        y, x = rng.randint(horizon + 3, SIDE - 3), rng.randint(0, SIDE - 2)
        canvas[y - 2 : y + 1, x] *= 0.75
    return canvas


def _flowers(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    canvas = _grass(rng, canvas, horizon, light, time)
    for _ in range(16):
        y, x = rng.randint(horizon + 4, SIDE - 5), rng.randint(0, SIDE - 4)
        petal = rng.choice(((250, 235, 110), (245, 245, 250), (235, 120, 150)))
        canvas[y : y + 3, x : x + 3] = np.array(scaled(petal, light), np.float32)
    return canvas


def _reeds(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    picture = as_picture(_water(rng, canvas, horizon, light, time))
    brush = pen(picture)
    for _ in range(8):
        x, y, r = rng.uniform(0, SIDE), rng.uniform(horizon + 6, SIDE - 4), rng.uniform(5, 9)
        brush.ellipse((x - r, y - r * 0.4, x + r, y + r * 0.4), fill=whole(scaled(near(rng, (110, 165, 70)), light)))
    stems = [rng.uniform(0, SIDE * 0.2) for _ in range(5)] + [rng.uniform(SIDE * 0.8, SIDE) for _ in range(5)]
    for x in stems:
        foot = rng.uniform(horizon + 8, SIDE - 2)
        tip = foot - rng.uniform(38, 62)
        brush.line((x, foot, x + rng.uniform(-3, 3), tip), fill=whole(scaled((120, 150, 60), light)), width=3)
        brush.rounded_rectangle((x - 3, tip - 4, x + 3, tip + 13), 3, fill=whole(scaled((126, 74, 38), light)))
    return as_canvas(picture)


def _street(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    pavement = scaled((165, 162, 160), light)
    canvas[horizon : horizon + 6] = pavement
    middle = (horizon + SIDE) // 2 + 6
    for x in range(rng.randint(0, 12), SIDE, 24):
        canvas[middle : middle + 4, x : x + 13] = scaled((235, 225, 150), max(light, 0.6))
    return canvas


def _lava(rng: Random, canvas: Canvas, horizon: int, light: float, time: str) -> Canvas:
    rise = np.linspace(0, 1, horizon, dtype=np.float32)[:, None, None] ** 2 * 0.5
    canvas[:horizon] = blend(canvas[:horizon], (200, 60, 20), rise)
    picture = as_picture(canvas)
    brush = pen(picture)
    for _ in range(7):
        x, y = rng.uniform(0, SIDE), rng.uniform(horizon + 6, SIDE - 4)
        half, tall = rng.uniform(12, 26), rng.uniform(2.5, 4)
        brush.ellipse((x - half, y - tall, x + half, y + tall), fill=(235, 80, 20))
        brush.ellipse((x - half * 0.6, y - tall * 0.5, x + half * 0.6, y + tall * 0.5), fill=(255, 190, 60))
    return as_canvas(picture)


_FAR: dict[str, Callable[[Random, Canvas, int, float, str], None]] = {
    "mountains": _mountains,
    "volcanic": _cones,
    "city": _skyline,
}
_NEAR: dict[str, Callable[[Random, Canvas, int, float, str], Canvas]] = {
    "sea": _water,
    "swamp": _reeds,
    "beach": _shore,
    "forest": _woods,
    "meadow": _flowers,
    "volcanic": _lava,
    "city": _street,
}
