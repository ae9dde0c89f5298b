"""What operations do to the world's own fields, its glossary and what stands beside."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.state.content import Content
from yggdrasil.state.errors import OperationError
from yggdrasil.state.operation_types import SETTABLE, Operation, Set, Unset


def set_field(draft: Content, op: Set, where: str) -> list[Operation]:
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


def unset_field(draft: Content, op: Unset, where: str) -> list[Operation]:
    entries, key = _entry(draft, op.field, where)
    if key not in entries:
        raise OperationError(f"{op.field!r} is not set", where=where, mend=did_you_mean(key, entries))
    return [Set(field=op.field, value=entries.pop(key))]


def _entry(draft: Content, field: str, where: str) -> tuple[dict[str, Any], str]:
    shelf, _, key = field.partition(".")
    if shelf not in ("extra", "glossary") or not key:
        legal = (*SETTABLE, "extra.NAME", "glossary.TERM")
        raise OperationError(f"a world has no field {field!r}", where=where, mend=did_you_mean(field, legal))
    return cast(dict[str, Any], draft.extra if shelf == "extra" else draft.glossary), key
