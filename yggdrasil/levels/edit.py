"""Nets with a node less or another name, everything that names it following; the net itself stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import WiringError
from yggdrasil.contract.tree import walk
from yggdrasil.contract.wiring import Edge, Loop, Net


def check_apart(graph: Block, block: Block, name: str) -> None:
    """What is put into a node holds nowhere the graph itself. Raises WiringError."""
    if any(part is graph for _, part in walk(block)):
        what = f"node {name!r} would hold the graph that it stands in"
        raise WiringError(what, where=graph.name, mend="copy it first: copy.deepcopy(graph)")


def removed(net: Net, name: str, where: str) -> Net:
    """The net without a node or a further call, its edges, values, joins. Raises WiringError if a loop ends by it."""
    for place in [place for place, node in net.again.items() if node == name]:
        net = removed(net, place, where)
    edges = [e for e in net.edges if name not in (e.source, e.target)]
    fed = {f"{e.target}.{e.into}" for e in edges}
    return Net(
        nodes={n: block for n, block in net.nodes.items() if n != name},
        edges=edges,
        loops=[left for loop in net.loops if (left := _loop_without(loop, name, where)) is not None],
        joins={place: how for place, how in net.joins.items() if place in fed},
        constants={place: v for place, v in net.constants.items() if _node(place) != name},
        again={place: node for place, node in net.again.items() if place != name},
    )


def unasked(net: Net, name: str, where: str) -> Net:
    """The net without the further calls that only fed inputs which the block in a node has not."""
    lost = {e for e in net.edges if e.target == name and e.source in net.again and e.into not in net.nodes[name].inputs}
    net = replace(net, edges=[e for e in net.edges if e not in lost])
    for place in {e.source for e in lost}:
        if not any(e.source == place for e in net.edges):
            net = removed(net, place, where)
    return net


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


def renamed(net: Net, old: str, new: str) -> Net:
    """The net with a node under another name, at its old place in the order."""

    def name(node: str) -> str:
        return new if node == old else node

    def place(text: str) -> str:
        node, dot, port = text.partition(".")
        return f"{name(node)}{dot}{port}"

    return Net(
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
