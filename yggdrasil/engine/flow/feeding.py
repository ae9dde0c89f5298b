"""What stands at the inputs of a planned call when it is run: values along edges, joined or carried."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yggdrasil.engine.flow.plan import PlannedCall

Source = tuple[str, str]
Values = dict[str, dict[str, Any]]
"""Node → what came out of it, by output."""
Feeds = list[tuple[str, tuple[Source, ...], str]]
"""Input, the outputs that feed it, and how those are joined."""


def straight(feeds: Feeds) -> tuple[tuple[str, str, str], ...] | None:
    """Input, node and output, where one output feeds each input as it is; else None."""
    if any(join or len(sources) != 1 for _, sources, join in feeds):
        return None
    return tuple((port, *sources[0]) for port, sources, _ in feeds)


def joined(values: Values, sources: tuple[Source, ...], join: str) -> Any:
    """The value at an input that these outputs feed; None if none of them has one."""
    if not sources:
        return None
    if not join:
        node, port = sources[0]
        return values[node].get(port)
    present = [part for n, p in sources if (part := values[n].get(p)) is not None]
    if not present:
        return None
    if join == "list":
        return present
    return present[0] if join == "first" else functools.reduce(operator.add, present)


def carried_into(carried: dict[Source, Any], call: PlannedCall) -> dict[str, Any]:
    """What is carried into the inputs of one call."""
    return {into: value for (node, into), value in carried.items() if node == call.name}
