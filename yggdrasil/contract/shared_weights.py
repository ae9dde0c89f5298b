"""Weights that many blocks compute with: who looks closer gets a view, and who writes keeps what it wrote."""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from yggdrasil.contract.building import copied
from yggdrasil.contract.os_fork import rlock
from yggdrasil.contract.weight_marks import counted, glance, manner, sample, tensors_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from yggdrasil.contract.block import Block

State = Literal["whole", "own", "stale"]
_HELD_HERE = 3
"""References to a tensor that only a view holds, as `sys.getrefcount` counts them within `_idle`."""


@dataclass(slots=True)
class _View:
    """Tensors over the shared memory that count their changes by themselves, and the block that they were given to."""

    block: weakref.ref[Block]
    module: weakref.ref[nn.Module]
    tensors: list[Tensor]
    count: int

    def written(self) -> bool:
        """Whether torch counted a change, or one is to come: what fused optimizers write is not counted."""
        return _count(self.tensors) != self.count or any(tensor.requires_grad for tensor in self.tensors)


class SharedWeights:
    """A module of the pool, never changed by who computes with it, and the views of its weights that were given away.

    The memory is one. As soon as somebody has written into it, the weights are that block's own, and every other
    block must read its files anew before it computes or is saved.
    """

    def __init__(self, key: tuple[str, ...], module: nn.Module) -> None:
        self.key, self.module = key, module
        self._tensors = list(tensors_of(module))
        self._near = all(tensor.device.type == "cpu" for tensor in self._tensors)
        self._count, self._manner = _count(self._tensors), manner(module)
        self._sample, self._glance = sample(self._tensors), glance(self._tensors)
        self._views: list[_View] = []
        self._last: weakref.ref[Block] | None = None
        self._changed = False
        self._guard = rlock()

    def view(self, block: Block) -> nn.Module:
        """The module of this block: modes, hooks and counters of its own over the same memory; once for a block."""
        with self._guard:
            for view in self._views:
                known = view.module()
                if known is not None and view.block() is block:
                    return known
            made = _viewed(self.module)
            tensors = list(tensors_of(made))
            self._views = [view for view in self._views if not _idle(view)]
            self._views.append(_View(weakref.ref(block), weakref.ref(made), tensors, _count(tensors)))
            return made

    def computes(self, block: Block) -> None:
        """Note who computes with the bare module: what it writes there meanwhile is its own."""
        self._last = weakref.ref(block)

    def whole(self) -> bool:
        """Whether they are still as they were loaded, in weights and in manner; looks closely."""
        with self._guard:
            return not self._look(closely=True)

    def state(self, block: Block, *, closely: bool) -> State:
        """`whole`, or after a change whose they are: the block's `own`, or `stale` for it.

        Any change that torch counts is seen. Others are seen by some of the values; without `closely` by fewer, and
        on another device than the CPU only if somebody was given a view.
        """
        with self._guard:
            if not self._look(closely):
                return "whole"
            return "own" if self._last is not None and self._last() is block else "stale"

    def _look(self, closely: bool) -> bool:
        if not self._changed:
            found, who = self._writer(closely)
            if found:
                self._changed, self._last = True, who
        return self._changed

    def _writer(self, closely: bool) -> tuple[bool, weakref.ref[Block] | None]:
        """Whether somebody has written, and who."""
        for view in self._views:
            if view.written():
                return True, view.block
        if _count(self._tensors) != self._count or any(tensor.requires_grad for tensor in self._tensors):
            return True, self._last
        if closely and manner(self.module) != self._manner:
            return True, self._last
        return self._silently(closely), self._views[-1].block if self._views else self._last

    def _silently(self, closely: bool) -> bool:
        if closely:
            return sample(self._tensors) != self._sample
        return (self._near or bool(self._views)) and glance(self._tensors) != self._glance


def _count(tensors: list[Tensor]) -> int:
    return sum(counted(tensor) for tensor in tensors)


def _idle(view: _View) -> bool:
    """Whether nobody can write through a view any more."""
    return view.module() is None and all(sys.getrefcount(tensor) <= _HELD_HERE for tensor in view.tensors)


def _viewed(module: nn.Module) -> nn.Module:
    import torch
    from torch import nn

    with torch.inference_mode(False):
        views: dict[int, Tensor] = {id(p): nn.Parameter(p.data, requires_grad=False) for p in module.parameters()}
        return copied(module, views | {id(buffer): buffer.data for buffer in module.buffers()})
