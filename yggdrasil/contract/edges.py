"""Edges: their text form, the check that they fit, and the roles that know their places."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.digest import canonical
from yggdrasil.contract.errors import WiringError, YggError, did_you_mean
from yggdrasil.contract.kinds import fits
from yggdrasil.contract.ports import Port
from yggdrasil.contract.surrogates import halved

SELF = "self"
CONSTANT = "#"
"""The source of values that a graph holds itself; no node can have this name."""
_NAMES = "1 to 64 letters in Unicode form NFC, no spaces, controls, dots, slashes or quotes"
_NAME = re.compile(r"^[^\s\x00-\x1f\x7f-\x9f./\\:>\"'#]{1,64}$")
JOINS = ("list", "sum", "first")


@dataclass(frozen=True, slots=True)
class Edge:
    """`a.out -> b.in`; the graph's own ports stand on the node `self`."""

    source: str
    out: str
    target: str
    into: str

    def __str__(self) -> str:
        return f"{self.source}.{self.out} -> {self.target}.{self.into}"

    @staticmethod
    def parse(text: str, where: str = "") -> Edge:
        """Read the text form. Raises WiringError showing the form."""
        left, arrow, right = text.partition("->")
        source, dot, out = left.strip().partition(".")
        target, dot2, into = right.strip().partition(".")
        if not (arrow and dot and dot2 and source and out and target and into):
            raise WiringError(f"{text!r} is not an edge", where=where, mend="write it as `a.out -> b.in`")
        return Edge(source, out, target, into)


@dataclass(frozen=True)
class Loop:
    """A declared cycle: `nodes` run again and again in order, `carry` edges take values to the next round.

    It ends when the output `until` (`node.port`) is None, or after `times` rounds.
    `preview` names a node that can turn `node.port` of the loop into a picture while it runs.
    """

    nodes: tuple[str, ...]
    carry: tuple[Edge, ...]
    until: str = ""
    times: int = 0
    preview: str = ""

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"nodes": list(self.nodes), "carry": [str(e) for e in self.carry]}
        return data | {k: v for k, v in (("until", self.until), ("times", self.times), ("preview", self.preview)) if v}

    @staticmethod
    def from_json(data: Mapping[str, Any], where: str) -> Loop:
        """Read the manifest's form. Raises WiringError naming the key that is wrong."""
        if not isinstance(data, dict):
            raise WiringError(f"a loop is {data!r:.60}", where=where, mend="write it as an object")
        unknown = set(data) - {"nodes", "carry", "until", "times", "preview"}
        if unknown:
            raise WiringError(f"a loop has no {sorted(unknown)}", where=where, mend="use nodes, carry, until, times")
        carry = tuple(Edge.parse(str(e), where) for e in data.get("carry", []))
        nodes = tuple(str(n) for n in data.get("nodes", []))
        times = data.get("times", 0)
        if not isinstance(times, int) or isinstance(times, bool):
            raise WiringError(f"a loop's times is {times!r}", where=where, mend="give a whole number of rounds")
        return Loop(nodes, carry, str(data.get("until", "")), times, str(data.get("preview", "")))


@dataclass
class Wiring:
    """What a graph is made of: nodes, edges, loops, how several edges into one port are joined, and values (`node.port`
    → value) that it holds where no edge leads.

    `again`: a further place → the node whose block is called there once more. It takes from where that node does what
    no edge and no value of its own feeds.
    """

    nodes: dict[str, Block] = field(default_factory=dict[str, Block])
    edges: list[Edge] = field(default_factory=list[Edge])
    loops: list[Loop] = field(default_factory=list[Loop])
    joins: dict[str, str] = field(default_factory=dict[str, str])
    constants: dict[str, Any] = field(default_factory=dict[str, Any])
    again: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def places(self) -> dict[str, Block]:
        """The block that is called at each place: the nodes, and the further calls of some."""
        return self.nodes | {place: self.nodes[node] for place, node in self.again.items() if node in self.nodes}


def fed_ports(net: Wiring) -> set[tuple[str, str]]:
    """The inputs (node, port) that something leads into: an edge, a carried edge, or a value that the graph holds."""
    carried = (e for loop in net.loops for e in loop.carry)
    held = (place.partition(".") for place in net.constants)
    return {(e.target, e.into) for e in (*net.edges, *carried)} | {(node, port) for node, _, port in held}


def check_name(name: str, where: str) -> None:
    """Refuse node names that an edge or a path could not spell."""
    if name == SELF or not _is_name(name):
        raise WiringError(f"{name[:80]!r} cannot name a node", where=where, mend=f"{_NAMES}; not `self`")


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and unicodedata.is_normalized("NFC", name) and not halved(name)


def _check_own_names(net: Wiring, where: str) -> None:
    """Own ports are named as nodes are: a stranger's graph is run by commands that make files of these names."""
    for edge in net.edges:
        for node, port in ((edge.source, edge.out), (edge.target, edge.into)):
            if node == SELF and not _is_name(port):
                raise WiringError(f"edge `{edge}`: {port[:80]!r} cannot name a port", where=where, mend=_NAMES)


def check_join(how: str, where: str, port: str = "a port") -> None:
    """Several edges into one port are joined in a way that there is. Raises WiringError."""
    if how not in JOINS:
        raise WiringError(f"{port} is joined by {how!r}", where=where, mend=f"use one of {', '.join(JOINS)}")


def check_edges(net: Wiring, where: str) -> None:
    """Each edge joins ports that exist and fit; each port takes one edge or says how they are joined.

    Raises WiringError that names the edge, both kinds and the names that are near.
    """
    _check_own_names(net, where)
    _check_joins(net, where)
    _check_constants(net, where)
    _check_own_inputs(net, where)
    taken: set[tuple[str, str]] = set()
    for edge in [*net.edges, *(e for loop in net.loops for e in loop.carry)]:
        source = None if edge.source == SELF else _port(net, edge, edge.source, edge.out, where, outputs=True)
        target = None if edge.target == SELF else _port(net, edge, edge.target, edge.into, where, outputs=False)
        joined = net.joins.get(f"{edge.target}.{edge.into}") == "list"
        if source and target and not fits(source.kind, target.kind) and not joined:
            given, taken_there = f"{edge.source}.{edge.out} gives {source.kind.name}", f"{edge.target}.{edge.into}"
            raise WiringError(
                f"{given}, {taken_there} takes {target.kind.name}",
                where=where,
                mend="put a block between them that turns one into the other",
            )
    for edge in net.edges:
        key = (edge.target, edge.into)
        if key in taken and f"{edge.target}.{edge.into}" not in net.joins:
            rivals = ", ".join(f"{e.source}.{e.out}" for e in net.edges if (e.target, e.into) == key)
            raise WiringError(
                f"{edge.target}.{edge.into} takes several edges ({rivals})",
                where=where,
                mend=f"keep one, or say how they are joined: {', '.join(JOINS)}",
            )
        taken.add(key)


def _check_joins(net: Wiring, where: str) -> None:
    fed = {f"{e.target}.{e.into}" for e in net.edges}
    for port, how in net.joins.items():
        check_join(how, where, port)
        if port not in fed:
            raise WiringError(f"a join names {port!r}, which has no edge", where=where, mend=did_you_mean(port, fed))


def checked_constant(net: Wiring, place: str, value: Any, where: str) -> Any:
    """The value as the port `node.port` takes it from a manifest.

    Raises WiringError for no such port or a value that no manifest holds, PortError for one that the port refuses.
    """
    node, dot, into = place.partition(".")
    if not dot:
        raise WiringError(f"{place!r} is no port", where=where, mend="write it as `node.port`")
    block = net.places.get(node)
    if block is None:
        raise WiringError(f"{place!r}: there is no node {node!r}", where=where, mend=did_you_mean(node, net.places))
    port = block.inputs.get(into)
    if port is None:
        what = f"{place!r}: {node!r} has no input {into!r}"
        raise WiringError(what, where=where, mend=did_you_mean(into, block.inputs))
    if not port.plain:
        mend = f"connect('self.{into}', '{place}') and pass it to each run"
        raise WiringError(f"{place} takes {port.kind.name}, which a graph cannot hold", where=where, mend=mend)
    from pydantic_core import to_jsonable_python

    checked = port.check(value, f"{where}/{node}")
    try:
        form = to_jsonable_python(checked, inf_nan_mode="constants")
        canonical(form)
    except (ValueError, YggError) as error:
        what = f"{place} was given {value!r:.60}, which no manifest holds ({error})"
        raise WiringError(what, where=where, mend="give text, finite numbers, lists and objects of them") from None
    return port.check(form, f"{where}/{node}")


def _check_constants(net: Wiring, where: str) -> None:
    """A value stands at a port that exists and takes it, and no edge leads there."""
    if not net.constants:
        return
    fed = {f"{e.target}.{e.into}": e for e in net.edges}
    for place, value in net.constants.items():
        net.constants[place] = checked_constant(net, place, value, where)
        if place in fed:
            what = f"{place} holds {value!r:.60}, and the edge `{fed[place]}` leads there"
            raise WiringError(what, where=where, mend=f"keep one: set('{place}', None) takes the value out")


def _check_own_inputs(net: Wiring, where: str) -> None:
    """One input of the graph that feeds several ports must suit them all."""
    first: dict[str, tuple[Edge, Port]] = {}
    for edge in net.edges:
        if edge.source != SELF or edge.target == SELF:
            continue
        port = _port(net, edge, edge.target, edge.into, where, outputs=False)
        known, other = first.setdefault(edge.out, (edge, port))
        if not fits(port.kind, other.kind) and not fits(other.kind, port.kind):
            raise WiringError(
                f"self.{edge.out} feeds {known.target}.{known.into} ({other.kind.name}) "
                f"and {edge.target}.{edge.into} ({port.kind.name})",
                where=where,
                mend="give the graph two inputs",
            )


def _port(net: Wiring, edge: Edge, node: str, port: str, where: str, *, outputs: bool) -> Port:
    block = net.nodes.get(node)
    if block is None:
        raise WiringError(f"edge `{edge}`: there is no node {node!r}", where=where, mend=did_you_mean(node, net.nodes))
    ports = block.outputs if outputs else block.inputs
    if port not in ports:
        side = "output" if outputs else "input"
        what = f"edge `{edge}`: {node!r} has no {side} {port!r}"
        raise WiringError(what, where=where, mend=did_you_mean(port, ports))
    return ports[port]


def check_complete(net: Wiring, where: str) -> None:
    """Every required input has an edge. Raises WiringError naming the first that has none."""
    fed = fed_ports(net)
    for name, block in net.nodes.items():
        for port in block.inputs.values():
            if port.required and (name, port.name) not in fed:
                raise WiringError(
                    f"{name}.{port.name} ({port.kind.name}) has no edge",
                    where=where,
                    mend=f"add an edge `… -> {name}.{port.name}`, from a node or from `self`",
                )


def check_acyclic(net: Wiring, where: str) -> list[str]:
    """The nodes in an order that the edges allow. Raises WiringError that names an undeclared cycle."""
    waiting = dict.fromkeys(net.nodes, 0)
    after: dict[str, list[str]] = {name: [] for name in net.nodes}
    for source, target in dict.fromkeys((e.source, e.target) for e in net.edges if SELF not in (e.source, e.target)):
        waiting[target] += 1
        after[source].append(target)
    ready = [name for name in net.nodes if not waiting[name]]
    order: list[str] = []
    for name in ready:
        order.append(name)
        for target in after[name]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if len(order) < len(net.nodes):
        raise _cycle_error([n for n in net.nodes if waiting[n]], after, where)
    return order


def _cycle_error(stuck: list[str], after: Mapping[str, Iterable[str]], where: str) -> WiringError:
    before: dict[str, str] = {}
    among = set(stuck)
    for source in stuck:
        for target in after[source]:
            if target in among:
                before[target] = source
    at = stuck[0]
    seen: dict[str, None] = {}
    while at not in seen:
        seen[at] = None
        at = before[at]
    way = list(seen)
    ring = way[way.index(at) :][::-1]
    return WiringError(
        f"an undeclared cycle: {' -> '.join([ring[-1], *ring])}",
        where=where,
        mend="declare a loop over these nodes, or take an edge away",
    )
