"""What a stage's model is told of the world: parts in a stable order, each with how much of it may be left out.

A part is JSON: `head`, `lines`, and `keep`: "all" of them, those to the point as far as there is "room", or the story,
which is kept from its "end" backwards, an older line by its `short` form. `rank` says how much a line is to the point.
What grows only at its end comes first, so that the beginning of a request is that of the request before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yggdrasil.state.content import Content
from yggdrasil.state.task_context import stems

Part = dict[str, Any]


def told(content: Content, state: dict[str, Any], action: str) -> list[Part]:
    """The parts that have lines. `state` and `action` say what the stage is about."""
    about = _about(state, action, content.story[-1:])
    parts = [
        _part("STORY SO FAR", content.story, "end", about, short=_summaries(content)),
        _part("FACTS", content.facts, "room", about),
        _part("RULES", content.rules, "all"),
        _part("WORDS", [f"{word}: {meaning}" for word, meaning in content.glossary.items()], "room", about),
        _part("PLACES", _things(content.places, about, _place), "all"),
        _part("CHARACTERS", _things(content.characters, about, _character), "all"),
        _part("THINGS", _things(content.items, about, _item), "all"),
        _part("NOW", [f"{name}: {value}" for name in ("time", "weather") if (value := getattr(content, name))], "all"),
    ]
    return [part for part in parts if part["lines"]]


def _part(
    head: str, lines: list[str], keep: str, about: set[str] | None = None, short: list[str] | None = None
) -> Part:
    part: Part = {"head": head, "lines": lines, "keep": keep}
    if about is not None:
        part["rank"] = [len(about & stems(line)) for line in lines]
    if short and any(short):
        part["short"] = short
    return part


def _about(state: dict[str, Any], action: str, last: list[str]) -> set[str]:
    """The stems of what the stage is about: the action, what should happen, what happened, else the story's last."""
    said = [action, *(_texts(state.get(block)) for block in ("intent", "chronicle"))]
    return stems(" ".join(said if any(said) else last))


def _texts(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_texts(part) for part in value.values())  # pyright: ignore
    if isinstance(value, list):
        return " ".join(_texts(part) for part in value)  # pyright: ignore
    return value if isinstance(value, str) else ""


def _summaries(content: Content) -> list[str]:
    del content
    return []


def _things(things: Iterable[Any], about: set[str], line: Any) -> list[str]:
    """A line each: those of whom the stage is about in full, the others by name and by what they are."""
    return [line(thing, whole=bool(about & stems(thing.name))) for thing in things]


def _place(place: Any, whole: bool) -> str:
    del whole
    return _joined(place.name, place.description, place.status)


def _character(who: Any, whole: bool) -> str:
    more = (who.description,) if whole else ()
    return _joined(who.name, who.role, who.place and f"at {who.place}", who.status, *more)


def _item(item: Any, whole: bool) -> str:
    where = f"held by {item.holder}" if item.holder else f"at {item.place}" if item.place else ""
    more = (item.description,) if whole else ()
    return _joined(item.name, where, item.status, *more)


def _joined(name: str, *more: str) -> str:
    told = "; ".join(part for part in more if part)
    return f"{name}: {told}" if told else name
