"""The loops that a graph declares, checked before it is planned."""

from __future__ import annotations

from yggdrasil.contract.errors import WiringError, did_you_mean
from yggdrasil.contract.wiring import Loop, Net


def check_loops(net: Net, where: str) -> None:
    """Each loop is over nodes of its own, ends, and carries values inside. Raises WiringError for the first wrong."""
    check_declared(net, where)
    for loop in net.loops:
        _check_carry(net, loop, where)


def check_declared(net: Net, where: str) -> None:
    """The part of it that holds whatever edges are drawn later: nodes that are there, once, and an end."""
    held: set[str] = set()
    for loop in net.loops:
        if not loop.nodes:
            raise WiringError("a loop names no nodes", where=where, mend="list the nodes that run again, in order")
        for name in (*loop.nodes, *([loop.preview] if loop.preview else [])):
            if name not in net.nodes:
                raise WiringError(f"a loop names {name!r}", where=where, mend=did_you_mean(name, net.nodes))
        for name in loop.nodes:
            if name in held:
                mend = "a node belongs to one loop, once"
                raise WiringError(f"{name!r} stands in loops twice", where=where, mend=mend)
            held.add(name)
        _check_end(net, loop, where)


def _check_end(net: Net, loop: Loop, where: str) -> None:
    if not loop.until and loop.times < 1:
        what = f"the loop over {', '.join(loop.nodes)} never ends"
        raise WiringError(what, where=where, mend="give it `until` or `times`")
    node, _, port = loop.until.partition(".")
    if loop.until and (node not in loop.nodes or port not in net.nodes[node].outputs):
        what = f"`until: {loop.until}` names no output inside the loop"
        raise WiringError(what, where=where, mend="write node.port of a node in it")


def _check_carry(net: Net, loop: Loop, where: str) -> None:
    """Carried edges stay inside the loop, each into a port of its own that has a value in the first round."""
    at = {name: i for i, name in enumerate(loop.nodes)}
    fed = {(e.target, e.into) for e in net.edges if e.target in at}
    fed |= {(node, port) for node, _, port in (place.partition(".") for place in net.constants)}
    taken: set[tuple[str, str]] = set()
    for edge in loop.carry:
        if edge.source not in at or edge.target not in at:
            mend = f"it is over {', '.join(loop.nodes)}"
            raise WiringError(f"carry `{edge}` leaves its loop", where=where, mend=mend)
        target = (edge.target, edge.into)
        if target in taken:
            what = f"{edge.target}.{edge.into} is carried into twice"
            raise WiringError(what, where=where, mend="keep one of the carried edges")
        taken.add(target)
        if net.nodes[edge.target].inputs[edge.into].required and target not in fed:
            what = f"{edge.target}.{edge.into} has no value in the first round"
            raise WiringError(what, where=where, mend=f"add an edge `self.{edge.into} -> {edge.target}.{edge.into}`")
    for edge in net.edges:
        if edge.source in at and edge.target in at and at[edge.source] >= at[edge.target]:
            what = f"edge `{edge}` runs against the order of its loop"
            raise WiringError(what, where=where, mend=f"list {edge.source} before {edge.target}, or carry it")
