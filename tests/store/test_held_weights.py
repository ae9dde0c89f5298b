"""What a block holds of weights is saved, made again from its settings, or refused by name; never lost in silence."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar

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
        (lambda: deque([linear()]), "net.0.weight"),
        (lambda: MappingProxyType({"a": linear()}), "net.0.a.weight"),
        (lambda: {1: linear()}.values(), "net.0.1.weight"),
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


class Cached(Block, type="test_held/cached"):
    """Make a layer when it is asked for."""

    seed: int = 0

    @functools.cached_property
    def net(self) -> nn.Linear:
        torch.manual_seed(self.seed)
        return nn.Linear(2, 1)

    def forward(self, x: int) -> int:
        return x + int(self.net.weight.sum() > 0)


class Anyhow(Block, type="test_held/anyhow"):
    """Make another layer each time."""

    @functools.cached_property
    def net(self) -> nn.Linear:
        return nn.Linear(2, 1)

    def forward(self, x: int) -> int:
        return x + int(self.net.weight.sum() > 0)


class Common(Block, type="test_held/common"):
    """Hold a layer and a mean for all of the class."""

    mean: ClassVar[torch.Tensor] = torch.ones(3)
    net: ClassVar[Any] = deque([nn.Linear(2, 1)])

    def forward(self, x: int) -> int:
        return x


class Constant(Block, type="test_held/constant"):
    """Hold a mean for all of the class."""

    mean: ClassVar[torch.Tensor] = torch.ones(3)

    def forward(self, x: int) -> int:
        return x


def enclosed(net: nn.Module) -> Block:
    @ygg.block(type="test_held/enclosed")
    def score(x: int) -> int:
        return x if net.training else -x

    return score


GLOBAL = nn.Linear(2, 1)


def _through() -> bool:
    return next(GLOBAL for _ in "a").training


@ygg.block(type="test_held/of_module")
def of_module(x: int) -> int:
    return x if _through() else -x


class Named(Block, type="test_held/named"):
    """Have an attribute that is called as something of the module is."""

    def forward(self, x: int) -> int:
        self.mode = SimpleNamespace(GLOBAL=x)
        return self.mode.GLOBAL


def test_what_is_kept_when_asked_for_is_compared_with_what_would_be_made_again(tmp_path: Path) -> None:
    block = Cached(seed=3)
    given, state = block.run(1), torch.get_rng_state()
    ygg.save(block, tmp_path / "x")
    assert torch.equal(torch.get_rng_state(), state)
    assert ygg.load(tmp_path / "x").run(1) == given
    block.net.weight.data.fill_(5)
    chance = Anyhow()
    chance.run(1)
    for other in (block, chance):
        with pytest.raises(ManifestError, match=r"'net.weight' holds") as raised:
            ygg.save(other, tmp_path / "y")
        assert "cached_property" not in str(raised.value)


def test_what_learns_on_a_class_or_in_a_function_is_refused_and_a_constant_is_not(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"'net.0.weight' holds"):
        ygg.save(Common(), tmp_path / "x")
    with pytest.raises(ManifestError, match=r"'forward.*net.weight' holds"):
        ygg.save(enclosed(linear()), tmp_path / "x")
    with pytest.raises(ManifestError, match=r"'forward.*GLOBAL.weight' holds"):
        ygg.save(of_module, tmp_path / "x")
    ygg.save(Named(), tmp_path / "z")
    assert list(ygg.load(ygg.save(Constant(), tmp_path / "x")).run(1).values()) == [1]
