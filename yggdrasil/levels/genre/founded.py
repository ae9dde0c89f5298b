"""A genre's founding as a world holds it: own kinds by their fields, what each one alone knows, what nobody knows."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.levels.genre.book import Book, EntityKind

_PLAIN = ("name", "description", "status", "place")


def founded(book: Book, output: dict[str, Any]) -> dict[str, Any]:
    """The answer of the founding with `entities` and `known_by`; what is `hidden` becomes facts that nobody knows."""
    rest = {name: value for name, value in output.items() if name not in book.hidden}
    facts: list[str] = [str(fact) for fact in rest.get("facts") or []]
    known_by: dict[str, list[str]] = {}
    for name in book.hidden:
        known_by |= {fact: [] for fact in _texts(output.get(name))}
    people: list[dict[str, Any]] = []
    for who in cast("list[dict[str, Any]]", rest.get("characters") or []):
        people.append({key: value for key, value in who.items() if key != "knows"})
        for fact in _texts(who.get("knows")):
            known_by.setdefault(fact, []).append(str(who.get("name", "")))
    kinds = {kind: _things(entity, rest.pop(entity.many, None) or []) for kind, entity in book.entities.items()}
    secrets = {"facts": list(dict.fromkeys([*facts, *known_by])), "known_by": known_by} if known_by else {}
    own = {"entities": {kind: things for kind, things in kinds.items() if things}} if any(kinds.values()) else {}
    return {**rest, "characters": people, **secrets, **own}


def _texts(value: Any) -> list[str]:
    every = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [str(text).strip() for text in every if str(text or "").strip()]


def _things(entity: EntityKind, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plain = [{name: thing[name] for name in _PLAIN if name in thing} for thing in given]
    own = [{name: thing[name] for name in entity.fields if thing.get(name) is not None} for thing in given]
    return [{**known, "fields": fields} for known, fields in zip(plain, own, strict=True)]
