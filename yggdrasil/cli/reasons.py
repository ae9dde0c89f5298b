"""Reasons and notes, which every level gives as codes with arguments, in the words of the user's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yggdrasil.cli.translations import known, say
from yggdrasil.contract.events import Reason

_STOPS = ("KeyboardInterrupt", "Cancelled")


def told(why: Reason | None) -> str:
    """A reason as a person reads it; a code without words of its own is given as it is, with its arguments."""
    if not why:
        return ""
    code, args = why["code"], why["args"]
    if "error" in args:
        return say("interrupted") if args["error"] in _STOPS else _error(args)
    if code == "dropped" and not args.get("blocks"):
        return say("dropped_given_up")
    return _words(f"why_{code}", args) or ", ".join((code, *(f"{name}: {value}" for name, value in args.items())))


def noted(note: Mapping[str, Any]) -> str:
    """What a note tells, in the user's language if its code has words there, else in the words it came with."""
    return _words(f"note_{note.get('code', '')}", note.get("args") or {}) or str(note.get("text", ""))


def _error(args: Mapping[str, Any]) -> str:
    return f"{args['error']}: {args['message']}" if args.get("message") else str(args["error"])


def _words(key: str, args: Mapping[str, Any]) -> str:
    if not known(key):
        return ""
    return say(key).format_map(_Spoken({name: _spoken(value) for name, value in args.items()}))


class _Spoken(dict[str, str]):
    """Arguments of a sentence; one that a log lacks is left open instead of failing the page."""

    def __missing__(self, name: str) -> str:
        return "…"


def _spoken(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_spoken(part) for part in value)  # pyright: ignore[reportUnknownVariableType]
    text = str(value)
    return say(f"block_{text}") if known(f"block_{text}") else text
