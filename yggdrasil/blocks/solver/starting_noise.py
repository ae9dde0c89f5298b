"""Where a run begins: a seed for each image of a batch, noise that is the same on every device, steps by strength."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from yggdrasil.contract import ConfigError, here

if TYPE_CHECKING:
    import torch

SEEDS = 2**63
Seed = Annotated[int, Field(ge=0, lt=SEEDS)]
Count = Annotated[int, Field(ge=1, le=256)]
Steps = Annotated[int, Field(ge=1, le=1000)]
Strength = Annotated[float, Field(gt=0, le=1)]
Rounding = Literal["down", "up"]
_EXACT = 1e-9
"""What a product of steps and strength may be off a whole number and still be it."""


def seeds_of(seed: int, count: int) -> list[int]:
    """The seeds of a batch: seed, seed + 1 …; after 2**63 − 1 comes 0."""
    return [(seed + number) % SEEDS for number in range(count)]


def generators_of(seeds: list[int]) -> list[torch.Generator]:
    """A generator on the CPU for each seed."""
    import torch

    return [torch.Generator().manual_seed(seed) for seed in seeds]


def noise_of(generators: list[torch.Generator], shape: tuple[int, ...]) -> torch.Tensor:
    """What the generators draw next, shape (number of generators, *shape), float32, on the CPU."""
    import torch

    drawn = [torch.randn(1, *shape, generator=generator) for generator in generators]
    return drawn[0] if len(drawn) == 1 else torch.cat(drawn)


def taken_steps(steps: int, strength: float, rounding: Rounding) -> int:
    """How many of `steps` a run from an image takes: steps · strength, rounded. Raises ConfigError for none."""
    whole = steps * strength
    taken = min(math.floor(whole + _EXACT) if rounding == "down" else math.ceil(whole - _EXACT), steps)
    if taken < 1:
        raise ConfigError(
            f"steps={steps} at strength={strength} is less than one step",
            where=here().path,
            mend=f"use a strength of at least {1 / steps:.4f}, or more steps",
        )
    return taken
