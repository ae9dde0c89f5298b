"""Drawing a graph by calling blocks with wires: inside a drawing a call records a node, elsewhere it runs."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from yggdrasil.contract.errors import WiringError
from yggdrasil.contract.running import outputs_of

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block


class NoValue(WiringError):
    """While a graph was drawn, something was asked of a value that is not there yet."""


def _refused(doing: str) -> Callable[..., Any]:
    def refuse(wire: Wire, *_: Any) -> Any:
        raise _no_value(wire, doing)

    return refuse


def _no_value(wire: Wire, doing: str) -> NoValue:
    mend = "let a block do that with it; a branch is ygg.choose(when=…), a repetition ygg.loop(…)"
    return NoValue(f"a drawing is made before there are values: {wire.node}.{wire.port} {doing}", mend=mend)


@dataclass(frozen=True, eq=False)
class Wire:
    """A value to come: output `port` of `node` (or of the graph's own inputs, node `self`).

    Python can ask nothing of it: whatever would be decided or written while the graph is drawn is a WiringError.
    """

    node: str
    port: str

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        error = _no_value(self, f"has no {name!r} yet")
        error.mend = f"what this block gives alone, {self.port!r}, is the wire itself; {error.mend}"
        raise error

    __bool__ = _refused("is neither true nor false")
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refused("cannot be compared")
    __hash__ = object.__hash__
    __iter__ = __len__ = __getitem__ = __contains__ = _refused("has no parts yet")
    __str__ = __format__ = __int__ = __float__ = __index__ = _refused("cannot be written into a text or a number")
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _refused("cannot be reckoned with")
    __rtruediv__ = __mod__ = __rmod__ = __neg__ = _refused("cannot be reckoned with")
    __call__ = _refused("cannot be called")


class Recorder(Protocol):
    """Whoever records the calls of a drawing."""

    def record(self, block: Block, inputs: dict[str, Any]) -> Any: ...


_pen: contextvars.ContextVar[Recorder | None] = contextvars.ContextVar("yggdrasil_pen", default=None)
pen = _pen


def draw(block: Block, inputs: dict[str, Any]) -> Any:
    """Record a node where a drawing is under way; otherwise run, giving a lone output bare."""
    current = _pen.get()
    if current is not None:
        return current.record(block, inputs)
    outputs = outputs_of(block, inputs)
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs
