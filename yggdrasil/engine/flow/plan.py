"""The plan of a graph: checked and ordered once, then run many times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import WiringError, did_you_mean
from yggdrasil.contract.ports import Port
from yggdrasil.contract.wiring import SELF, Edge, Loop, Net, check_acyclic, check_complete, check_edges

Source = tuple[str, str]


@dataclass(slots=True)
class Call:
    """One node as it is run: where each of its inputs comes from."""

    name: str
    block: Block
    feeds: list[tuple[str, tuple[Source, ...], str]]
    needs: tuple[str, ...]
    gives: tuple[str, ...]
    defaults: dict[str, Port]


@dataclass(slots=True)
class Round:
    """A declared loop as it is run: its calls in order and what it carries into the next round."""

    name: str
    loop: Loop
    calls: list[Call]
    carry: list[tuple[Source, Source]]
    until: Source | None
    preview: Callable[[dict[str, Any]], Any] | None


Step = Call | Round


@dataclass(slots=True)
class Plan:
    """Steps in an order that the edges allow, what each waits for, and where the outputs come from."""

    steps: list[Step]
    waits: list[set[int]]
    followers: list[list[int]]
    outputs: dict[str, tuple[tuple[Source, ...], str]]
    parallel: bool
    keys: dict[str, str] = field(default_factory=dict[str, str])


def compile_plan(net: Net, where: str) -> Plan:
    """Check the net whole and order it. Raises WiringError for the first thing that is wrong."""
    check_edges(net, where)
    check_complete(net, where)
    _check_loops(net, where)
    order = check_acyclic(net, where)
    groups = {n: i for i, loop in enumerate(net.loops) for n in loop.nodes}
    order = _order_groups(net, order, groups, where)
    calls = {n: _call(net, n) for n in net.nodes}
    steps: list[Step] = []
    of: dict[str, int] = {}
    for name in order:
        if name in of:
            continue
        if name in groups:
            step: Step = _round(net, net.loops[groups[name]], calls)
            of.update({n: len(steps) for n in step.loop.nodes})
        else:
            step = calls[name]
            of[name] = len(steps)
        steps.append(step)
    waits = [_waits(step, of) - {i} for i, step in enumerate(steps)]
    heavy = {i for i, step in enumerate(steps) if isinstance(step, Round) or step.block.heavy}
    followers: list[list[int]] = [[] for _ in steps]
    for i, above in enumerate(waits):
        for j in above:
            followers[j].append(i)
    return Plan(steps, waits, followers, _outputs(net), _can_overlap(heavy, waits))


def _call(net: Net, name: str) -> Call:
    block = net.nodes[name]
    feeds: list[tuple[str, tuple[Source, ...], str]] = []
    for port in block.inputs:
        sources = tuple((e.source, e.out) for e in net.edges if e.target == name and e.into == port)
        if sources:
            feeds.append((port, sources, net.joins.get(f"{name}.{port}", "")))
    ports = block.inputs
    needs = tuple(p for p, _, _ in feeds if ports[p].required and not ports[p].optional)
    defaults = {p.name: p for p in ports.values() if not p.required}
    return Call(name, block, feeds, needs, tuple(block.outputs), defaults)


def _round(net: Net, loop: Loop, calls: dict[str, Call]) -> Round:
    carry = [((e.source, e.out), (e.target, e.into)) for e in loop.carry]
    node, _, port = loop.until.partition(".")
    chosen = [calls[n] for n in loop.nodes]
    for call in chosen:
        have = {p for p, _, _ in call.feeds}
        call.feeds.extend((into, (), "") for (_, (target, into)) in carry if target == call.name and into not in have)
    return Round("+".join(loop.nodes), loop, chosen, carry, (node, port) if node else None, _preview(net, loop))


def _preview(net: Net, loop: Loop) -> Callable[[dict[str, Any]], Any] | None:
    block = net.nodes.get(loop.preview)
    if block is None:
        return None
    feed = next((e for e in net.edges if e.target == loop.preview and e.source in loop.nodes), None)
    if feed is None:
        return None
    source, into = (feed.source, feed.out), feed.into

    def show(values: dict[str, Any]) -> Any:
        return block.forward(**{into: values[source[0]][source[1]]})

    return show


def _check_loops(net: Net, where: str) -> None:
    for loop in net.loops:
        for name in loop.nodes:
            if name not in net.nodes:
                raise WiringError(f"a loop names {name!r}", where=where, mend=did_you_mean(name, net.nodes))
        if not loop.until and loop.times < 1:
            raise WiringError(f"the loop over {', '.join(loop.nodes)} never ends", where=where, mend="give it `until` or `times`")
        node, _, port = loop.until.partition(".")
        if loop.until and (node not in loop.nodes or port not in net.nodes[node].outputs):
            raise WiringError(f"`until: {loop.until}` names no output inside the loop", where=where, mend="write node.port of a node in it")


def _order_groups(net: Net, order: list[str], groups: dict[str, int], where: str) -> list[str]:
    """Order again with each loop as one node, so that nothing stands between its parts."""
    if not groups:
        return order
    merged = Net(nodes={f"{groups[n]}:loop" if n in groups else n: net.nodes[n] for n in order})
    rename = {n: f"{groups[n]}:loop" if n in groups else n for n in net.nodes} | {SELF: SELF}
    for e in net.edges:
        if rename[e.source] != rename[e.target]:
            merged.edges.append(Edge(rename[e.source], e.out, rename[e.target], e.into))
    first = {f"{i}:loop": loop.nodes for i, loop in enumerate(net.loops)}
    return [n for name in check_acyclic(merged, where) for n in first.get(name, (name,))]


def _waits(step: Step, of: dict[str, int]) -> set[int]:
    calls = step.calls if isinstance(step, Round) else [step]
    return {of[node] for call in calls for _, sources, _ in call.feeds for node, _ in sources if node != SELF}


def _outputs(net: Net) -> dict[str, tuple[tuple[Source, ...], str]]:
    names = dict.fromkeys(e.into for e in net.edges if e.target == SELF)
    return {
        n: (tuple((e.source, e.out) for e in net.edges if e.target == SELF and e.into == n), net.joins.get(f"{SELF}.{n}", ""))
        for n in names
    }


def _can_overlap(heavy: set[int], waits: list[set[int]]) -> bool:
    """Whether two heavy steps exist of which neither waits for the other: no chain holds them all."""
    if len(heavy) < 2:
        return False
    chain: list[int] = []
    for i, direct in enumerate(waits):
        chain.append(max((chain[j] for j in direct), default=0) + (i in heavy))
    return max(chain) < len(heavy)
