"""The changes of a world that a weak model may name, and those of them that make sense there."""

from __future__ import annotations

import re
from typing import Any

from yggdrasil.agent import shapes

Schema = dict[str, Any]
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE = re.compile(r"(?<=[a-zа-яё,;:] )([A-ZА-ЯЁ][a-zа-яё]{2,}(?: [A-ZА-ЯЁ][a-zа-яё]{2,})?)")
_STATUS = ["wounded", "ill", "missing", "afraid", "angry", "happy", "tired", "in love", "trusted", "exiled", "dead"]


def change_shapes(context: dict[str, Any], language: str) -> list[Schema]:
    """One shape for each kind of operation that the chronicle allows; names are known ones or stand in its text."""
    world, chronicle = context.get("world", {}), context["chronicle"]
    people, places, items = ([t["name"] for t in world.get(kind, [])] for kind in ("characters", "places", "items"))
    options = [_op("add_fact", text=shapes.sentence(language, 5, 20))]
    if people and len(places) > 1:
        options.append(_op("move", character=shapes.one_of(people), place=shapes.one_of(places)))
    if people:
        status = shapes.one_of(_STATUS) if language == "en" else shapes.phrase(language, 1, 3)
        changed = {"kind": {"const": "character"}, "field": {"const": "status"}, "value": status}
        options.append(_op("change", name=shapes.one_of(people), **changed))
    thing = str(chronicle.get("thing") or "")
    if places and thing and thing not in items:
        told = shapes.sentence(language, 4, 16)
        options.append(_op("add_item", name=shapes.one_of([thing]), description=told, place=shapes.one_of(places)))
    if items and people:
        options.append(_op("give", item=shapes.one_of(items), to_character=shapes.one_of(people)))
    strangers = unknown_names(str(chronicle["text"]), [*people, *places, *items])
    if strangers and places:
        role = shapes.phrase(language, 1, 2)
        options.append(_op("add_character", name=shapes.one_of(strangers), role=role, place=shapes.one_of(places)))
    if strangers and context.get("scenes"):
        told, scene = shapes.sentence(language, 4, 16), shapes.one_of(list(context["scenes"]))
        options.append(_op("add_place", name=shapes.one_of(strangers), description=told, scene=scene))
    return options


def unknown_names(text: str, known: list[str]) -> list[str]:
    """Words with a capital inside a sentence that belong to no known name."""
    parts = {word.lower() for name in known for word in _WORD.findall(name)}
    found = [match.group(1) for match in _INSIDE.finditer(text)]
    return [name for name in dict.fromkeys(found) if not {w.lower().removesuffix("'s") for w in name.split()} & parts]


def changes(operations: list[dict[str, Any]], context: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations without those that change nothing or name again what there is."""
    world = context.get("world", {})
    known = {t["name"].lower() for kind in ("characters", "places", "items") for t in world.get(kind, [])}
    stands = {c["name"]: c.get("place", "") for c in world.get("characters", [])}
    facts = {str(fact) for fact in world.get("facts", [])}
    kept: list[dict[str, Any]] = []
    for operation in operations:
        kind = operation["op"]
        if kind in ("add_character", "add_place", "add_item"):
            new = operation["name"].strip().lower()
            if new in known:
                continue
            known.add(new)
        if kind == "move" and stands.get(operation["character"]) == operation["place"]:
            continue
        if kind == "add_fact" and operation["text"] in facts:
            continue
        if operation not in kept:
            kept.append(operation)
    return kept


def _op(op: str, **fields: Schema) -> Schema:
    return shapes.object_of(op={"const": op}, **fields)
