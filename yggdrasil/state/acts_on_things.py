"""What operations do to named things: places, characters, items, and the kinds that a genre declares."""

from __future__ import annotations

from typing import Any

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.state.content import KINDS, TEXTS, Character, Content, Entity, Item, Place
from yggdrasil.state.errors import OperationError
from yggdrasil.state.find import check_known, find
from yggdrasil.state.operation_types import (
    Add,
    AddCharacter,
    AddItem,
    AddPlace,
    Change,
    Give,
    Insert,
    Known,
    Move,
    Operation,
    Remove,
    Rename,
    tidy_name,
)

Thing = Place | Character | Item | Entity
_SHAPES: dict[str, type[Thing]] = {"place": Place, "character": Character, "item": Item}


def add_place(draft: Content, op: AddPlace, where: str) -> list[Operation]:
    return _add(draft, "place", Place(name=op.name, description=op.description, scene=op.scene), where)


def add_character(draft: Content, op: AddCharacter, where: str) -> list[Operation]:
    check_known(draft, "place", op.place, where)
    return _add(draft, "character", Character.model_validate(op.model_dump(exclude={"op"})), where)


def add_item(draft: Content, op: AddItem, where: str) -> list[Operation]:
    check_known(draft, "character", op.holder, where)
    check_known(draft, "place", op.place, where)
    item = Item(name=op.name, holder=op.holder, place=op.place, description=op.description)
    return _add(draft, "item", item, where)


def add_own(draft: Content, op: Add, where: str) -> list[Operation]:
    check_known(draft, "place", op.place, where)
    if op.kind in (*KINDS, *TEXTS):
        raise OperationError(f"a {op.kind} is no kind of one's own", where=where, mend=f"use add_{op.kind}")
    return _add(draft, op.kind, Entity.model_validate(op.model_dump(exclude={"op", "kind"})), where)


def _add(draft: Content, kind: str, thing: Thing, where: str, at: int | None = None) -> list[Operation]:
    if thing.name in draft.names(kind):
        raise OperationError(
            f"a {kind} named {thing.name!r} is there already", where=where, mend="change it, or take another name"
        )
    things: list[Any] = draft.named(kind) if kind in KINDS else draft.entities.setdefault(kind, [])
    things.insert(len(things) if at is None else at, thing)
    return [Remove(kind=kind, name=thing.name)]


def insert(draft: Content, op: Insert, where: str) -> list[Operation]:
    """Put a thing back where it stood."""
    return _add(draft, op.kind, _SHAPES.get(op.kind, Entity).model_validate(op.record), where, op.at)


def change(draft: Content, op: Change, where: str) -> list[Operation]:
    thing = find(draft, op.kind, op.name, where)
    fields = [f for f in type(thing).model_fields if f not in ("name", "fields")]
    if op.field not in fields:
        return _change_own(thing, op, fields, where)
    if op.field in ("place", "holder"):
        op = op.model_copy(update={"value": _link(draft, op, where)})
    old = getattr(thing, op.field)
    setattr(thing, op.field, op.value)
    return [op.model_copy(update={"value": old})]


def _change_own(thing: Thing, op: Change, fields: list[str], where: str) -> list[Operation]:
    if not isinstance(thing, Entity):
        raise OperationError(f"a {op.kind} has no field {op.field!r}", where=where, mend=did_you_mean(op.field, fields))
    old = thing.fields.get(op.field)
    thing.fields = {**thing.fields, op.field: op.value}
    return [op.model_copy(update={"value": old})]


def _link(draft: Content, op: Change, where: str) -> str:
    if not isinstance(op.value, str):
        raise OperationError(f"a {op.kind}'s {op.field} is a name", where=where, mend="give a string")
    check_known(draft, "character" if op.field == "holder" else "place", op.value, where)
    return tidy_name(op.value)


def rename(draft: Content, op: Rename, where: str) -> list[Operation]:
    """Give a thing another name, by which all that names it follows."""
    thing = find(draft, op.kind, op.name, where)
    old, new = thing.name, tidy_name(op.to)
    if new == old:
        return []
    if new in draft.names(op.kind):
        raise OperationError(f"a {op.kind} named {new!r} is there already", where=where, mend="take another name")
    thing.name = new
    for other, field in _linked(draft, op.kind, old):
        setattr(other, field, new)
    for names in draft.known_by.values() if op.kind == "character" else ():
        names[:] = [new if name == old else name for name in names]
    return [Rename(kind=op.kind, name=new, to=old)]


def _linked(draft: Content, kind: str, name: str) -> list[tuple[Any, str]]:
    """Every thing that names this one, and in which field."""
    field = {"place": "place", "character": "holder"}.get(kind, "")
    others = [*draft.characters, *draft.items, *(e for own in draft.entities.values() for e in own)]
    return [(other, field) for other in others if getattr(other, field, None) == name]


def move(draft: Content, op: Move, where: str) -> list[Operation]:
    who = find(draft, "character", op.character, where)
    check_known(draft, "place", op.place, where)
    old, who.place = who.place, op.place
    return [Move(character=op.character, place=old)]


def give(draft: Content, op: Give, where: str) -> list[Operation]:
    if op.to_character and op.to_place:
        raise OperationError("an item goes to a character or to a place", where=where, mend="name one of the two")
    item = find(draft, "item", op.item, where)
    check_known(draft, "character", op.to_character, where)
    check_known(draft, "place", op.to_place, where)
    undo = Give(item=op.item, to_character=item.holder, to_place=item.place)
    _rehome(item, op.to_character, op.to_place)
    return [undo]


def _rehome(item: Item, holder: str, place: str) -> None:
    item.holder = ""
    item.place = place
    item.holder = holder


def remove(draft: Content, op: Remove, where: str) -> list[Operation]:
    """Take a thing away, and everywhere its name."""
    thing = find(draft, op.kind, op.name, where)
    undo = [*_let_go(draft, op.kind, op.name), *_untie(draft, op.kind, thing.name)]
    things = draft.named(op.kind)
    at = next(i for i, t in enumerate(things) if t is thing)
    del things[at]
    if op.kind in draft.entities and not things:
        del draft.entities[op.kind]
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


def _untie(draft: Content, kind: str, name: str) -> list[Operation]:
    """The same for what a genre's own kinds and knowledge name."""
    undo: list[Operation] = []
    for own, things in draft.entities.items() if kind == "place" else ():
        for thing in things:
            if thing.place == name:
                undo.append(Change(kind=own, name=thing.name, field="place", value=name))
                thing.place = ""
    for fact, names in draft.known_by.items() if kind == "character" else ():
        if name in names:
            undo.append(Known(fact=fact, by=list(names)))
            names[:] = [other for other in names if other != name]
    return undo
