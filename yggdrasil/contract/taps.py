"""Taps: values inside of a run that a reader names by their place, told each time that a part gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.errors import ConfigError, WiringError, did_you_mean
from yggdrasil.contract.own_copies import owned
from yggdrasil.contract.value_forms import NotKeepable
from yggdrasil.contract.values import copied

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block
    from yggdrasil.contract.context import Here

Taps = frozenset[tuple[str, str]]
"""Paths of parts as events tell them, rounds left out, each with an output."""
Measure = Callable[[str, Mapping[str, Any], float], None]
"""Is told of each call of a part: its path, what it gave, and the seconds that it took."""
_ROUND = re.compile(r"#(\d+)(?=/|$)")


def taps_of(block: Block, asked: Iterable[str], above: str = "") -> Taps:
    """What `node.port` or `node/node.port` inside of a block mean. Raises WiringError for what is not there."""
    if isinstance(asked, str):
        raise ConfigError(
            f"tap is the text {asked!r}", where=block.name, mend=f"name places in a list: tap=[{asked!r}]"
        )
    top = f"{above}/{block.name}" if above else block.name
    return frozenset(_place(block, top, place) for place in asked)


def _place(block: Block, top: str, place: str) -> tuple[str, str]:
    path, dot, port = str(place).rpartition(".")
    if not dot or not path:
        mend = "write node.port, or node/node.port for what stands deeper"
        raise WiringError(f"tap {place!r} names no output of a node", where=block.name, mend=mend)
    part, where = block, top
    for name in path.split("/"):
        inside = _parts(part)
        if name not in inside:
            what = f"tap {place!r} names {name!r}, which is no node"
            raise WiringError(what, where=where, mend=did_you_mean(name, inside))
        part, where = inside[name], f"{where}/{name}"
    if port not in part.outputs:
        what = f"tap {place!r} names {port!r}, which is no output"
        raise WiringError(what, where=where, mend=did_you_mean(port, part.outputs))
    return _ROUND.sub("", where), port


def _parts(block: Block) -> dict[str, Block]:
    """The nodes of a block, further calls of them too."""
    nodes = dict(block.children())
    again: dict[str, str] = block.structure().get("again", {}) if nodes else {}
    return nodes | {place: nodes[node] for place, node in again.items()}


def tell_taps(place: Here, outputs: Mapping[str, Any], seconds: float) -> None:
    """Tell those who tapped this place what it gave, each a copy of its own; and how long it took who measures."""
    audience = place.audience
    if audience is None or not audience.watched:
        return
    for seat in audience.seats:
        if seat.reader.measured is not None:
            seat.reader.measured(_ROUND.sub("", place.path), outputs, seconds)
    if not audience.taps:
        return
    path, rounds = _ROUND.sub("", place.path), _ROUND.findall(place.path)
    number = int(rounds[-1]) if rounds and place.call == 1 else place.call
    for seat in audience.seats:
        for port in [port for at, port in seat.reader.taps if at == path and port in outputs]:
            data = {"port": port, "round": number, "value": _own(outputs[port], place.path)}
            seat.tell("tap", place.path, data, place.artifacts)


def _own(value: Any, where: str) -> Any:
    try:
        return copied(value)
    except NotKeepable:  # a value of no known kind cannot be copied: it is shown as it is
        return owned(value, where)
