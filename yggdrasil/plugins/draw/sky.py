"""Hours of the day and weathers: the sky's colours, the clouds, and what falls in front of everything."""

from random import Random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from yggdrasil.plugins.draw.canvas import (
    SIDE,
    Canvas,
    Colour,
    as_canvas,
    as_picture,
    blend,
    gradient,
    near,
    pen,
    stars,
)


class Hour(NamedTuple):
    """A time's sky from zenith to horizon, its light (1 is noon) and the colour of its clouds."""

    zenith: Colour
    horizon: Colour
    light: float
    clouds: Colour | None


HOURS: dict[str, Hour] = {
    "day": Hour((86, 160, 235), (190, 225, 250), 1.0, (255, 255, 255)),
    "sunset": Hour((70, 60, 130), (250, 150, 80), 0.8, (255, 190, 150)),
    "night": Hour((10, 14, 42), (40, 50, 100), 0.5, None),
    "overcast": Hour((140, 150, 160), (185, 192, 198), 0.85, (215, 218, 222)),
}


def sky(rng: Random, time: str, weather: str, horizon: int) -> Canvas:
    """The open sky, down to the whole square."""
    hour = HOURS[time]
    canvas = gradient(near(rng, hour.zenith), near(rng, hour.horizon))
    if time == "night":
        stars(rng, canvas, 40, horizon)
    if weather in ("rain", "storm"):
        canvas *= 0.4
        canvas += np.array((80, 86, 98), np.float32) * 0.6 * hour.light**0.5
    if hour.clouds and rng.random() < 0.7:
        canvas = _clouds(rng, canvas, hour.clouds, horizon)
    return canvas


def _clouds(rng: Random, canvas: Canvas, colour: Colour, horizon: int) -> Canvas:
    mask = Image.new("L", (SIDE, SIDE), 0)
    brush = ImageDraw.Draw(mask)
    for _ in range(rng.randint(1, 4)):
        x, y = rng.uniform(0, SIDE), rng.uniform(8, horizon * 0.6)
        for _ in range(4):
            r, dx, dy = rng.uniform(5, 11), rng.uniform(-14, 14), rng.uniform(-3, 3)
            box = (x + dx - r * 1.4, y + dy - r * 0.7, x + dx + r * 1.4, y + dy + r * 0.7)
            brush.ellipse(box, fill=200)
    cover = np.asarray(mask.filter(ImageFilter.GaussianBlur(1.5))).astype(np.float32)[..., None] / 255
    return blend(canvas, colour, cover)


def weather_over(rng: Random, canvas: Canvas, weather: str) -> Canvas:
    """What the weather puts before the whole scene."""
    if weather == "none":
        return canvas
    if weather == "fog":
        veil = np.clip(1 - np.abs(np.linspace(-0.35, 0.9, SIDE, dtype=np.float32)), 0, 1)[:, None, None] * 0.5
        return blend(canvas, (205, 210, 215), veil)
    picture = as_picture(canvas)
    brush = pen(picture)
    if weather == "snowfall":
        for _ in range(45):
            x, y, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(0.8, 1.8)
            brush.ellipse((x - r, y - r, x + r, y + r), fill=(250, 250, 255))
        return as_canvas(picture)
    for _ in range(45):
        x, y = rng.uniform(0, SIDE), rng.uniform(-5, SIDE)
        brush.line((x, y, x - 3, y + 9), fill=(170, 190, 220), width=1)
    if weather == "storm":
        brush.line(_bolt(rng), fill=(255, 250, 190), width=3)
    return as_canvas(picture)


def _bolt(rng: Random) -> list[tuple[float, float]]:
    x, y = rng.uniform(15, SIDE - 15), 0.0
    path = [(x, y)]
    while y < SIDE * 0.55:
        x, y = x + rng.uniform(-9, 9), y + rng.uniform(7, 13)
        path.append((x, y))
    return path
