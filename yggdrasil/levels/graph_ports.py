"""The ports of a graph as a block: read from its nodes along the edges that lead out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yggdrasil.contract.edges import SELF, Wiring
from yggdrasil.contract.errors import WiringError, did_you_mean
from yggdrasil.contract.kinds import ANY
from yggdrasil.contract.ports import Port, Ports
from yggdrasil.contract.roles import hint


def own_inputs(net: Wiring, defaults: Mapping[str, Any], where: str) -> Ports:
    """What a graph takes: the ports that its own inputs feed, with its defaults. Raises WiringError for a default of
    nothing, PortError for an illegal one.
    """
    found: Ports = {}
    places = net.places
    for edge in net.edges:
        if edge.source == SELF:
            inner = Port(edge.out, ANY)
            if edge.target != SELF:
                block = places[edge.target]
                inner = replace(block.inputs[edge.into], hint=hint(block, edge.into))
                if edge.target in net.again:
                    inner = replace(inner, required=False, optional=True)
            found[edge.out] = _merged(found.get(edge.out), inner, edge.out)
    for name, value in defaults.items():
        if name not in found:
            what = f"a default names {name!r}, which is no input"
            mend = did_you_mean(name, found, f"take it out: del graph.defaults[{name!r}]")
            raise WiringError(what, where=where, mend=mend)
        optional = found[name].optional or value is None
        default = found[name].check(value, where) if value is not None else None
        found[name] = replace(found[name], required=False, default=default, optional=optional)
    return found


def own_outputs(net: Wiring) -> Ports:
    """What a graph gives: the ports that lead to its own outputs; each may be absent."""
    found: Ports = {}
    places = net.places
    for edge in net.edges:
        if edge.target == SELF and edge.into not in found:
            inner = places[edge.source].outputs[edge.out] if edge.source != SELF else Port(edge.out, ANY)
            found[edge.into] = Port(edge.into, inner.kind, inner.annotation, optional=True, about=inner.about)
    return found


def _merged(known: Port | None, inner: Port, name: str) -> Port:
    port = replace(inner, name=name, bare=False)
    if known is None or (inner.required and not known.required):
        return port
    return known
