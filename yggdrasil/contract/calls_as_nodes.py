"""A net in which a block is called at several places, as one in which each place is a node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from yggdrasil.contract.edges import Edge, Wiring, fed_ports


def spelled_out(net: Wiring) -> Wiring:
    """The net with each further call as a node of its own, fed by all that feeds it."""
    if not net.again:
        return net
    own = {port for port in fed_ports(net) if port[0] in net.again}

    def more(node: str, port: str) -> Iterable[tuple[str, str]]:
        return ((place, port) for place, of in net.again.items() if of == node and (place, port) not in own)

    def led(edges: Iterable[Edge]) -> list[Edge]:
        return [replace(e, target=place) for e in edges for place, _ in more(e.target, e.into)]

    joins, held = ({key: tuple(key.split(".", 1)) for key in part} for part in (net.joins, net.constants))
    return Wiring(
        nodes=net.places,
        edges=[*net.edges, *led(net.edges)],
        loops=[replace(loop, carry=(*loop.carry, *led(loop.carry))) for loop in net.loops],
        joins=net.joins | {".".join(to): net.joins[k] for k, at in joins.items() for to in more(*at)},
        constants=net.constants | {".".join(to): net.constants[k] for k, at in held.items() for to in more(*at)},
    )
