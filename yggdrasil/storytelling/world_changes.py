"""The changes of a world that a weak model may name, and those of them that make sense there."""

from __future__ import annotations

import re
from typing import Any

from yggdrasil.storytelling import answer_schemas
from yggdrasil.storytelling.line_quality import shortened

Schema = dict[str, Any]
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE = re.compile(r"([^\W\d_]+),? ([A-ZА-ЯЁ][a-zа-яё]{2,}(?: [A-ZА-ЯЁ][a-zа-яё]{2,})?)")
_WHERE = frozenset({"in", "at", "to", "from", "near", "into", "of", "в", "на", "из", "у", "к", "до"})
_STATUS = ["happy", "proud", "curious", "hopeful", "tired", "worried", "afraid", "sad", "angry"]


def change_shapes(context: dict[str, Any], language: str) -> list[Schema]:
    """One shape for each kind of operation that the chronicle allows; names are known ones or stand in its text."""
    world, chronicle = context.get("world", {}), context["chronicle"]
    people, places, items = ([t["name"] for t in world.get(kind, [])] for kind in ("characters", "places", "items"))
    options = [_op("add_fact", text=answer_schemas.sentence(language, 5, 20))]
    part = [name for name in chronicle.get("who") or people if name in people]
    stands = {c["name"]: c.get("place", "") for c in world.get("characters", [])}
    for name in part:
        elsewhere = [place for place in places if place != stands.get(name)]
        if elsewhere:
            options.append(_op("move", character=answer_schemas.one_of([name]), place=answer_schemas.one_of(elsewhere)))
    if part:
        status = answer_schemas.one_of(_STATUS) if language == "en" else answer_schemas.phrase(language, 1, 3)
        options.append(_op("change", name=answer_schemas.one_of(part), value=status))
    thing = str(chronicle.get("thing") or "")
    if places and thing and thing not in items:
        looks = answer_schemas.phrase(language, 2, 6, small=True)
        options.append(
            _op("add_item", name=answer_schemas.one_of([thing]), description=looks, place=answer_schemas.one_of(places))
        )
    if items and people:
        options.append(_op("give", item=answer_schemas.one_of(items), to_character=answer_schemas.one_of(people)))
    strangers, lands = unknown_names(str(chronicle["text"]), [*people, *places, *items])
    if strangers and places:
        role = answer_schemas.phrase(language, 1, 2)
        options.append(
            _op("add_character", name=answer_schemas.one_of(strangers), role=role, place=answer_schemas.one_of(places))
        )
    if lands and context.get("scenes"):
        told, scene = answer_schemas.sentence(language, 4, 16), answer_schemas.one_of(list(context["scenes"]))
        options.append(_op("add_place", name=answer_schemas.one_of(lands), description=told, scene=scene))
    return options


def unknown_names(text: str, known: list[str]) -> tuple[list[str], list[str]]:
    """Names inside sentences that are not known: of people, and of places (those that come after in, at, to …)."""
    parts = {word.lower() for name in known for word in _WORD.findall(name)}
    people: list[str] = []
    places: list[str] = []
    for before, name in _INSIDE.findall(text):
        found = places if before.lower() in _WHERE else people
        if name not in found and not {word.lower() for word in name.split()} & parts:
            found.append(name)
    return people, places


def changes(operations: list[dict[str, Any]], context: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations without those that change nothing or name again what there is."""
    world = context.get("world", {})
    known = {t["name"].lower() for kind in ("characters", "places", "items") for t in world.get(kind, [])}
    stands = {c["name"]: c.get("place", "") for c in world.get("characters", [])}
    facts = {str(fact) for fact in world.get("facts", [])}
    told: set[tuple[str, Any]] = set()
    kept: list[dict[str, Any]] = []
    for asked in operations:
        operation, kind = asked, asked["op"]
        if kind == "change":
            operation = {**asked, "kind": "character", "field": "status"}
        if kind in ("add_character", "add_place", "add_item"):
            new = operation["name"].strip().lower()
            if new in known:
                continue
            known.add(new)
        if kind == "move" and stands.get(operation["character"]) == operation["place"]:
            continue
        if kind == "add_fact" and operation["text"] in facts:
            continue
        for field, limit in (("text", 160), ("description", 120)):
            if field in operation:
                operation = {**operation, field: shortened(operation[field], limit)}
        subject = (kind, operation.get("name", operation.get("character", operation.get("text"))))
        if subject not in told:
            told.add(subject)
            kept.append(operation)
    return kept


def _op(op: str, **fields: Schema) -> Schema:
    return answer_schemas.object_of(op={"const": op}, **fields)
