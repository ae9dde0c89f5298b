"""Fitting what a world tells into a model's window: the whole story while it fits, then what is to the point."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Any

from yggdrasil.agent.window import tokens_of

Part = dict[str, Any]
_RECALLED = "FROM EARLIER"
_SHARE = 4
"""What may be left out, but the story, takes at most this part of the room; so do the old lines to the point."""


def fitted(parts: list[Part], room: int) -> str:
    """The parts as text of at most about `room` tokens (0: no bound); what must be told is told even so.

    Old lines of the story that are to the point come last, so that what is told begins as it did the last time.
    """
    chosen = {part["head"]: _lines(part, room) for part in parts if part["keep"] != "end"}
    left = room - sum(tokens_of(_text(head, lines)) for head, lines in chosen.items())
    recalled: list[str] = []
    for part in parts:
        if part["keep"] == "end":
            chosen[part["head"]], recalled = _story(part, max(left, 1) if room else 0)
    told = [(part["head"], chosen[part["head"]]) for part in parts]
    return "\n\n".join(_text(head, lines) for head, lines in [*told, (_RECALLED, recalled)] if lines)


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


def _story(part: Part, room: int) -> tuple[list[str], list[str]]:
    """The story: whole, or what came before in short and its end; and the older lines that are to the point."""
    lines: list[str] = part["lines"]
    sizes = [tokens_of(line) for line in lines]
    if not room or sum(sizes) <= room:
        return lines, []
    first = _left_out(sizes, room - room // _SHARE)
    old = sorted(_best(part, range(first), room // _SHARE, least=1))
    left = room - sum(sizes[first:]) - sum(sizes[number] for number in old)
    return [*_in_short(part, first, left), *lines[first:]], [lines[number] for number in old]


def _left_out(sizes: list[int], room: int) -> int:
    """How many of the first lines are not told: as many at once as a part of the room takes, so that the beginning of
    what is told stays the same while the story grows."""
    at_once = max(room // _SHARE, 1)
    cut = -(-(sum(sizes) - room) // at_once) * at_once
    return bisect_left([*accumulate(sizes)], cut) + 1


def _in_short(part: Part, first: int, room: int) -> list[str]:
    """The lines before `first` in their short form, from the newest back as far as there is room."""
    told: list[str] = []
    for line in reversed((part.get("short") or [])[:first]):
        room -= tokens_of(line)
        if room < 0:
            break
        told += [line] if line else []
    return told[::-1]
