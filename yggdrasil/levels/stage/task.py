"""What a stage asks of an agent: a name, a context, and the schema that the answer obeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yggdrasil.engine.cycle.cycle_stages import ROLES
from yggdrasil.levels.stage.genre import narrowed
from yggdrasil.levels.stage.looker import as_made
from yggdrasil.state.content import Content

ABOUT = {
    "found": "Make up the beginning of the world that is wished for: its places, its people, what is known there.",
    "development": "Decide what should happen next in the world; if the user acts, let that happen.",
    "architect": "Turn the intent into what is to be made: for each slot the words that its maker is told.",
    "creator": "Make what the plan asks for, slot by slot.",
    "philosopher": "Say of every slot what is really there, not what was ordered.",
    "author": "Tell what really happened, in the world's voice: what is there counts, not what was planned.",
    "update": "Name what is different in the world after what happened.",
}
"""What each stage asks, for a reader who knows nothing of stages."""


def task(
    name: str,
    context: dict[str, Any],
    state: Mapping[str, Any],
    content: Content | None,
    action: str | None,
    genre: str = "",
    ask: dict[str, Any] | None = None,
    calls: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The task for the stage `name` of a world of that genre; `found` makes a world's starting content.

    Without content it has no schema. `ask` says it in the words of a genre that is data, `calls` how a plan's
    calls look where they are of tools of the world's own.
    """
    needs = ("artifacts",) if name == "philosopher" else ROLES[name].needs if name in ROLES else ()
    seen = {block: state[block] for block in needs if block in state}
    if name == "philosopher":
        seen = {"artifacts": as_made(state.get("artifacts"))}
    whole: dict[str, Any] = {**context, **seen}
    if name == "development":
        whole["action"] = action
    asked = {"name": name, "about": ABOUT[name], "genre": genre, "context": whole, **({"ask": ask} if ask else {})}
    slots = [*seen.get("artifacts", ())]
    bound = {} if content is None else narrowed(genre, name, schema(name, content, slots, calls), whole)
    return {**asked, "schema": bound}


def schema(
    name: str, content: Content, slots: Sequence[str] = (), calls: dict[str, Any] | None = None
) -> dict[str, Any]:
    """JSON schema of the answer to the task `name`, as any world has it; a genre may narrow it.

    `slots` are those of which a Philosopher is asked; none of them is left out.
    """
    makers = {
        "found": _found,
        "development": lambda: _development(content),
        "architect": lambda: _architect() if calls is None else _object(calls=calls),
        "author": lambda: _author(content),
        "update": lambda: _update(content),
        "philosopher": lambda: _by_slot(_object(text=_text(400), labels={"type": "object"}), slots),
        "creator": lambda: _by_slot({"type": "object"}),
    }
    return makers[name]()


def _text(limit: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": limit}


def _word(limit: int) -> dict[str, Any]:
    """Text that may be empty."""
    return {"type": "string", "maxLength": limit}


def _one_of(names: list[str], limit: int = 60) -> dict[str, Any]:
    """One of the known names, or nothing; free text where nothing is known yet."""
    return {"type": "string", "enum": [*names, ""]} if names else _word(limit)


def _list(items: dict[str, Any], low: int, high: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": low, "maxItems": high}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _by_slot(value: dict[str, Any], slots: Sequence[str] = ()) -> dict[str, Any]:
    if slots:
        return _object(**dict.fromkeys(slots, value))
    return {"type": "object", "additionalProperties": value, "minProperties": 1}


def _found() -> dict[str, Any]:
    place = _object(name=_text(40), description=_word(120), scene=_word(40))
    character = _object(name=_text(40), role=_text(40), place=_text(40))
    return _object(
        title=_text(60),
        places=_list(place, 2, 4),
        characters=_list(character, 2, 4),
        facts=_list(_text(120), 0, 4),
        time=_word(20),
        weather=_word(20),
        unknown=_list(_text(40), 0, 8),
    )


def _development(content: Content) -> dict[str, Any]:
    return _object(
        text=_text(200),
        kind=_text(30),
        who=_list(_one_of(content.names("character")), 0, 3),
        place=_one_of(content.names("place")),
        thing=_word(40),
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
        thing=_word(40),
        mood=_word(30),
    )


def _update(content: Content) -> dict[str, Any]:
    places, people, items = (_one_of(content.names(k)) for k in ("place", "character", "item"))
    options = [
        _op("add_fact", text=_text(160)),
        _op("add_place", name=_text(40), description=_text(120), scene=_word(40)),
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
    return _object(operations=_list({"anyOf": options}, 0, 3))


def _known(content: Content, kind: str) -> dict[str, Any]:
    return {"type": "string", "enum": content.names(kind)}


def _op(op: str, **fields: dict[str, Any]) -> dict[str, Any]:
    return _object(op={"type": "string", "const": op}, **fields)
