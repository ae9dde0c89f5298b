"""Further calls of a block in a plan: which are made as one, which only a reader that may not want them reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.edges import CONSTANT, SELF, Edge, Wiring
from yggdrasil.contract.run_mode import Worn

if TYPE_CHECKING:
    from yggdrasil.engine.flow.plan import PlannedCall

Known = dict[str, tuple[str, str]]
"""Input → where its value comes from."""


@dataclass(slots=True)
class CallExtras:
    """What is special about a call: `readers` (block, input, what is known of it before) read all that it gives;
    `worn`: what the block wears there.
    """

    readers: tuple[tuple[Block, str, Known], ...] = ()
    worn: Worn | None = None

    def unread(self, values: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether none of the readers wants it in this run."""
        return bool(self.readers) and all(
            port in _unwanted(block, known, values) for block, port, known in self.readers
        )


@dataclass(slots=True)
class BatchedCalls:
    """Calls of one block of which none waits for another; `calls[-1]` is the node itself."""

    calls: tuple[PlannedCall, ...]


def _unwanted(block: Block, known: Known, values: Mapping[str, Mapping[str, Any]]) -> Any:
    given: dict[str, Any] = {}
    for name, port in block.inputs.items():
        if name in known:
            node, out = known[name]
            value = values[node].get(out)
            given[name] = port.fresh_default() if value is None else value
    return block.unread(given)


def extras(net: Wiring, whole: Wiring) -> dict[str, CallExtras]:
    """The special calls of a net (`whole`: the same with each place as a node)."""
    picky = {name for name, block in whole.nodes.items() if type(block).unread is not Block.unread}
    carried = [edge for loop in whole.loops for edge in loop.carry]
    found: dict[str, CallExtras] = {}
    for name in whole.nodes if picky or net.again else ():
        out = [e for e in (*whole.edges, *carried) if e.source == name]
        only = bool(out) and all(e.target in picky for e in out)
        readers = tuple((whole.nodes[e.target], e.into, _known(whole, name, e.target)) for e in out if only)
        worn = next((w for e in out if name in net.again and (w := _worn(whole, e)) is not None), None)
        if readers or worn is not None:
            found[name] = CallExtras(readers, worn)
    return found


def _worn(whole: Wiring, edge: Edge) -> Worn | None:
    block = whole.nodes.get(edge.target)
    ask = block.further_calls.get(edge.into) if block is not None else None
    return None if ask is None else ask.worn


def _known(whole: Wiring, call: str, reader: str) -> Known:
    """What of a reader is known before the call: what comes from outside of the loop in which both stand."""
    loop = next((loop for loop in whole.loops if call in loop.nodes and reader in loop.nodes), None)
    inside = whole.nodes.keys() if loop is None else set(loop.nodes)
    late = {e.into for e in loop.carry if e.target == reader} if loop is not None else set[str]()
    feeds: dict[str, list[tuple[str, str]]] = {port: [] for port in whole.nodes[reader].inputs}
    for edge in whole.edges:
        if edge.target == reader:
            feeds[edge.into].append((edge.source, edge.out))
    for place in whole.constants:
        node, _, port = place.partition(".")
        if node == reader:
            feeds[port].append((CONSTANT, place))
    unfed = (SELF, "")
    return {
        port: sources[0] if sources else unfed
        for port, sources in feeds.items()
        if port not in late and len(sources) < 2 and not any(node in inside for node, _ in sources)
    }


def turns(calls: list[PlannedCall], again: Mapping[str, str]) -> list[PlannedCall | BatchedCalls]:
    """The calls of a loop in order, those of one block as one at the place of the last, if none waits for another."""
    by_name = {call.name: call for call in calls}
    order: list[PlannedCall | BatchedCalls] = list(calls)
    for node in dict.fromkeys(again.values()):
        places = [place for place, of in again.items() if of == node]
        group = tuple(by_name[name] for name in (*places, node) if name in by_name)
        if len(group) < 2 or group[-1].name != node or group[-1].block.remembers:
            continue
        names = {call.name for call in group}
        last = max(i for i, turn in enumerate(order) if names & _names(turn))
        if not any(_waits_for(turn, names) for turn in order[: last + 1]):
            order[last] = BatchedCalls(group)
            order = [turn for turn in order if isinstance(turn, BatchedCalls) or turn.name not in names]
    return order


def _members(turn: PlannedCall | BatchedCalls) -> tuple[PlannedCall, ...]:
    return turn.calls if isinstance(turn, BatchedCalls) else (turn,)


def _names(turn: PlannedCall | BatchedCalls) -> set[str]:
    return {call.name for call in _members(turn)}


def _waits_for(turn: PlannedCall | BatchedCalls, names: set[str]) -> bool:
    sources = (source for call in _members(turn) for _, found, _ in call.feeds for source in found)
    return any(node in names for node, _ in sources)
