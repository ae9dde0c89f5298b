"""What a stage's model is told of the world: parts in a stable order, each with how much of it may be left out.

A part is JSON: `head`, `lines`, and `keep`: "all" of them, those to the point as far as there is "room", or the story,
which is kept from its "end" backwards, an older line by its `short` form. `rank` says how much a line is to the point.
What grows only at its end comes first, so that the beginning of a request is that of the request before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from yggdrasil.levels.genre.recall import Ranks, by_words
from yggdrasil.state.content import Character, Content, Entity, Item, Place
from yggdrasil.state.task_context import stems

Part = dict[str, Any]
MASTERS = ("development", "update")
"""The stages of Environment, which alone are told what nobody in the world knows yet."""


def told(
    content: Content,
    stage: str,
    state: Mapping[str, Any],
    action: str,
    pictures: Sequence[str] = (),
    ranks: Ranks = by_words,
) -> list[Part]:
    """The parts that have lines. `state` and `action` say what the stage is about; `pictures` were made before;
    `ranks` says how much a line is to the point."""
    point = _point(state, action, content.story[-1:])
    about, ranked = stems(point), partial(ranks, point)
    summaries = [content.summaries.get(str(number), "") for number in range(len(content.story))]
    open_, secret = _facts(content)
    parts = [
        _part("STORY SO FAR", content.story, "end", ranked, short=summaries),
        _part("PICTURES MADE BEFORE", list(pictures), "room", ranked),
        _part("FACTS", open_, "room", ranked),
        _part("KNOWN TO NOBODY YET", secret if stage in MASTERS else [], "all"),
        _part("RULES", content.rules, "all"),
        _part("WORDS", [f"{word}: {meaning}" for word, meaning in content.glossary.items()], "room", ranked),
        _part("PLACES", _things(content.places, about, _place), "all"),
        _part("CHARACTERS", _things(content.characters, about, _character), "all"),
        _part("THINGS", _things(content.items, about, _item), "all"),
        *(_part(kind.upper(), _things(things, about, _entity), "all") for kind, things in content.entities.items()),
        _part("NOW", [f"{name}: {value}" for name in ("time", "weather") if (value := getattr(content, name))], "all"),
    ]
    return [part for part in parts if part["lines"]]


def known_to(content: Content, who: Character) -> list[Part]:
    """What one character knows: the facts that are theirs, where they stand, and who and what is there."""
    ranked = partial(by_words, " ".join([who.name, who.role, *who.goals]))
    beside = [other for other in content.characters if other.place == who.place and other.name != who.name]
    parts = [
        _part("WHAT YOU KNOW", content.known_to(who.name), "room", ranked),
        _part("WHERE YOU ARE", [_place(p, True) for p in content.places if p.name == who.place], "all"),
        _part("WHO IS HERE", [_joined(o.name, o.role, o.looks) for o in beside if who.place], "all"),
        _part("WHAT YOU HAVE", [_joined(i.name, i.description) for i in content.items if i.holder == who.name], "all"),
    ]
    return [part for part in parts if part["lines"]]


def _part(
    head: str,
    lines: list[str],
    keep: str,
    ranked: Callable[[list[str]], list[int]] | None = None,
    short: list[str] | None = None,
) -> Part:
    part: Part = {"head": head, "lines": lines, "keep": keep}
    if ranked is not None:
        part["rank"] = ranked(lines)
    if short and any(short):
        part["short"] = short
    return part


def _facts(content: Content) -> tuple[list[str], list[str]]:
    """What is known, each fact with those who alone know it; and what nobody knows."""
    known: list[str] = []
    secret: list[str] = []
    for fact in content.facts:
        knowers = content.known_by.get(fact)
        if knowers is None:
            known.append(fact)
        elif knowers:
            known.append(f"{fact} (only {', '.join(knowers)} know{'s' if len(knowers) == 1 else ''})")
        else:
            secret.append(fact)
    return known, secret


def _point(state: Mapping[str, Any], action: str, last: list[str]) -> str:
    """What the stage is about: the action, what should happen, what happened, else the story's last."""
    said = [action, *(_texts(state.get(block)) for block in ("intent", "chronicle"))]
    return " ".join(said if any(said) else last)


def _texts(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_texts(part) for part in cast("dict[str, Any]", value).values())
    if isinstance(value, list):
        return " ".join(_texts(part) for part in cast("list[Any]", value))
    return value if isinstance(value, str) else ""


def _things(things: Iterable[Any], about: set[str], line: Callable[[Any, bool], str]) -> list[str]:
    """A line each: those of whom the stage is about in full, the others by name and by what they are."""
    return [line(thing, bool(about & stems(thing.name))) for thing in things]


def _place(place: Place, whole: bool) -> str:
    del whole
    return _joined(place.name, place.description, place.status)


def _character(who: Character, whole: bool) -> str:
    more = [who.description, who.looks, who.voice and f"speaks {who.voice}", *(f"wants {goal}" for goal in who.goals)]
    return _joined(who.name, who.role, who.place and f"at {who.place}", who.status, *(more if whole else ()))


def _item(item: Item, whole: bool) -> str:
    where = f"held by {item.holder}" if item.holder else f"at {item.place}" if item.place else ""
    return _joined(item.name, where, item.status, *((item.description,) if whole else ()))


def _entity(thing: Entity, whole: bool) -> str:
    own = [f"{name}: {_flat(value)}" for name, value in thing.fields.items() if value not in ("", [], None)]
    more = (thing.description,) if whole else ()
    return _joined(thing.name, thing.place and f"at {thing.place}", thing.status, *own, *more)


def _flat(value: Any) -> str:
    return ", ".join(map(str, cast("list[Any]", value))) if isinstance(value, list) else str(value)


def _joined(name: str, *more: str) -> str:
    told = "; ".join(part for part in more if part)
    return f"{name}: {told}" if told else name
