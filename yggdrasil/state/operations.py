"""The only way a world's content changes: typed operations, each with an exact inverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from yggdrasil.state import acts_on_fields, acts_on_texts, acts_on_things
from yggdrasil.state.content import TEXTS, Content
from yggdrasil.state.errors import OperationError, UnknownName
from yggdrasil.state.find import find
from yggdrasil.state.operation_types import (
    Add,
    AddCharacter,
    AddFact,
    AddItem,
    AddPlace,
    AddRule,
    AppendStory,
    Change,
    Give,
    Insert,
    Known,
    Learn,
    Move,
    Operation,
    Remove,
    Rename,
    Set,
    Unset,
    Unwrite,
    parse_operations,
    to_json,
)

__all__ = [
    "Add",
    "AddCharacter",
    "AddFact",
    "AddItem",
    "AddPlace",
    "AddRule",
    "AppendStory",
    "Change",
    "Give",
    "Insert",
    "Known",
    "Learn",
    "Move",
    "Operation",
    "OperationError",
    "Remove",
    "Rename",
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
            undo = _act(operation)(draft, operation, where)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise OperationError(str(first["msg"]), where=where, mend="nothing was changed") from None
        inverses[:0] = undo
    return draft, inverses


_Act = Callable[[Content, Any, str], list[Operation]]
_ACTS: dict[type, _Act] = {
    AddPlace: acts_on_things.add_place, AddCharacter: acts_on_things.add_character, AddItem: acts_on_things.add_item,
    Add: acts_on_things.add_own, Change: acts_on_things.change, Rename: acts_on_things.rename,
    Move: acts_on_things.move, Give: acts_on_things.give, Remove: acts_on_things.remove, Insert: acts_on_things.insert,
    AddFact: acts_on_texts.add_text, AddRule: acts_on_texts.add_text, Learn: acts_on_texts.learn,
    Known: acts_on_texts.known, AppendStory: acts_on_texts.append_story, Unwrite: acts_on_texts.unwrite,
    Set: acts_on_fields.set_field, Unset: acts_on_fields.unset_field,
}  # fmt: skip
_TEXT_ACTS: dict[type, _Act] = {
    Remove: acts_on_texts.remove_text, Insert: acts_on_texts.insert_text, Rename: acts_on_texts.reword,
}  # fmt: skip


def _act(operation: Operation) -> _Act:
    acts = _TEXT_ACTS if getattr(operation, "kind", "") in TEXTS else _ACTS
    return acts.get(type(operation), _ACTS[type(operation)])
