"""Fitting what a world tells into a model's window: the whole story while it fits, then what is to the point."""

from __future__ import annotations

from typing import Any

from yggdrasil.agent.window import tokens_of

Part = dict[str, Any]
_STEP = 16
"""Lines of the story that are left out together, so that the beginning of requests stays the same for some steps."""
_SHARE = 4
"""What may be left out, but the story, takes at most this part of the room; so do the old lines to the point."""


def fitted(parts: list[Part], room: int) -> str:
    """The parts as text of at most about `room` tokens (0: no bound); what must be told is told even so."""
    chosen = {part["head"]: _lines(part, room) for part in parts if part["keep"] != "end"}
    left = room - sum(tokens_of(_text(head, lines)) for head, lines in chosen.items())
    for part in parts:
        if part["keep"] == "end":
            chosen[part["head"]] = _story(part, max(left, 1) if room else 0)
    return "\n\n".join(_text(part["head"], chosen[part["head"]]) for part in parts if chosen[part["head"]])


def _text(head: str, lines: list[str]) -> str:
    return "\n".join([head, *(f"- {line}" for line in lines)])


def _lines(part: Part, room: int) -> list[str]:
    lines: list[str] = part["lines"]
    if part["keep"] == "all" or not room:
        return lines
    kept = _best(part, range(len(lines)), room // _SHARE)
    return [line for number, line in enumerate(lines) if number in kept]


def _best(part: Part, numbers: range, room: int, least: int = 0) -> set[int]:
    """The numbers of the lines that are most to the point, the newest first among equals, as far as there is room."""
    ranks: list[int] = part.get("rank") or [0] * len(part["lines"])
    kept: set[int] = set()
    for number in sorted(numbers, key=lambda n: (-ranks[n], -n)):
        room -= tokens_of(part["lines"][number])
        if room < 0 or ranks[number] < least:
            break
        kept.add(number)
    return kept


def _story(part: Part, room: int) -> list[str]:
    """The story: whole, or its end, before it the older lines that are to the point, and the others in short."""
    lines: list[str] = part["lines"]
    sizes = [tokens_of(line) for line in lines]
    if not room or sum(sizes) <= room:
        return lines
    verbatim = room - room // _SHARE
    first = next((n for n in range(0, len(lines), _STEP) if sum(sizes[n:]) <= verbatim), len(lines))
    if first == len(lines):
        while first and sum(sizes[first - 1 :]) <= verbatim:
            first -= 1
    kept = _best(part, range(first), room // _SHARE, least=1)
    left = room - sum(sizes[first:]) - sum(sizes[n] for n in kept)
    short: list[str] = part.get("short") or [""] * len(lines)
    for number in reversed(range(first)):
        if number in kept or not short[number]:
            continue
        left -= tokens_of(short[number])
        if left < 0:
            break
        kept.add(number)
        lines = [*lines[:number], short[number], *lines[number + 1 :]]
    return [line for number, line in enumerate(lines) if number >= first or number in kept]
