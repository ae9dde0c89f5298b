"""Bounds on the letters of a text: a grammar stops in the middle of a word, an answer ends at one, or at a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

_ROOM = 24
"""Letters of one more word, which a bound leaves to a model before the text is cut after the word before."""
_NEAR = 6
"""Letters before the bound where a model that may write no further word presses it into the last one."""
STEERING = frozenset({"pattern", "minLength", "maxLength", "minItems", "maxItems", "additionalProperties"})
"""Bounds that steer a weak model, and that a good answer may pass over."""
_SENTENCE = re.compile(r"[.!?…]['\"”»)]*(?=\s|$)")
_CLAUSE = re.compile(r"[^\s,;:—-](?=[,;:]\s|\s+[—-]\s)")
"""Where a sentence and a part of one end."""
_FIXED = ("pattern", "enum", "const", "format")


def loose(schema: Any, bounds: frozenset[str] = STEERING) -> Any:
    """The schema without these bounds."""
    if isinstance(schema, dict):
        return {k: loose(v, bounds) for k, v in cast("dict[str, Any]", schema).items() if k not in bounds}
    return [loose(part, bounds) for part in cast("list[Any]", schema)] if isinstance(schema, list) else schema


def roomy(schema: Any) -> Any:
    """The schema as a model is bound by it: each free text may be a word longer than it says."""
    if isinstance(schema, list):
        return [roomy(part) for part in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    given = cast("dict[str, Any]", schema)
    made = {key: part if key in ("enum", "const", "default") else roomy(part) for key, part in given.items()}
    return {**made, "maxLength": given["maxLength"] + _ROOM} if _limit(given) else made


def ended_at_words(value: Any, schema: Any, *, strict: bool = True) -> Any:
    """What a model wrote under `roomy(schema)`, each text that went over its bound cut where words or more end.

    Without `strict` only those that came near the roomy bound: a model that nothing binds may write more than asked.
    """
    return _each_text(value, schema, lambda text, limit: _cut(text, limit, strict=strict))


def spaced(value: Any, schema: Any) -> Any:
    """What a model wrote, each text of it in words: one that has read much code writes `old_map` for a thing's name."""
    return _each_text(value, schema, lambda text, limit: text.replace("_", " ").strip() if limit else text)


def _each_text(value: Any, schema: Any, change: Callable[[str, int], str]) -> Any:
    """The value with each text changed, given the letters that it may have by its schema, as `_limit` says."""
    if not isinstance(schema, dict):
        return value
    given = cast("dict[str, Any]", schema)
    if isinstance(value, str):
        return change(value, _limit(given))
    if isinstance(value, list):
        return [_each_text(part, given.get("items"), change) for part in cast("list[Any]", value)]
    if isinstance(value, dict):
        whole = cast("dict[str, Any]", value)
        own = _properties(whole, given)
        rest = given.get("additionalProperties")
        return {name: _each_text(part, own.get(name, rest), change) for name, part in whole.items()}
    return value


def _limit(schema: dict[str, Any]) -> int:
    """The letters that a free text may have; 0 for what has no bound, or is no free text."""
    free = schema.get("type") == "string" and not any(key in schema for key in _FIXED)
    limit = schema.get("maxLength")
    return limit if free and isinstance(limit, int) else 0


def _properties(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The properties of the schema, or of the one of its alternatives that the value is."""
    for option in cast("list[Any]", schema.get("anyOf") or schema.get("oneOf") or []):
        own = option.get("properties", {})
        fixed = {name: part["const"] for name, part in own.items() if isinstance(part, dict) and "const" in part}
        if all(value.get(name) == const for name, const in fixed.items()):
            return own
    return schema.get("properties", {})


def _cut(text: str, limit: int, *, strict: bool) -> str:
    over = len(text) > limit if strict else limit + _ROOM - _NEAR < len(text) <= limit + _ROOM
    if not limit or not over or (strict and len(text) > limit + _ROOM):
        return text
    head = text[: limit + 1].rpartition(" ")[0].rstrip()
    for end in (_SENTENCE, _CLAUSE):
        last = max((found.end() for found in end.finditer(head)), default=0)
        if last >= limit // 2:
            return head[:last]
    return head or text[:limit]
