"""A scripted model of a type, and blocks that agents use as tools."""

from __future__ import annotations

import time
from typing import Any

from yggdrasil.contract import Block, here
from yggdrasil.ports import Text
from yggdrasil.testing.model import ScriptedModel, calls, says

__all__ = ["Effect", "Fails", "Fine", "Scripted", "Sleeps", "calls", "says"]


class Scripted(ScriptedModel, type="test/scripted", init=False):
    """The same under a type, so that what holds it can be saved."""


class Fails(Block, type="test/fails", role="Tool"):
    """Fail."""

    message: str = "boom"

    def forward(self) -> Text:
        raise ValueError(self.message)


class Sleeps(Block, type="test/sleeps", role="Tool"):
    """Sleep until told to stop."""

    def forward(self) -> Text:
        for _ in range(200):
            time.sleep(0.02)
            here().check()
        return "slept"


class Fine(Block, type="test/fine", role="Tool"):
    """Say fine."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.runs = 0

    def forward(self) -> Text:
        self.runs += 1
        return "fine"


class Effect(Block, type="test/effect", role="Tool"):
    """Append a letter to a list that outlives the process, as a payment would."""

    def __init__(self, done: list[str] | None = None, **config: Any) -> None:
        super().__init__(**config)
        self.done = done if done is not None else []

    def forward(self, letter: Text) -> Text:
        self.done.append(letter)
        return f"did {letter}"
