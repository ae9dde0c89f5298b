"""Correct blocks of many kinds, each with a habit that a check could take for a fault: all of them pass."""

from __future__ import annotations

import datetime
import math
import os
import random
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy
import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil.contract import Block, ConfigError, here
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Latent, Text
from yggdrasil.testing import ScriptedModel, calls, says


@ygg.block(type="good/louder")
def louder(text: Text, marks: int = 1) -> Text:
    """Say it louder."""
    return text.upper() + "!" * marks


class Layer(TorchBlock, type="good/layer"):
    """A layer of a module."""

    pure: ClassVar[bool] = True
    drop: float = 0.1

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(self.drop))

    def forward(self, latent: Latent) -> Latent:
        with self.computing() as module:
            return module(latent.to(self.torch_dtype))


def layer() -> Layer:
    made = Layer()
    made.module = made.build()
    return made


class Model(ScriptedModel, type="good/scripted", init=False):
    """Call a tool, then answer."""

    def __init__(self, **settings: Any) -> None:
        super().__init__([calls(("one", "louder", {"text": "fox"})), says("It is loud.")], **settings)


class Tally(Block, type="good/tally"):
    """Count what was said in this session."""

    remembers: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        heard: list[str] = [*(here().memory() or []), text]
        here().remember(heard)
        return f"{len(heard)}: {text}"


class Timed(Block, type="good/timed"):
    """Tell how long it took, which is none of its result."""

    pure: ClassVar[bool] = True

    def forward(self, number: int) -> Annotated[int, "sum"]:
        begun = time.time()
        found = sum(range(number))
        here().emit("note", text=f"took {time.time() - begun:.0f} s")
        return found


class ThroughFile(Block, type="good/through_file"):
    """Go through a file of its own, as codecs do."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "text"
            path.write_text(text, encoding="utf-8")
            return path.read_text(encoding="utf-8")


class Packaged(Block, type="good/packaged"):
    """Read a word of its own package."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return text + Path(__file__).with_name("__init__.py").read_text(encoding="utf-8")[:1]


class Lazy(Block, type="good/lazy"):
    """Keep what it made of its setting, for as long as the setting stands."""

    pure: ClassVar[bool] = True
    power: int = 2
    _table: tuple[int, list[int]] | None = None

    def forward(self, number: int) -> Annotated[int, "power"]:
        table = self._table
        if table is None or table[0] != self.power:
            table = self._table = (self.power, [n**self.power for n in range(10)])
        return table[1][number % 10]


class Keeping(Block, type="good/keeping"):
    """Keep its answers by what was asked, under a lock."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self._known: dict[str, str] = {}
        self._guard = threading.Lock()

    def forward(self, text: Text) -> Text:
        with self._guard:
            if text not in self._known:
                self._known[text] = text[::-1]
            return self._known[text]


class Between(Block, type="good/between"):
    """Take settings that must fit each other, and inputs that must fit them."""

    low: int = 0
    high: int = 1

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        if self.low >= self.high:
            raise ConfigError("low is not below high", where=self.name, mend="give a lower one")

    def forward(self, number: int) -> Annotated[int, "same"]:
        if not self.low <= number <= self.high:
            raise ValueError(f"{number} is not between {self.low} and {self.high}")
        return number


class Drawing(Block, type="good/drawing"):
    """Draw from its own sources."""

    times: int = 1

    def forward(self, text: Text) -> Text:
        own = here().generator()
        seed = here().seed
        drawn = random.Random(seed).random(), numpy.random.default_rng(seed).random()
        return f"{text} {drawn} {torch.rand(1, generator=own).item()}" * self.times


def named() -> Block:
    """What it draws hangs on its name, too."""
    made = Drawing()
    made.called("dice")
    return made


class Switched(Block, type="good/switched"):
    """Ask the environment whether to tell more."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        if os.environ.get("YGGDRASIL_TELL_MORE"):
            here().emit("note", text=f"{datetime.datetime.now()}: {text}")
        return text


class Careful(Block, type="good/careful"):
    """Go on after a fault of others, never after a cancellation."""

    def forward(self, number: float) -> Annotated[float, "root"]:
        here().progress(1, 2)
        try:
            found = math.sqrt(number)
        except Exception:  # the fault that this block is the example of: broad, and yet no cancellation is among it
            found = 0.0
        finally:
            here().progress(2, 2)
        return found


class Cleaning(Block, type="good/cleaning"):
    """Put its things away, whatever ends it, and tell so."""

    def forward(self, text: Text) -> Text:
        try:
            here().progress(1, 1)
            return text
        finally:
            here().emit("note", text="put away")


class Parallel(Block, type="good/parallel"):
    """Work in threads of its own."""

    def forward(self, number: int) -> Annotated[int, "sum"]:
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(lambda n: n * n, range(number)))


def agent() -> Block:
    return ygg.Agent(Model(), tools={"louder": louder})


def graph() -> Block:
    drawn = ygg.Graph("told").add(louder, "louder").add(Keeping(), "keeping")
    return drawn.connect("louder.text", "keeping.text")


def loop() -> Block:
    return ygg.loop(ygg.Graph("body").add(louder, "louder"), times=2)
