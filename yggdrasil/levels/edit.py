"""Nets with a node less or another name, everything that names it following; the net itself stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields, replace

from yggdrasil.contract.block import Block
from yggdrasil.contract.edges import SELF, Edge, Loop, Wiring, check_edges
from yggdrasil.contract.errors import WiringError, did_you_mean
from yggdrasil.contract.tree import walk


def check_apart(graph: Block, block: Block, name: str) -> None:
    """What is put into a node holds nowhere the graph itself. Raises WiringError."""
    if any(part is graph for _, part in walk(block)):
        what = f"node {name!r} would hold the graph that it stands in"
        raise WiringError(what, where=graph.name, mend="copy it first: copy.deepcopy(graph)")


def copied(net: Wiring) -> Wiring:
    """The net with parts of its own, the blocks the same."""
    return Wiring(**{part.name: copy.copy(getattr(net, part.name)) for part in fields(net)})


def disconnected(net: Wiring, edge: Edge, where: str) -> Wiring:
    """The net without an edge, and without the join of a port into which nothing leads any more."""
    if edge not in net.edges:
        raise WiringError(f"there is no edge `{edge}`", where=where, mend=did_you_mean(str(edge), map(str, net.edges)))
    edges = list(net.edges)
    edges.remove(edge)
    fed = {f"{e.target}.{e.into}" for e in edges}
    return replace(net, edges=edges, joins={place: how for place, how in net.joins.items() if place in fed})


def removed(net: Wiring, name: str, where: str) -> Wiring:
    """The net without a node or a further call, its edges, values, joins. Raises WiringError if a loop ends by it."""
    for place in [place for place, node in net.again.items() if node == name]:
        net = removed(net, place, where)
    edges = [e for e in net.edges if name not in (e.source, e.target)]
    fed = {f"{e.target}.{e.into}" for e in edges}
    return Wiring(
        nodes={n: block for n, block in net.nodes.items() if n != name},
        edges=edges,
        loops=[left for loop in net.loops if (left := _loop_without(loop, name, where)) is not None],
        joins={place: how for place, how in net.joins.items() if place in fed},
        constants={place: v for place, v in net.constants.items() if _node(place) != name},
        again={place: node for place, node in net.again.items() if place != name},
    )


def unasked(net: Wiring, name: str, where: str) -> Wiring:
    """The net without the further calls that only fed inputs which the block in a node has not."""
    lost = {e for e in net.edges if e.target == name and e.source in net.again and e.into not in net.nodes[name].inputs}
    net = replace(net, edges=[e for e in net.edges if e not in lost])
    for place in {e.source for e in lost}:
        if not any(e.source == place for e in net.edges):
            net = removed(net, place, where)
    return net


def edges_of(net: Wiring, name: str) -> list[Edge]:
    """The edges of a node, those of its loops too, but none that a further call of a block asks for."""
    carried = (e for loop in net.loops for e in loop.carry)
    ours = (e for e in (*net.edges, *carried) if name in (e.source, e.target))
    return [e for e in ours if e.source not in net.again and e.target not in net.again]


def check_edge(net: Wiring, edge: Edge, where: str) -> None:
    """An edge fits its ports, and what else leads to the one or comes from the other. Raises WiringError."""
    into = (edge.target, edge.into)
    own = (SELF, edge.out) if edge.source == SELF else None
    beside = [e for e in net.edges if (e.target, e.into) == into or (e.source, e.out) == own]
    fed = {f"{e.target}.{e.into}" for e in beside}
    joins, held = ({at: value for at, value in part.items() if at in fed} for part in (net.joins, net.constants))
    check_edges(Wiring(net.places, beside, joins=joins, constants=held), where)


def check_ports(edges: list[Edge], block: Block, name: str, where: str) -> None:
    """The block that takes a node's place has the ports of its edges. Raises WiringError that names all it lacks."""
    inputs = {e.into for e in edges if e.target == name} - set(block.inputs)
    outputs = {e.out for e in edges if e.source == name} - set(block.outputs)
    if lost := [e for e in edges if (e.target == name and e.into in inputs) or (e.source == name and e.out in outputs)]:
        sides = (("input", inputs, block.inputs), ("output", outputs, block.outputs))
        lacks = [f"no {side} {', '.join(map(repr, sorted(no)))}, but {', '.join(has)}" for side, no, has in sides if no]
        raise _loses(lost, f"the block for {name!r} has {'; '.join(lacks)}", name, where)


def check_kept(edges: list[Edge], net: Wiring, name: str, where: str) -> None:
    """What was wired by itself before is so after the change. Raises WiringError that names the edges lost."""
    kept = edges_of(net, name)
    if lost := [e for e in edges if e not in kept]:
        raise _loses(lost, f"the block for {name!r} is wired otherwise", name, where)


def _loses(lost: list[Edge], why: str, name: str, where: str) -> WiringError:
    edges = ", ".join(f"`{edge}`" for edge in lost)
    mend = f"take a block with these ports, or wire anew without them: remove({name!r}), then add(block, {name!r})"
    return WiringError(f"{why}: {edges} would be lost", where=where, mend=mend)


def _loop_without(loop: Loop, name: str, where: str) -> Loop | None:
    if name not in loop.nodes:
        return replace(loop, preview="" if loop.preview == name else loop.preview)
    nodes = tuple(n for n in loop.nodes if n != name)
    if not nodes:
        return None
    if _node(loop.until) == name:
        mend = "put another block into its place, or remove the other nodes of the loop first"
        raise WiringError(f"the loop over {', '.join(loop.nodes)} ends by {loop.until}", where=where, mend=mend)
    return replace(loop, nodes=nodes, carry=tuple(e for e in loop.carry if name not in (e.source, e.target)))


def renamed(net: Wiring, old: str, new: str) -> Wiring:
    """The net with a node under another name, at its old place in the order."""

    def name(node: str) -> str:
        return new if node == old else node

    def place(text: str) -> str:
        node, dot, port = text.partition(".")
        return f"{name(node)}{dot}{port}"

    return Wiring(
        nodes={name(n): block for n, block in net.nodes.items()},
        edges=[_edge(e, name) for e in net.edges],
        loops=[
            replace(
                loop,
                nodes=tuple(map(name, loop.nodes)),
                carry=tuple(_edge(e, name) for e in loop.carry),
                until=place(loop.until),
                preview=name(loop.preview),
            )
            for loop in net.loops
        ],
        joins={place(at): how for at, how in net.joins.items()},
        constants={place(at): value for at, value in net.constants.items()},
        again={name(at): name(node) for at, node in net.again.items()},
    )


def _edge(edge: Edge, name: Callable[[str], str]) -> Edge:
    return replace(edge, source=name(edge.source), target=name(edge.target))


def _node(place: str) -> str:
    return place.partition(".")[0]
