"""What a world is made with beside its stages, and what a run of its steps takes and gives."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Annotated, Any, TypedDict

from pydantic import Field

from yggdrasil.contract.errors import ConfigError
from yggdrasil.levels.world.budget import Budget
from yggdrasil.ports import Json, Text

Count = Annotated[int, Field(ge=0, le=10_000)]
"""Steps of one run; who wants more asks again, or iterates over `steps`."""


class WorldOutputs(TypedDict):
    """The last chronicle, and every step as `show` prints it."""

    chronicle: Text
    steps: Json


class WorldSettings(TypedDict, total=False):
    """What `World(…)` takes beside its stages."""

    name: str
    wish: str
    style: str
    language: str
    seed: int
    beginning: dict[str, Any]
    genre: str
    setting: dict[str, Any]
    fields: list[str]
    wait: float
    budget: Budget


def rounds(count: int | None, where: str) -> Iterable[int]:
    """The numbers of so many steps, endless for None. Raises ConfigError for what counts nothing."""
    if not isinstance(count, int | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"count is {count!r:.80}", where=where, mend="give how many steps, then the action")
    return itertools.count() if count is None else range(count)
