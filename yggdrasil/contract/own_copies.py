"""Lists and dicts of one's own: who gets one from outside or along an edge may change it, and nobody else sees that."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract.errors import PortError

MUTABLE = ("any", "json", "messages", "numbers")
"""Kinds whose values may be lists and dicts."""


def owned(value: Any, where: str = "") -> Any:
    """The value with lists and dicts of its own at every depth; what they hold besides is shared.

    Raises PortError for one that holds itself.
    """
    try:
        return _owned(value)
    except RecursionError:
        raise endless(where) from None


def owned_parts(data: dict[str, Any], where: str) -> dict[str, Any]:
    """The same of a dict most of whose values are no lists or dicts, at less cost."""
    made = data.copy()
    for name, value in data.items():
        if type(value) in (dict, list):
            made[name] = owned(value, where)
    return made


def endless(where: str) -> PortError:
    """The error of a value too deep to be gone through."""
    what = "carries a value that holds itself, or parts in parts without end"
    return PortError(what, where=where, mend="give plain nested data")


def _owned(value: Any) -> Any:
    if type(value) is dict:
        known = cast(dict[Any, Any], value)
        return {k: _owned(v) if type(v) in (dict, list) else v for k, v in known.items()}
    if type(value) is list:
        return [_owned(v) if type(v) in (dict, list) else v for v in cast(list[Any], value)]
    return value
