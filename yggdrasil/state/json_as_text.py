"""A JSON value in words: what a model is told as prose has no braces, quotes or keys of a data structure around it."""

from __future__ import annotations

from typing import Any, cast


def outline(value: Any) -> str:
    """Names with what they hold, a line each, parts indented; what is empty is left out, texts stand as they are."""
    return "\n".join(_lines(value))


def in_a_line(value: Any) -> str:
    """The same between commas; '' for what is empty."""
    if isinstance(value, dict):
        named = {str(name): in_a_line(part) for name, part in cast("dict[str, Any]", value).items()}
        return ", ".join(f"{name}: {text}" for name, text in named.items() if text)
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(in_a_line, cast("list[Any]", value))))
    return "" if value is None else _plain(value)


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [line for name, part in cast("dict[str, Any]", value).items() for line in _named(str(name), part)]
    if isinstance(value, list | tuple):
        found: list[str] = []
        for part in cast("list[Any]", value):
            first, *more = _lines(part) or [""]
            found += [f"- {first}", *(f"  {line}" for line in more)] if first else []
        return found
    return [] if value is None or value == "" else [_plain(value)]


def _named(name: str, value: Any) -> list[str]:
    inner = _lines(value)
    if isinstance(value, dict | list | tuple):
        return [f"{name}:", *(f"  {line}" for line in inner)] if inner else []
    return [f"{name}: {inner[0]}"] if inner else []


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
