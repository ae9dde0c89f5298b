"""Inputs of a graph that only nodes read which wait for another input: given without that, they would do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yggdrasil.contract.edges import SELF, Wiring
from yggdrasil.contract.errors import PortError
from yggdrasil.contract.ports import Ports

Readers = Mapping[str, Mapping[str, frozenset[str]]]
"""Input → each node that reads it → the other inputs without which it does not."""


def idle_readers(net: Wiring) -> Readers:
    """The inputs, those with a value of their own left out, of which every reader waits for another of the graph."""
    places, fed = net.places, {(e.target, e.into): e.out for e in net.edges if e.source == SELF}
    found: dict[str, dict[str, frozenset[str]]] = {}
    for (node, into), out in fed.items():
        block = places.get(node)
        needs = [p.name for p in block.inputs.values() if p.required] if block is not None else []
        others = {fed[node, port] for port in needs if (node, port) in fed and f"{node}.{port}" not in net.joins}
        if block is not None and into in block.only_with:
            others |= _waited(net, fed, node, block.only_with[into])
        found.setdefault(out, {})[node] = frozenset(others - {out})
    kept = {
        out
        for (node, into), out in fed.items()
        if node in places and places[node].inputs[into].default is not None and into not in places[node].only_with
    }
    return {name: nodes for name, nodes in found.items() if all(nodes.values()) and name not in kept}


def _waited(net: Wiring, fed: Mapping[tuple[str, str], str], node: str, port: str) -> set[str]:
    """The inputs of the graph without which nothing comes to a port; the port's own name where nothing ever does."""
    if (node, port) in fed:
        return {fed[node, port]}
    sources = [e.source for e in net.edges if (e.target, e.into) == (node, port)]
    if not sources:
        return {port}
    found: set[str] = set()
    for source in sources:
        block = net.places[source]
        needs = {p.name for p in block.inputs.values() if p.required} | set(block.only_with.values())
        needs = needs or {p.name for p in block.inputs.values() if p.default is None}
        found |= {fed[source, name] for name in needs if (source, name) in fed}
    return found


def check_heard(
    readers: Readers, given: Mapping[str, Any], defaults: Mapping[str, Any], ports: Ports, where: str
) -> None:
    """Somebody reads each input that is given and is not as it is without. Raises PortError that names who would, and
    what it waits for.
    """
    known = {*given, *defaults}
    for name in (name for name in readers if name in given):
        if (own := ports[name].default) is not None and given[name] == own:
            continue
        lacks = {node: sorted(needed - known) for node, needed in readers[name].items()}
        if all(lacks.values()):
            nodes, absent = ", ".join(lacks), ", ".join(sorted(set().union(*lacks.values())))
            what = f"{name!r} does nothing here: only {nodes} would read it, if there were {absent}"
            raise PortError(what, where=where, mend=f"give {absent} too, or leave {name!r} out")
