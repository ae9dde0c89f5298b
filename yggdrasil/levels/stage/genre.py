"""A genre as the levels see it: what it may set, narrow and tell; each part is optional, and so is the genre."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from yggdrasil.contract.entry_points import GENRES

Schema = dict[str, Any]
_MOVED, _ONLY_ONE = ("things", "scenes"), "tale"


def setting(genre: str, own: dict[str, Any], declared: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """What the tasks of a world carry of its genre: the genre's own defaults, what of them the world's tools `declared`
    instead, and what the world itself sets."""
    defaults: dict[str, Any] = _part(genre, "setting", {})
    return {**defaults, **{name: declared[name] for name in defaults if name in declared}, **own}


def narrowed(genre: str, task: str, general: Schema, context: dict[str, Any]) -> Schema:
    """The schema of the answer to `task`, bounded by the genre where it bounds anything."""
    narrow = _part(genre, "answer_schema", None)
    return narrow(task, general, context) if narrow else general


def languages(genre: str) -> tuple[str, ...]:
    """The languages that can be told; empty if any will do."""
    return tuple(_part(genre, "languages", ()))


def unread(genre: str, text: str) -> list[str]:
    """The words of a wish or a style that the genre's guide, if it has one, would not understand."""
    read = _part(genre, "unread", None)
    return read(text) if read else []


def of_format_1(config: dict[str, Any]) -> dict[str, Any]:
    """A world's config as format 2 has it: before, there was one genre, whose settings stood among the world's own."""
    moved = {name: config[name] for name in _MOVED if name in config}
    kept = {name: value for name, value in config.items() if name not in _MOVED}
    return {**kept, "genre": _ONLY_ONE, **({"setting": moved} if moved else {})}


def _part(genre: str, name: str, without: Any) -> Any:
    return getattr(GENRES.find(genre), name, without) if genre else without
