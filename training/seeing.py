"""What the seer and the judge learn from: pictures with boxes, and what is done to them so that style matters less."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.latents import Shard, embed, encode
from training.places import TOOLS, kept
from training.scenes import PAINTER, Example, Recipe, example
from yggdrasil.contract.digest import digest
from yggdrasil.plugins.draw.canvas import SIDE
from yggdrasil.plugins.seer.block import PLACES, TIMES, WEATHERS, WINDOW

if TYPE_CHECKING:
    import torch

    from yggdrasil.plugins.seer.network import Logits

MOST = 3
SHARD = 2048
GUESSED = 20_000_000
BLOBS = (0.9, 0.98)
"""The share of noise from which the painter, told nothing, guesses no more than blobs."""
BENT = 0.09
"""How far a thing's parts are moved, as a share of the picture, until what it was can't be told."""
CORE = 0.27
"""The share of a box, to each side of its middle, in which a cell is the thing's."""


class Seen(NamedTuple):
    """N pictures (N, 64, 64, 3); boxes (N, MOST, 5): thing, left, top, width, height as shares of the picture.

    A thing of −1 is none. `scene` (N, 3): the numbers of place, time and weather.
    """

    pictures: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    scene: NDArray[np.int64]


def seen(recipe: Recipe, number: int, size: int = SHARD) -> Seen:
    """The examples of the seeds number · size …, out of the cache where they were made before."""
    name = f"seen/{digest(json.loads(json.dumps(recipe.__dict__)))[-16:]}-{size}-{number:04}"
    return kept(Seen, name, lambda: _seen_in(recipe, [example(recipe, number * size + row) for row in range(size)]))


def guessed(number: int, size: int = 1024) -> Seen:
    """Scenes as the painter guesses them in one step; what stands on the second half can't be told.

    The first half come out of some noise and look as its pictures do. The others get no words: a quarter come out of
    nearly nothing but noise, a quarter are bent first, by more than BENT because the painter mends a little; the last
    few are noise of 1 to 8 pixels and no scene at all.
    """
    from yggdrasil import load

    def made() -> Seen:
        import torch

        painter: Any = load(TOOLS / "painter")
        quarter = size // 4
        examples = [example(PAINTER, GUESSED + number * size + row) for row in range(size)]
        drawn = _seen_in(PAINTER, examples)
        told = [one.captions.english if row < 2 * quarter else "" for row, one in enumerate(examples)]
        torch.manual_seed(GUESSED + number)
        drawn.pictures[3 * quarter :] = bytes_of(warped(pixels_of(drawn.pictures[3 * quarter :]), 1.5 * BENT))
        latents, texts = encode(painter, drawn.pictures), embed(painter, told)
        for at in range(0, size, 32):
            some = slice(at, at + 32)
            noise = ((0.2, 0.6), (0.2, 0.6), BLOBS, (0.3, 0.7))[at // quarter]
            drawn.pictures[some] = bytes_of(guesses(painter, latents[some], texts[some], number * size + at, noise))
        few = size // 32
        drawn.pictures[-few:] = _grains(few, GUESSED + number)
        drawn.boxes[-few:] = -1
        drawn.boxes[-few:, 0] = (0, 0, 0, 1, 1)
        return drawn

    painted_by = hashlib.sha256((TOOLS / "painter" / "manifest.yaml").read_bytes()).hexdigest()[:16]
    return kept(Seen, f"seen/guessed-{painted_by}-{size}-{number:04}", made)


def _grains(count: int, seed: int) -> NDArray[np.uint8]:
    """Pictures of noise whose grains are 1, 2, 4 or 8 pixels wide."""
    rng = np.random.default_rng(seed)
    pictures = []
    for grain in 2 ** rng.integers(0, 4, count):
        small = rng.integers(0, 256, (64 // grain, 64 // grain, 3), np.uint8)
        pictures.append(small.repeat(grain, 0).repeat(grain, 1))
    return np.stack(pictures)


def _seen_in(recipe: Recipe, examples: list[Example]) -> Seen:
    at = {name: number for number, name in enumerate(recipe.things)}
    boxes = np.full((len(examples), MOST, 5), -1, np.float32)
    pictures, scenes = [], []
    for row, (scene, made, _) in enumerate(examples):
        pictures.append(np.asarray(made.picture))
        scenes.append((PLACES.index(scene.place), TIMES.index(scene.time), WEATHERS.index(scene.weather)))
        for number, one in enumerate(sorted(made.things, key=lambda placed: placed.top + placed.height)):
            shares = (side / SIDE for side in (one.left, one.top, one.width, one.height))
            boxes[row, number] = (at[one.concept.name], *shares)
    return Seen(np.stack(pictures), boxes, np.array(scenes))


def targets(boxes: NDArray[np.float32], grid: int, nothing: int) -> NDArray[np.int64]:
    """Which class each cell of a map shows, (N, grid, grid); what stands nearer covers what is behind it."""
    middle = (np.arange(grid, dtype=np.float32) + 0.5) / grid
    found = np.full((len(boxes), grid, grid), nothing, np.int64)
    for number in range(MOST):
        thing, left, top, width, height = (boxes[:, number, k, None] for k in range(5))
        columns = np.abs(middle - (left + width / 2)) < np.maximum(CORE * width, 0.5 / grid)
        rows = np.abs(middle - (top + height / 2)) < np.maximum(CORE * height, 0.5 / grid)
        inside = (rows[:, :, None] & columns[:, None, :]) & (thing[..., None] >= 0)
        found = np.where(inside, thing[..., None].astype(np.int64), found)
    return found


def varied(pixels: "torch.Tensor") -> "torch.Tensor":
    """Pictures in other colours, softer, noisier, half of them grey: drawings differ in that, things do not."""
    import torch
    import torch.nn.functional as F

    count = len(pixels)
    tint = (torch.rand(count, 1, 1, 1) < 0.7).float()
    pixels = pixels * (1 + 0.12 * tint * torch.randn(count, 3, 1, 1)) + 0.1 * tint * torch.randn(count, 3, 1, 1)
    grey = (torch.rand(count, 1, 1, 1) < 0.12).float() * 0.8
    pixels = pixels * (1 - grey) + grey * pixels.mean(1, keepdim=True)
    soft = F.avg_pool2d(F.pad(pixels, (1, 1, 1, 1), mode="replicate"), 3, 1)
    blur = (torch.rand(count, 1, 1, 1) < 0.25).float() * torch.rand(count, 1, 1, 1)
    pixels = pixels * (1 - blur) + soft * blur
    return (pixels + 0.15 * torch.rand(count, 1, 1, 1) ** 2 * torch.randn_like(pixels)).clamp(-1.2, 1.2)


def zoomed(pixels: "torch.Tensor", boxes: NDArray[np.float32]) -> "tuple[torch.Tensor, NDArray[np.float32]]":
    """Half of the pictures through a window somewhere, as a second look sees them or larger; half mirrored."""
    import torch
    import torch.nn.functional as F

    count = len(pixels)
    share = torch.where(torch.rand(count) < 0.5, WINDOW + (1 - WINDOW) * torch.rand(count), torch.ones(count))
    corner = torch.rand(count, 2) * (1 - share)[:, None]
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    centre = 2 * corner + share[:, None] - 1
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1], affine[:, :, 2] = share * mirror, share, centre
    grid = F.affine_grid(affine, list(pixels.shape), align_corners=False)
    shown = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
    moved = boxes.copy()
    corners, shares, mirrors = (one.cpu().numpy() for one in (corner, share, mirror))
    moved[..., 1:3] = (boxes[..., 1:3] - corners[:, None]) / shares[:, None, None]
    moved[..., 3:] = boxes[..., 3:] / shares[:, None, None]
    flipped = 1 - moved[..., 1] - moved[..., 3]
    moved[..., 1] = np.where(mirrors[:, None] < 0, flipped, moved[..., 1])
    return shown, moved


def blobs(painter: Any, part: Shard, rows: NDArray[np.int64], seed: int) -> "torch.Tensor":
    """What the painter guesses from nearly pure noise without words: pictures (N, 3, 64, 64) that show no thing."""
    return guesses(painter, part.latents[rows], np.repeat(part.texts[:1], len(rows), 0), seed, BLOBS)


def guesses(painter: Any, latents: Any, texts: Any, seed: int, noise: tuple[float, float]) -> "torch.Tensor":
    """What the painter guesses in one step from scenes with so much noise: pictures (N, 3, 64, 64)."""
    import torch

    generator = torch.Generator(torch.get_default_device()).manual_seed(seed)
    clean = torch.as_tensor(latents).float()
    time = noise[0] + (noise[1] - noise[0]) * torch.rand(len(clean), generator=generator)
    drawn = torch.randn(clean.shape, generator=generator)
    mixed = torch.lerp(clean, drawn, time[:, None, None, None])
    told = torch.as_tensor(texts).float()
    coder = painter["decode"].module
    with torch.inference_mode():
        velocity = painter["backbone"].module(mixed, time * 1000, told, return_dict=False)[0]
        guess = mixed - time[:, None, None, None] * velocity
        return coder.decode(guess / coder.config.scaling_factor, return_dict=False)[0].clamp(-1, 1)


def warped(pixels: "torch.Tensor", strength: float) -> "torch.Tensor":
    """Pictures whose every part is elsewhere: a smooth random field of `strength` shares of the picture bends them."""
    import torch
    import torch.nn.functional as F

    count, _, high, wide = pixels.shape
    field = F.interpolate(torch.randn(count, 2, 7, 7), size=(high, wide), mode="bicubic", align_corners=False)
    still = F.affine_grid(torch.eye(2, 3).expand(count, 2, 3), list(pixels.shape), align_corners=False)
    bent = still + 2 * strength * field.permute(0, 2, 3, 1)
    return F.grid_sample(pixels, bent, mode="bilinear", padding_mode="border", align_corners=False)


class Look(NamedTuple):
    """How sure a seer is of each thing (N, things) and unclear (N,), and its place, time and weather (N,)."""

    things: "torch.Tensor"
    unclear: "torch.Tensor"
    place: "torch.Tensor"
    time: "torch.Tensor"
    weather: "torch.Tensor"


def look(net: "Callable[[torch.Tensor], Logits]", things: int, pixels: "torch.Tensor", batch: int = 50) -> Look:
    """What a network or a seer says of pictures (N, 3, 64, 64) in −1 … 1; a thing is as sure as the surest cell."""
    import torch

    found: list[Look] = []
    with torch.inference_mode():
        for some in pixels.split(batch):
            said = net(some)
            peaks = said.what.softmax(1).flatten(2).amax(2)
            scene = (head.argmax(1) for head in (said.place, said.time, said.weather))
            found.append(Look(peaks[:, :things], peaks[:, -1], *scene))
    return Look(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def bytes_of(pixels: "torch.Tensor") -> NDArray[np.uint8]:
    """Pictures (N, 3, 64, 64) in −1 … 1 as (N, 64, 64, 3)."""
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def pixels_of(pictures: NDArray[np.uint8]) -> "torch.Tensor":
    """Pictures (N, 64, 64, 3) as (N, 3, 64, 64) in −1 … 1."""
    import torch

    return torch.as_tensor(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
