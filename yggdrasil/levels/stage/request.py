"""What a stage asks of an agent: a name, a context, and the schema that the answer obeys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yggdrasil.engine.cycle.cycle_stages import ROLES
from yggdrasil.state.content import Content

SCENES = [
    "meadow", "snow", "desert", "forest", "mountains", "sea", "beach", "city", "swamp", "volcanic", "cave",
    "dungeon", "room", "underwater", "space",
]  # fmt: skip
TIMES = ["day", "night", "sunset", "overcast"]
WEATHERS = ["none", "rain", "snowfall", "fog", "storm"]


def task(
    name: str, context: dict[str, Any], state: Mapping[str, Any], content: Content | None, action: str | None
) -> dict[str, Any]:
    """The task for the stage `name`; `found` makes a world's starting content. Without content it has no schema."""
    needs = ("artifacts",) if name == "philosopher" else ROLES[name].needs if name in ROLES else ()
    seen = {block: state[block] for block in needs if block in state}
    whole: dict[str, Any] = {**context, **seen}
    if name == "development":
        whole["action"] = action
    bound = {} if content is None else schema(name, content, context.get("scenes") or SCENES)
    return {"name": name, "context": whole, "schema": bound}


def schema(name: str, content: Content, scenes: list[str]) -> dict[str, Any]:
    """JSON schema of the answer to the task `name`."""
    makers = {
        "found": lambda: _found(scenes),
        "development": lambda: _development(content),
        "architect": _architect,
        "author": lambda: _author(content),
        "update": lambda: _update(content, scenes),
        "philosopher": lambda: _by_slot(_object(text=_text(400), labels={"type": "object"})),
        "creator": lambda: _by_slot({"type": "object"}),
    }
    return makers[name]()


def _text(limit: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": limit}


def _one_of(names: list[str], limit: int = 60) -> dict[str, Any]:
    """One of the known names, or nothing; free text where nothing is known yet."""
    return {"type": "string", "enum": [*names, ""]} if names else {"type": "string", "maxLength": limit}


def _list(items: dict[str, Any], low: int, high: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": low, "maxItems": high}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _by_slot(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": value, "minProperties": 1}


def _found(scenes: list[str]) -> dict[str, Any]:
    place = _object(name=_text(40), description=_text(120), scene={"type": "string", "enum": scenes})
    character = _object(name=_text(40), role=_text(40), place=_text(40))
    return _object(
        title=_text(60),
        places=_list(place, 2, 4),
        characters=_list(character, 2, 4),
        facts=_list(_text(120), 0, 4),
        time={"type": "string", "enum": TIMES},
        weather={"type": "string", "enum": WEATHERS},
        unknown=_list(_text(40), 0, 8),
    )


def _development(content: Content) -> dict[str, Any]:
    return _object(
        text=_text(200),
        kind=_text(30),
        who=_list(_one_of(content.names("character")), 0, 3),
        place=_one_of(content.names("place")),
        thing={"type": "string", "maxLength": 40},
        item=_one_of(content.names("item")),
    )


def _architect() -> dict[str, Any]:
    slot = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,20}$", "maxLength": 21}
    return _object(paints=_list(_object(prompt=_text(90), slot=slot), 1, 2))


def _author(content: Content) -> dict[str, Any]:
    return _object(
        text=_text(300),
        who=_list(_one_of(content.names("character")), 0, 3),
        place=_one_of(content.names("place")),
        thing={"type": "string", "maxLength": 40},
        mood={"type": "string", "maxLength": 30},
    )


def _update(content: Content, scenes: list[str]) -> dict[str, Any]:
    places, people, items = (_one_of(content.names(k)) for k in ("place", "character", "item"))
    options = [
        _op("add_fact", text=_text(160)),
        _op("add_place", name=_text(40), description=_text(120), scene={"type": "string", "enum": scenes}),
        _op("add_character", name=_text(40), role=_text(40), place=places),
        _op("add_item", name=_text(40), description=_text(120), place=places),
        _op("set", field={"type": "string", "enum": ["time", "weather"]}, value=_text(20)),
    ]
    if content.characters:
        options.append(_op("move", character=_known(content, "character"), place=places))
        changed = {"type": "string", "enum": ["role", "status", "description"]}
        kind = {"type": "string", "const": "character"}
        options.append(_op("change", kind=kind, name=_known(content, "character"), field=changed, value=_text(60)))
    if content.items:
        options.append(_op("give", item=items, to_character=people))
    return _object(operations=_list({"anyOf": options}, 1, 3))


def _known(content: Content, kind: str) -> dict[str, Any]:
    return {"type": "string", "enum": content.names(kind)}


def _op(op: str, **fields: dict[str, Any]) -> dict[str, Any]:
    return _object(op={"type": "string", "const": op}, **fields)
