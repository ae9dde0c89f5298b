"""The square of float colours that backgrounds are painted on, and the few strokes that they share."""

import math
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 128
Canvas = NDArray[np.float32]  # (SIDE, SIDE, 3), 0…255
Colour = tuple[float, float, float]
Line = NDArray[np.float32]  # (SIDE,), a height for each column


def near(rng: Random, colour: Colour, spread: float = 10) -> Colour:
    """The same colour, each channel off by up to `spread`."""
    r, g, b = (min(255.0, max(0.0, c + rng.uniform(-spread, spread))) for c in colour)
    return r, g, b


def scaled(colour: Colour, light: float) -> Colour:
    return colour[0] * light, colour[1] * light, colour[2] * light


def whole(colour: Colour) -> tuple[int, int, int]:
    """A colour as PIL's drawing calls take it."""
    r, g, b = (int(min(255.0, max(0.0, c))) for c in colour)
    return r, g, b


def gradient(top: Colour, bottom: Colour, height: int = SIDE) -> Canvas:
    """Rows that go from one colour to another."""
    t = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    rows = np.array(top, np.float32) * (1 - t) + np.array(bottom, np.float32) * t
    return np.broadcast_to(rows, (height, SIDE, 3)).astype(np.float32)


def ridge(rng: Random, base: float, height: float, octaves: int = 4) -> Line:
    """The upper edge of hills that rise up to about `height` above the row `base`."""
    x = np.arange(SIDE) / SIDE * 2 * math.pi
    y = np.zeros(SIDE)
    for octave in range(octaves):
        pitch = 0.7 * 2**octave * rng.uniform(0.7, 1.3)
        y += height / 1.7**octave * np.sin(x * pitch + rng.uniform(0, 2 * math.pi))
    return (base - np.abs(y)).astype(np.float32)


def blend(canvas: Canvas, colour: Colour, cover: NDArray[np.floating[Any]]) -> Canvas:
    """The canvas under a colour whose cover is 0…1 in each cell."""
    return (canvas * (1 - cover) + np.array(colour, np.float32) * cover).astype(np.float32, copy=False)


def below(line: Line) -> NDArray[np.bool_]:
    """Which cells lie on or under a line."""
    return np.arange(SIDE)[:, None] >= line[None, :]


def as_picture(canvas: Canvas) -> Image.Image:
    return Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))


def as_canvas(picture: Image.Image) -> Canvas:
    return np.asarray(picture).astype(np.float32)


def stars(rng: Random, canvas: Canvas, count: int, lowest: int) -> None:
    """Strew stars of two and, rarely, four pixels over the rows above `lowest`, in place."""
    for _ in range(count):
        size = 4 if rng.random() < 0.3 else 2
        x, y = rng.randint(0, SIDE - size), rng.randint(0, max(0, lowest - size))
        canvas[y : y + size, x : x + size] = rng.uniform(170, 255)


def ripples(rng: Random, canvas: Canvas, count: int, top: int, bottom: int) -> None:
    """Lay short bright streaks on water between two rows, in place."""
    for _ in range(count):
        y, x, width = rng.randint(top, bottom - 1), rng.randint(0, SIDE - 10), rng.randint(6, 22)
        streak = canvas[y : y + 1, x : x + width]
        canvas[y : y + 1, x : x + width] = streak * 0.5 + np.array((110, 118, 125), np.float32)


def pen(picture: Image.Image) -> ImageDraw.ImageDraw:
    return ImageDraw.Draw(picture)
