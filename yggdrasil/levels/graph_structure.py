"""The net of a graph as its manifest holds it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yggdrasil.contract.edges import Edge, Loop, Wiring, check_name, checked_constant
from yggdrasil.contract.errors import WiringError, did_you_mean
from yggdrasil.contract.ports import Ports

SHAPES = {"edges": list, "loops": list, "joins": dict, "defaults": dict, "constants": dict, "again": dict}


def structure_of(net: Wiring, defaults: Mapping[str, Any], ports: Ports) -> dict[str, Any]:
    """Edges, loops, joins, values, further calls and the defaults of the graph's inputs, the empty left out (JSON)."""
    from pydantic_core import to_jsonable_python

    data: dict[str, Any] = {"edges": [str(e) for e in net.edges]}
    if net.loops:
        data["loops"] = [loop.to_json() for loop in net.loops]
    plain = {n: ports[n].adapter.dump_python(v, mode="json") for n, v in defaults.items()}
    held = to_jsonable_python(net.constants)
    extras = {"again": dict(net.again), "joins": dict(net.joins), "defaults": plain, "constants": held}
    return data | {name: value for name, value in extras.items() if value}


def read_structure(net: Wiring, structure: Mapping[str, Any], where: str) -> None:
    """Fill the net, whose nodes are there, with what a manifest says. Raises WiringError for what is wrong in it."""
    unknown = set(structure) - SHAPES.keys()
    if unknown:
        raise WiringError(f"structure has no {sorted(unknown)}", mend=f"use {', '.join(SHAPES)}")
    for key, value in structure.items():
        if not isinstance(value, SHAPES[key]):
            raise WiringError(f"{key} is {value!r:.60}", mend=f"write it as a {SHAPES[key].__name__}")
    net.again = {str(place): str(node) for place, node in structure.get("again", {}).items()}
    for place, node in net.again.items():
        check_name(place, where)
        if node not in net.nodes or place in net.nodes:
            what = f"again: {place!r} is a node" if place in net.nodes else f"again: there is no node {node!r}"
            mend = "rename the call" if place in net.nodes else did_you_mean(node, net.nodes)
            raise WiringError(what, where=where, mend=mend)
    net.edges = [Edge.parse(str(e)) for e in structure.get("edges", [])]
    net.loops = [Loop.from_json(data, where) for data in structure.get("loops", [])]
    net.joins = dict(structure.get("joins", {}))
    for place, value in structure.get("constants", {}).items():
        net.constants[place] = checked_constant(net, place, value, where)
