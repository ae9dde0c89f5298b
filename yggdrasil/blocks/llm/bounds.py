"""Bounds on the letters of a text: a grammar stops in the middle of a word, an answer ends at one."""

from __future__ import annotations

from typing import Any, cast

_ROOM = 24
"""Letters of one more word, which a bound leaves to a model before the text is cut after the word before."""
STEERING = frozenset({"pattern", "minLength", "maxLength", "minItems", "maxItems", "additionalProperties"})
"""Bounds that steer a weak model, and that a good answer may pass over."""
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
    """What a model wrote under `roomy(schema)`, each text that went over its bound cut after a word.

    Without `strict` only those that met the roomy bound: a model that nothing binds may write more than was asked.
    """
    if not isinstance(schema, dict):
        return value
    given = cast("dict[str, Any]", schema)
    if isinstance(value, str):
        return _cut(value, _limit(given), strict=strict)
    if isinstance(value, list):
        parts = given.get("items")
        return [ended_at_words(part, parts, strict=strict) for part in cast("list[Any]", value)]
    if isinstance(value, dict):
        whole = cast("dict[str, Any]", value)
        own = _properties(whole, given)
        rest = given.get("additionalProperties")
        return {name: ended_at_words(part, own.get(name, rest), strict=strict) for name, part in whole.items()}
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
    over = len(text) > limit if strict else len(text) == limit + _ROOM
    if not limit or not over or (strict and len(text) > limit + _ROOM):
        return text
    head = text[: limit + 1].rpartition(" ")[0].rstrip()
    return head or text[:limit]
