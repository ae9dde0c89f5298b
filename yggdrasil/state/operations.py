"""The only way a world's content changes: typed operations, each with an exact inverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from pydantic import ValidationError

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.state.content import Character, Content, Item, Place
from yggdrasil.state.errors import OperationError, UnknownName
from yggdrasil.state.operation_types import (
    SETTABLE,
    AddCharacter,
    AddFact,
    AddItem,
    AddPlace,
    AddRule,
    AnyKind,
    AppendStory,
    Change,
    Give,
    Insert,
    Move,
    NamedKind,
    Operation,
    Remove,
    Set,
    Unset,
    Unwrite,
    parse_operations,
    tidy_name,
    to_json,
)

__all__ = [
    "AddCharacter",
    "AddFact",
    "AddItem",
    "AddPlace",
    "AddRule",
    "AppendStory",
    "Change",
    "Give",
    "Insert",
    "Move",
    "Operation",
    "OperationError",
    "Remove",
    "Set",
    "UnknownName",
    "Unset",
    "Unwrite",
    "apply",
    "find",
    "parse_operations",
    "to_json",
]


def apply(content: Content, operations: Iterable[Operation]) -> tuple[Content, list[Operation]]:
    """The content after all operations and what undoes them, or OperationError and no change at all.

    The given content is never touched; `apply(*apply(x, ops))[0] == x` for every legal `ops`.
    """
    draft = content.copied()
    inverses: list[Operation] = []
    for number, operation in enumerate(operations):
        where = f"operations/{number}:{operation.op}"
        try:
            undo = _ACTS[type(operation)](draft, operation, where)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise OperationError(str(first["msg"]), where=where, mend="nothing was changed") from None
        inverses[:0] = undo
    return draft, inverses


def find(content: Content, kind: str, name: str, where: str = "") -> Any:
    """The place, character or item of that name. Raises UnknownName with the near ones."""
    tidy = tidy_name(name)
    for thing in content.named(kind):
        if thing.name == tidy:
            return thing
    raise UnknownName(kind, name, content.names(kind), where)


def _add(draft: Content, kind: NamedKind, thing: Place | Character | Item, where: str) -> list[Operation]:
    if thing.name in draft.names(kind):
        raise OperationError(
            f"a {kind} named {thing.name!r} is there already", where=where, mend="change it, or take another name"
        )
    draft.named(kind).append(thing)
    return [Remove(kind=kind, name=thing.name)]


def _add_place(draft: Content, op: AddPlace, where: str) -> list[Operation]:
    return _add(draft, "place", Place(name=op.name, description=op.description, scene=op.scene), where)


def _add_character(draft: Content, op: AddCharacter, where: str) -> list[Operation]:
    _known(draft, "place", op.place, where)
    who = Character(name=op.name, role=op.role, place=op.place, description=op.description)
    return _add(draft, "character", who, where)


def _add_item(draft: Content, op: AddItem, where: str) -> list[Operation]:
    _known(draft, "character", op.holder, where)
    _known(draft, "place", op.place, where)
    item = Item(name=op.name, holder=op.holder, place=op.place, description=op.description)
    return _add(draft, "item", item, where)


def _known(draft: Content, kind: str, name: str, where: str) -> None:
    if name:
        find(draft, kind, name, where)


def _texts(draft: Content, kind: str) -> list[str]:
    return draft.facts if kind == "fact" else draft.rules


def _add_text(draft: Content, op: AddFact | AddRule, where: str) -> list[Operation]:
    kind: AnyKind = "fact" if op.op == "add_fact" else "rule"
    texts = _texts(draft, kind)
    if op.text in texts:
        return []
    texts.append(op.text)
    return [Remove(kind=kind, name=op.text)]


_LINKS = {("character", "place"): "place", ("item", "place"): "place", ("item", "holder"): "character"}


def _change(draft: Content, op: Change, where: str) -> list[Operation]:
    thing = find(draft, op.kind, op.name, where)
    fields = [f for f in type(thing).model_fields if f != "name"]
    if op.field not in fields:
        raise OperationError(f"a {op.kind} has no field {op.field!r}", where=where, mend=did_you_mean(op.field, fields))
    if (op.kind, op.field) in _LINKS:
        _known(draft, _LINKS[op.kind, op.field], op.value, where)
        op = op.model_copy(update={"value": tidy_name(op.value)})
    old = getattr(thing, op.field)
    setattr(thing, op.field, op.value)
    return [op.model_copy(update={"value": old})]


def _move(draft: Content, op: Move, where: str) -> list[Operation]:
    who = find(draft, "character", op.character, where)
    _known(draft, "place", op.place, where)
    old, who.place = who.place, op.place
    return [Move(character=op.character, place=old)]


def _give(draft: Content, op: Give, where: str) -> list[Operation]:
    if op.to_character and op.to_place:
        raise OperationError("an item goes to a character or to a place", where=where, mend="name one of the two")
    item = find(draft, "item", op.item, where)
    _known(draft, "character", op.to_character, where)
    _known(draft, "place", op.to_place, where)
    undo = Give(item=op.item, to_character=item.holder, to_place=item.place)
    _rehome(item, op.to_character, op.to_place)
    return [undo]


def _rehome(item: Item, holder: str, place: str) -> None:
    item.holder = ""
    item.place = place
    item.holder = holder


def _remove(draft: Content, op: Remove, where: str) -> list[Operation]:
    if op.kind in ("fact", "rule"):
        texts = _texts(draft, op.kind)
        if op.name not in texts:
            raise UnknownName(op.kind, op.name, texts, where)
        at = texts.index(op.name)
        texts.remove(op.name)
        return [Insert(kind=op.kind, at=at, record=op.name)]
    thing = find(draft, op.kind, op.name, where)
    undo = _let_go(draft, op.kind, op.name)
    things = draft.named(op.kind)
    at = next(i for i, t in enumerate(things) if t is thing)
    del things[at]
    return [Insert(kind=op.kind, at=at, record=thing.model_dump(mode="json")), *undo]


def _let_go(draft: Content, kind: str, name: str) -> list[Operation]:
    """Cut every link to what is about to be removed; gives the operations that tie them again."""
    undo: list[Operation] = []
    for who in draft.characters if kind == "place" else []:
        if who.place == name:
            undo.append(Move(character=who.name, place=name))
            who.place = ""
    for item in draft.items if kind in ("place", "character") else []:
        if name == (item.place if kind == "place" else item.holder):
            undo.append(Give(item=item.name, to_character=item.holder, to_place=item.place))
            _rehome(item, "", "")
    return undo


def _append_story(draft: Content, op: AppendStory, where: str) -> list[Operation]:
    draft.story.append(op.text)
    return [Unwrite()]


def _unwrite(draft: Content, op: Unwrite, where: str) -> list[Operation]:
    if not draft.story:
        raise OperationError("the story has no line to take back", where=where, mend="append one first")
    return [AppendStory(text=draft.story.pop())]


def _entry(draft: Content, field: str, where: str) -> tuple[dict[str, Any], str]:
    shelf, _, key = field.partition(".")
    if shelf not in ("extra", "glossary") or not key:
        legal = (*SETTABLE, "extra.NAME", "glossary.TERM")
        raise OperationError(f"a world has no field {field!r}", where=where, mend=did_you_mean(field, legal))
    return cast(dict[str, Any], draft.extra if shelf == "extra" else draft.glossary), key


def _set(draft: Content, op: Set, where: str) -> list[Operation]:
    if op.field in SETTABLE:
        old = getattr(draft, op.field)
        setattr(draft, op.field, op.value)
        return [Set(field=op.field, value=old)]
    entries, key = _entry(draft, op.field, where)
    if op.field.startswith("glossary.") and not isinstance(op.value, str):
        raise OperationError("a glossary's entry is text", where=where, mend=f"give {op.field} a string")
    undo = Set(field=op.field, value=entries[key]) if key in entries else Unset(field=op.field)
    entries[key] = op.value
    return [undo]


def _unset(draft: Content, op: Unset, where: str) -> list[Operation]:
    entries, key = _entry(draft, op.field, where)
    if key not in entries:
        raise OperationError(f"{op.field!r} is not set", where=where, mend=did_you_mean(key, entries))
    return [Set(field=op.field, value=entries.pop(key))]


def _insert(draft: Content, op: Insert, where: str) -> list[Operation]:
    if op.kind in ("fact", "rule"):
        if not isinstance(op.record, str):
            raise OperationError(f"a {op.kind} is text", where=where, mend="insert a string")
        _texts(draft, op.kind).insert(op.at, op.record)
        return [Remove(kind=op.kind, name=op.record)]
    shape = {"place": Place, "character": Character, "item": Item}[op.kind]
    thing = shape.model_validate(op.record)
    undo = _add(draft, op.kind, thing, where)
    things = draft.named(op.kind)
    things.insert(op.at, things.pop())
    return undo


_ACTS: dict[type, Callable[[Content, Any, str], list[Operation]]] = {
    AddPlace: _add_place, AddCharacter: _add_character, AddItem: _add_item,
    AddFact: _add_text, AddRule: _add_text, Change: _change, Move: _move, Give: _give,
    Remove: _remove, AppendStory: _append_story, Unwrite: _unwrite,
    Set: _set, Unset: _unset, Insert: _insert,
}  # fmt: skip
