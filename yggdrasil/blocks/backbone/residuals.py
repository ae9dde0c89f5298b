"""What adapters such as a ControlNet add to the inner states of a network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from yggdrasil.contract import PortError, here


def residuals(given: Any, places: Collection[str], device: str, dtype: Any) -> dict[str, Any]:
    """The sum over all adapters of what each adds at each of the network's `places`, where the network computes.

    What one adapter gives is a dict: place → a tensor, or a list of tensors one for each layer there. Several come as
    a list of dicts. Raises PortError for another form, or a place that the network has not.
    """
    total: dict[str, Any] = {}
    for one in _each(given):
        for place, value in one.items():
            if place not in places:
                mend = f"this network takes {', '.join(places) or 'none'}"
                raise PortError(f"adapter_features holds {place!r}", where=here().path, mend=mend)
            moved = _moved(value, device, dtype)
            total[place] = _sum(total[place], moved, place) if place in total else moved
    return total


def _each(given: Any) -> list[Mapping[str, Any]]:
    rows = cast(list[Any], given if isinstance(given, list | tuple) else [] if given is None else [given])
    for row in rows:
        if not isinstance(row, Mapping):
            what = f"adapter_features holds {type(row).__name__}"
            raise PortError(what, where=here().path, mend="give a dict: place → tensors")
    return rows


def _moved(value: Any, device: str, dtype: Any) -> Any:
    if isinstance(value, list | tuple):
        return [part.to(device, dtype) for part in cast(list[Any], value)]
    return value.to(device, dtype)


def _sum(known: Any, more: Any, place: str) -> Any:
    if not isinstance(known, list):
        return known + more
    layers = cast(list[Any], known)
    if len(layers) != len(more):
        what = f"adapters give {len(layers)} and {len(more)} tensors for {place!r}"
        raise PortError(what, where=here().path, mend="one for each layer, from each adapter")
    return [a + b for a, b in zip(layers, more, strict=True)]
