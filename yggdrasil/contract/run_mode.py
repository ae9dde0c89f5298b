"""How the torch modules below a place compute: to infer or to learn, and what each of them wears there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import nn


class Worn(Protocol):
    """What a place has a block wear instead of its bare module, such as an adapter."""

    @property
    def key(self) -> str:
        """What it is now, in a word: another one after each change of its weights."""
        ...

    def over(self, module: nn.Module) -> nn.Module:
        """The module that computes; `module` is the bare one, which others share: never change it."""
        ...


@dataclass(frozen=True, slots=True)
class Mode:
    """Whether modules learn, and what the blocks wear, by `Block.serial`. `key` is empty for the usual mode."""

    learning: bool = False
    worn: Mapping[int, Worn] = field(default_factory=dict[int, "Worn"])

    def with_worn(self, serial: int, worn: Worn) -> Mode:
        """The mode in which a block wears one thing more, over what it wears already."""
        before = self.worn.get(serial)
        return replace(self, worn={**self.worn, serial: worn if before is None else _Over(before, worn)})

    @property
    def key(self) -> str:
        if not self.worn:
            return ""
        return "|".join(f"{serial}:{worn.key}" for serial, worn in sorted(self.worn.items()))


@dataclass(frozen=True, slots=True)
class _Over:
    """Two things that are worn, the second over the first."""

    inner: Worn
    outer: Worn

    @property
    def key(self) -> str:
        return f"{self.inner.key}+{self.outer.key}"

    def over(self, module: nn.Module) -> nn.Module:
        return self.outer.over(self.inner.over(module))


INFER = Mode()
