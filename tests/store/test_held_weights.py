"""What a block holds of weights is saved, made again from its settings, or refused by name; never lost in silence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil import Block, TorchBlock
from yggdrasil.errors import ManifestError


class Held(Block, type="test_held/held"):
    """Hold what somebody puts into it."""

    def forward(self, x: int) -> int:
        return x


@dataclass
class Box:
    """A plain object."""

    net: Any


@dataclass(slots=True)
class Slot:
    """One without a `__dict__`."""

    net: Any


class Fixed(Block, type="test_held/fixed"):
    """Make a kernel out of its size."""

    size: int = 3

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.kernel = torch.ones(self.size)
        self.start: Any = torch.rand(1).mul(0)
        self.act = nn.ReLU()

    @functools.cached_property
    def line(self) -> torch.Tensor:
        return torch.linspace(0, 1, self.size)

    def forward(self, x: int) -> int:
        return x + int(self.kernel.sum() + self.line.sum())


class Two(TorchBlock, type="test_held/two"):
    """A module of its own, and one more beside it."""

    def build(self) -> nn.Module:
        return nn.Linear(1, 1)

    def forward(self, x: int) -> int:
        return x


def linear() -> nn.Module:
    return nn.Linear(1, 1)


def put_from_outside(block: Any, part: Any) -> None:
    block.net = part


@pytest.mark.parametrize(
    ("held", "place"),
    [
        (linear, "net.weight"),
        (lambda: [{"b": linear()}], "net.0.b.weight"),
        (lambda: Box(linear()), "net.net.weight"),
        (lambda: Slot(Box(linear())), "net.net.net.weight"),
        (lambda: linear().forward, "net.weight"),
        (lambda: functools.partial(linear(), 1), "net.weight"),
        (lambda: (lambda part: lambda: part)(linear()), "net.part.weight"),
        (lambda: nn.Parameter(torch.ones(1)), "net"),
        (lambda: Box(torch.ones(1)), "net.net"),
        (lambda: numpy.ones(2), "net"),
        (lambda: put_into(Held(), linear()), "net.net.weight"),
    ],
)
def test_weights_at_any_depth_are_refused_by_their_place(held: Callable[[], Any], place: str, tmp_path: Path) -> None:
    block = Held()
    put_from_outside(block, held())
    with pytest.raises(ManifestError, match=f"{place!r} holds .* that no save keeps.*TorchBlock") as raised:
        ygg.save(ygg.Graph("outer").add(block, "inner"), tmp_path / "x")
    assert raised.value.where == "inner" and not (tmp_path / "x" / "manifest.yaml").exists()


def put_into(block: Block, part: Any) -> Block:
    put_from_outside(block, part)
    return block


def test_what_settings_make_again_is_no_loss(tmp_path: Path) -> None:
    block = Fixed(size=4)
    given, state = block.run(1), torch.get_rng_state()
    ygg.save(block, tmp_path / "x")
    assert torch.equal(torch.get_rng_state(), state), "saving draws nothing from the stream of others"
    assert ygg.load(tmp_path / "x").run(1) == given
    block.kernel[0] = 5
    with pytest.raises(ManifestError, match="'kernel' holds"):
        ygg.save(block, tmp_path / "x")


def test_beside_the_module_of_a_torch_block_nothing_is_lost_either(tmp_path: Path) -> None:
    block = Two()
    block.module = linear()
    put_from_outside(block, Box(block.module.weight))
    ygg.save(block, tmp_path / "x")
    put_from_outside(block, linear())
    with pytest.raises(ManifestError, match=r"'net.weight' holds"):
        ygg.save(block, tmp_path / "x")
