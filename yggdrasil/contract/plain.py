"""Plain data, as JSON holds it: what can be made such is, and of the rest it is told which part is none."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from typing import Any, cast

from yggdrasil.contract.errors import YggError

_DEPTH = 200
_BITS = 14_000
"""Bits of a whole number, of which Python writes no more than 4300 digits."""


class NotPlain(YggError):
    """A part of a value is nothing that JSON holds; the place is that of the part."""


def plain(value: Any) -> Any:
    """The value with numpy's numbers as Python's own and whole numbers that are keys as the text that JSON has."""
    if type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return value.item()
    if type(value) is dict:
        items = cast(dict[Any, Any], value).items()
        return {str(name) if type(name) is int else name: plain(part) for name, part in items}
    if type(value) in (list, tuple):
        parts = [plain(part) for part in cast(list[Any], value)]
        return parts if isinstance(value, list) else tuple(parts)
    return value


def as_plain_json(value: Any, where: str = "") -> Any:
    """A copy of the value as JSON would give it back. Raises NotPlain that names the part which JSON does not hold."""
    return _as_json(value, where, 0)


def _as_json(value: Any, where: str, depth: int) -> Any:
    if depth > _DEPTH:
        raise NotPlain(f"holds parts in parts more than {_DEPTH} deep", where=where, mend="write them side by side")
    if isinstance(value, Mapping):
        items = [(_key(name, where), part) for name, part in cast(Mapping[Any, Any], value).items()]
        return {name: _as_json(part, f"{where}.{name}" if where else name, depth + 1) for name, part in items}
    if isinstance(value, list | tuple):
        parts = enumerate(cast(list[Any], value))
        return [_as_json(part, f"{where}.{number}" if where else str(number), depth + 1) for number, part in parts]
    if hasattr(value, "model_dump"):
        return _as_json(value.model_dump(mode="json"), where, depth)
    return _scalar(plain(value), where)


def _key(name: Any, where: str) -> str:
    if isinstance(name, str):
        return name
    if type(name) is int:
        return str(name)
    raise NotPlain(f"has a key that is no text ({name!r:.40})", where=where, mend="name each part by a text")


def _scalar(value: Any, where: str) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int) and value.bit_length() <= _BITS:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, float):
        what = f"is {value}, no finite number"
    else:
        what = f"is a number of {value.bit_length()} bits" if isinstance(value, int) else f"is {_said(value)}, not JSON"
    mend = "give text, truth values, finite numbers, lists, or objects of them; keep large values as artifacts"
    raise NotPlain(what, where=where, mend=mend)


def _said(value: Any) -> str:
    kind = type(value).__name__
    return kind if type(value).__repr__ is object.__repr__ else f"{kind} {reprlib.repr(value):.60}"
