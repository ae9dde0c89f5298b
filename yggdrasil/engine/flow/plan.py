"""The plan of a graph: checked and ordered once, then run many times."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.calls_as_nodes import spelled_out
from yggdrasil.contract.edges import CONSTANT, SELF, Edge, Loop, Wiring, check_acyclic, check_complete, check_edges
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.outputs import as_outputs
from yggdrasil.contract.own_copies import MUTABLE
from yggdrasil.contract.ports import Port
from yggdrasil.contract.tree import walk
from yggdrasil.engine.flow.batched_calls import BatchedCalls, CallExtras, extras, turns
from yggdrasil.engine.flow.declared_loops import check_loops
from yggdrasil.engine.flow.feeding import Feeds, Source, straight

Read = dict[Source, Counter[str]]


@dataclass(slots=True)
class PlannedCall:
    """One node as it is run: where each of its inputs comes from.

    `needs`: without a value there it is skipped; `unfed`: optional inputs without an edge, which take their
    default; `doubtful`: inputs whose values the edges alone do not prove, so that each is checked; `shared`: inputs
    whose lists and dicts somebody else reads too, so that each gets its own; `extra`: what is special about it, in few;
    `straight`: its feeds if nothing but an absent value can stand in their way.
    """

    name: str
    block: Block
    feeds: Feeds
    needs: tuple[str, ...]
    gives: tuple[str, ...]
    unfed: tuple[str, ...]
    doubtful: tuple[str, ...]
    shared: tuple[str, ...] = ()
    extra: CallExtras | None = None
    straight: tuple[tuple[str, str, str], ...] | None = None


@dataclass(slots=True)
class Round:
    """A declared loop as it is run: its calls in order, what it carries into the next round, and what of it is read.

    `turns` are the calls with those that are made as one; `extra` is that of a step, of which a loop has none.
    """

    name: str
    loop: Loop
    calls: list[PlannedCall]
    carry: list[tuple[Source, Source]]
    until: Source | None
    preview: Callable[[dict[str, Any]], Any] | None
    turns: list[PlannedCall | BatchedCalls]
    read: frozenset[Source] = frozenset()
    extra: None = None


Step = PlannedCall | Round


@dataclass(slots=True)
class Plan:
    """Steps in an order that the edges allow, what each waits for, where the outputs come from, and held values."""

    steps: list[Step]
    waits: list[set[int]]
    followers: list[list[int]]
    outputs: dict[str, tuple[tuple[Source, ...], str]]
    heavy: list[bool]
    parallel: bool
    constants: dict[str, Any]
    finite: dict[str, Kind]
    """The outputs that a node makes and that must hold no NaN."""
    keys: dict[str, tuple[Any, str]] = field(default_factory=dict[str, tuple[Any, str]])


def compile_plan(net: Wiring, where: str) -> Plan:
    """Check the net whole and order it. Raises WiringError for the first thing that is wrong."""
    again, extra = net.again, {}
    if again or any(type(block).unread is not Block.unread for block in net.nodes.values()):
        whole = spelled_out(net)
        extra, net = extras(net, whole), whole
    check_edges(net, where)
    check_complete(net, where)
    check_loops(net, where)
    order = check_acyclic(net, where)
    groups = {n: i for i, loop in enumerate(net.loops) for n in loop.nodes}
    order = _order_groups(net, order, groups, where)
    into = _by_target(net)
    feeders = _fed_by_self(net)
    read = _read(net)
    calls = {n: _call(net, n, into.get(n, {}), feeders, read, extra.get(n)) for n in net.nodes}
    steps: list[Step] = []
    of: dict[str, int] = {}
    for name in order:
        if name in of:
            continue
        if name in groups:
            step: Step = _round(net, net.loops[groups[name]], calls, read, again)
            of.update({n: len(steps) for n in step.loop.nodes})
        else:
            step = calls[name]
            of[name] = len(steps)
        steps.append(step)
    waits = _in_turn(steps, [_waits(step, of) - {i} for i, step in enumerate(steps)])
    heavy = [is_heavy(step) for step in steps]
    followers: list[list[int]] = [[] for _ in steps]
    for i, above in enumerate(waits):
        for j in above:
            followers[j].append(i)
    parallel = _can_overlap(heavy, waits)
    outputs = _outputs(net)
    return Plan(steps, waits, followers, outputs, heavy, parallel, copy.deepcopy(net.constants), _finite(net, outputs))


def is_heavy(step: Step) -> bool:
    """Whether a step runs in a worker thread: a loop, or a block that is heavy or holds one that is."""
    return isinstance(step, Round) or any(part.heavy for _, part in walk(step.block))


def _by_target(net: Wiring) -> dict[str, dict[str, list[Source]]]:
    found: dict[str, dict[str, list[Source]]] = {}
    for edge in net.edges:
        found.setdefault(edge.target, {}).setdefault(edge.into, []).append((edge.source, edge.out))
    for place in net.constants:
        node, _, port = place.partition(".")
        found.setdefault(node, {})[port] = [(CONSTANT, place)]
    return found


def _fed_by_self(net: Wiring) -> Counter[str]:
    return Counter(edge.out for edge in net.edges if edge.source == SELF)


def _read(net: Wiring) -> Read:
    """Which nodes read each output, and how often; what a loop carries is read, too."""
    readers: Read = {}
    for edge in (*net.edges, *(edge for loop in net.loops for edge in loop.carry)):
        readers.setdefault((edge.source, edge.out), Counter())[edge.target] += 1
    return readers


def _call(
    net: Wiring, name: str, into: dict[str, list[Source]], feeders: Counter[str], read: Read, extra: CallExtras | None
) -> PlannedCall:
    block = net.nodes[name]
    ports = block.inputs
    feeds = [(p, tuple(into[p]), net.joins.get(f"{name}.{p}", "")) for p in ports if p in into]
    needs = tuple(p for p, _, _ in feeds if ports[p].required and not ports[p].optional)
    unfed = tuple(p.name for p in ports.values() if p.name not in into and not p.required and p.default is not None)
    doubtful = tuple(p for p, sources, join in feeds if _is_doubtful(net, ports[p], sources, join, feeders))
    shared = tuple(p for p, sources, _ in feeds if ports[p].kind.name in MUTABLE and _is_shared(sources, read))
    clear = None if unfed or doubtful or shared or extra else straight(feeds)
    return PlannedCall(name, block, feeds, needs, tuple(block.outputs), unfed, doubtful, shared, extra, clear)


def _is_shared(sources: tuple[Source, ...], read: Read) -> bool:
    return any(source in read and read[source].total() > 1 for source in sources)


def _is_doubtful(net: Wiring, port: Port, sources: tuple[Source, ...], join: str, feeders: Counter[str]) -> bool:
    """Whether a value of another kind, or of a narrower type, could come along the edges."""
    if port.kind.name == "any":
        return False
    for node, out in sources:
        if node == CONSTANT:
            continue
        if node == SELF:
            if feeders[out] > 1:
                return True
        elif join == "list" or net.nodes[node].outputs[out].annotation != port.annotation:
            return not (port.kind.tensor and net.nodes[node].outputs[out].kind.tensor)
    return False


def _round(net: Wiring, loop: Loop, calls: dict[str, PlannedCall], read: Read, again: dict[str, str]) -> Round:
    carry = [((e.source, e.out), (e.target, e.into)) for e in loop.carry]
    node, _, port = loop.until.partition(".")
    chosen = [calls[n] for n in loop.nodes]
    inside = set(loop.nodes)
    for call in chosen:
        have = {p for p, _, _ in call.feeds}
        late = [into for (_, (target, into)) in carry if target == call.name and into not in have]
        call.feeds.extend((into, (), "") for into in late)
        call.unfed = tuple(p for p in call.unfed if p not in late)
        call.shared = tuple(p for p, sources, _ in call.feeds if p in call.shared or _lasts(call, p, sources, inside))
    for source, (target, into) in carry:
        call = calls[target]
        if call.block.inputs[into].kind.name in MUTABLE and into not in call.shared and _is_shared((source,), read):
            call.shared += (into,)
    outer = frozenset(source for source, readers in read.items() if source[0] in inside and readers.keys() - inside)
    until = (node, port) if node else None
    turned = turns(chosen, again)
    return Round("+".join(loop.nodes), loop, chosen, carry, until, _preview(net, loop), turned, outer)


def _lasts(call: PlannedCall, port: str, sources: tuple[Source, ...], inside: set[str]) -> bool:
    """Whether every round reads the same list or dict, which comes from outside of the loop."""
    return call.block.inputs[port].kind.name in MUTABLE and any(node not in inside for node, _ in sources)


def _preview(net: Wiring, loop: Loop) -> Callable[[dict[str, Any]], Any] | None:
    block = net.nodes.get(loop.preview)
    if block is None or any(port.kind.name == "audio" for port in block.outputs.values()):
        return None
    feed = next((e for e in net.edges if e.target == loop.preview and e.source in loop.nodes), None)
    if feed is None:
        return None
    source, into = (feed.source, feed.out), feed.into
    if any(p.required and p.name != into for p in block.inputs.values()):
        return None

    def show(values: dict[str, Any]) -> Any:
        value = values[source[0]][source[1]]
        return None if value is None else as_outputs(block.forward(**{into: value}), block.outputs, loop.preview)

    return show


def _order_groups(net: Wiring, order: list[str], groups: dict[str, int], where: str) -> list[str]:
    """Order again with each loop as one node, so that nothing stands between its parts."""
    if not groups:
        return order
    titles = [f"(loop {'+'.join(loop.nodes)})" for loop in net.loops]
    rename = {n: titles[groups[n]] if n in groups else n for n in net.nodes} | {SELF: SELF}
    merged = Wiring(nodes={rename[n]: net.nodes[n] for n in order})
    for e in net.edges:
        if rename[e.source] != rename[e.target]:
            merged.edges.append(Edge(rename[e.source], e.out, rename[e.target], e.into))
    first = dict(zip(titles, (loop.nodes for loop in net.loops), strict=True))
    return [n for name in check_acyclic(merged, where) for n in first.get(name, (name,))]


def _waits(step: Step, of: dict[str, int]) -> set[int]:
    calls = step.calls if isinstance(step, Round) else [step]
    sources = (source for call in calls for _, sources, _ in call.feeds for source in sources)
    return {of[node] for node, _ in sources if node not in (SELF, CONSTANT)}


def _in_turn(steps: list[Step], waits: list[set[int]]) -> list[set[int]]:
    """`waits`, and of steps that share a block that remembers each waits for the last: no memory hangs on speed."""
    last: dict[int, int] = {}
    for i, step in enumerate(steps):
        calls = step.calls if isinstance(step, Round) else [step]
        for remembering in {id(part) for call in calls for _, part in walk(call.block) if part.remembers}:
            if remembering in last:
                waits[i].add(last[remembering])
            last[remembering] = i
    return waits


def _outputs(net: Wiring) -> dict[str, tuple[tuple[Source, ...], str]]:
    own = _by_target(net).get(SELF, {})
    return {n: (tuple(sources), net.joins.get(f"{SELF}.{n}", "")) for n, sources in own.items()}


def _can_overlap(heavy: list[bool], waits: list[set[int]]) -> bool:
    """Whether two heavy steps exist of which neither waits for the other: no chain holds them all."""
    if sum(heavy) < 2:
        return False
    chain: list[int] = []
    for i, direct in enumerate(waits):
        chain.append(max((chain[j] for j in direct), default=0) + heavy[i])
    return max(chain) < sum(heavy)


def _finite(net: Wiring, outputs: dict[str, tuple[tuple[Source, ...], str]]) -> dict[str, Kind]:
    made = {n: sources[0] for n, (sources, _) in outputs.items() if sources and sources[0][0] in net.nodes}
    kinds = {n: net.nodes[node].outputs[port].kind for n, (node, port) in made.items()}
    return {name: kind for name, kind in kinds.items() if kind.finite}
