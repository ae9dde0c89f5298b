"""Drawing a graph by calling blocks with wires: inside a drawing a call records a node, elsewhere it runs."""

from __future__ import annotations

import contextvars
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from yggdrasil.contract.running import outputs_of

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block


@dataclass(frozen=True)
class Wire:
    """A value to come: output `port` of `node` (or of the graph's own inputs, node `self`)."""

    node: str
    port: str


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
