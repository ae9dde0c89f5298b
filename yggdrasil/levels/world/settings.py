"""What a world is made with beside its stages, and what a run of its steps takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from pydantic import Field

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
