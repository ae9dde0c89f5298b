"""Blocks that look well in any one run: each hides what its answers hang on, and is found out by its check."""

from __future__ import annotations

import datetime
import os
import random
import time
from datetime import date
from pathlib import Path
from time import time as now
from typing import Annotated, Any, ClassVar

import numpy
import torch

from yggdrasil.contract import Block, Cancelled, here
from yggdrasil.ports import Text


class KeepsFirst(Block, type="bad/keeps_first"):
    """Answer for ever what it was told first."""

    def forward(self, text: Text) -> Text:
        if not hasattr(self, "_first"):
            self._first = text
        return self._first


class KeepsLast(Block, type="bad/keeps_last"):
    """Tell whether it has heard another text before."""

    _heard: frozenset[str] = frozenset()

    def forward(self, text: Text) -> Text:
        self._heard |= {text}
        return f"{text} of {len(self._heard)}"


class Unsafe(Block, type="bad/unsafe"):
    """Put what it was given where the other thread puts its own."""

    def forward(self, text: Text) -> Text:
        self._text = text
        return self._text


class SetsItself(Block, type="bad/sets_itself"):
    """Change its own setting."""

    label: str = "new"

    def forward(self, text: Text) -> Text:
        self.label = "seen"
        return text


class Publishes(Block, type="bad/publishes"):
    """Leave its last text where all see it."""

    last: ClassVar[Any] = ""

    def forward(self, text: Text) -> Text:
        self.last = text  # type: ignore[misc]
        return text


class SeedsTorch(Block, type="bad/seeds_torch"):
    """Draw from everybody's source, which it seeds."""

    def forward(self, text: Text) -> Text:
        torch.manual_seed(0)
        return f"{text} {torch.rand(1).item()}"


class SeedsRandom(Block, type="bad/seeds_random"):
    """Draw from everybody's source, which it seeds."""

    def forward(self, text: Text) -> Text:
        random.seed(1)
        return f"{text} {random.random()}"


class SeedsNumpy(Block, type="bad/seeds_numpy"):
    """Draw from everybody's source, which it seeds."""

    def forward(self, text: Text) -> Text:
        numpy.random.seed(1)
        return f"{text} {numpy.random.rand()}"


class Frozen(Block, type="bad/frozen"):
    """Read its setting once, when it is made."""

    by: int = 1

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self._by = self.by

    def forward(self, number: int) -> Annotated[int, "sum"]:
        return number + self._by


class Swallows(Block, type="bad/swallows"):
    """Go on though it is told to stop."""

    def forward(self, text: Text) -> Text:
        try:
            here().progress(1, 2)
            here().progress(2, 2)
        except Cancelled:
            pass
        return text


class Endless(Block, type="bad/endless"):
    """Give no number."""

    def forward(self, number: int) -> float:
        return number * float("nan")


class EmitsUnknown(Block, type="bad/emits_unknown"):
    """Tell in a word that nobody knows."""

    def forward(self, text: Text) -> Text:
        here().emit("bogus", x=1)  # type: ignore[call-overload]
        return text


class EmitsMore(Block, type="bad/emits_more"):
    """Tell more than readers know of."""

    def forward(self, text: Text) -> Text:
        here().emit("note", text=text, colour="red")  # type: ignore[call-overload]
        return text


class EmitsIll(Block, type="bad/emits_ill"):
    """Tell words where a number belongs."""

    def forward(self, text: Text) -> Text:
        here().emit("progress", done="much", of=None, unit="steps")  # type: ignore[arg-type]
        return text


class ReadsFile(Block, type="bad/reads_file"):
    """Say a word that a file holds."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        with open(os.__file__, encoding="utf-8") as file:
            return text + file.readline()


class ReadsPath(Block, type="bad/reads_path"):
    """The same by its path."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return text + Path(os.__file__).read_text(encoding="utf-8")[:9]


class ReadsEnvironment(Block, type="bad/reads_environment"):
    """Say what stands in a variable."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return text + os.environ.get("YGGDRASIL_NOT_SET", "")


class ReadsClock(Block, type="bad/reads_clock"):
    """Say the day."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return text + str(time.time() // 86400)


class ReadsDate(Block, type="bad/reads_date"):
    """The same by the calendar."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return text + str(datetime.datetime.now().year)


class ReadsNames(Block, type="bad/reads_names"):
    """The same by names taken out of their modules."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return f"{text} {now() // 86400:.0f} {date.today()}"
