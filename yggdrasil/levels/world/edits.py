"""Changes by hand: an edit is a moment of its branch, numbered like a step, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from yggdrasil.contract.errors import YggError
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.cycle_stages import OWN_APPLIED
from yggdrasil.engine.cycle.log import Head, Log, as_stored
from yggdrasil.engine.cycle.records import StageRecord, StepRecord
from yggdrasil.levels.world.life import Life
from yggdrasil.state.content import Content
from yggdrasil.state.errors import OperationError
from yggdrasil.state.operations import Operation, apply, parse_operations, to_json

NAME = "edit"


class EditError(YggError):
    """An edit that cannot be made, or taken back, here; nothing was changed."""


@dataclass(frozen=True)
class Edit:
    """Operations applied by hand: their number in the branch's history, and the edit that they take back, if any."""

    number: int
    operations: list[Operation]
    undoes: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The form that `yggdrasil edit --json` prints."""
        plain = {"number": self.number, "operations": to_json(self.operations)}
        return plain if self.undoes is None else plain | {"undoes": self.undoes}


def edit(life: Life, branch: Branch, wait: float, given: Iterable[Operation | Mapping[str, Any]]) -> Edit:
    """Apply the operations whole, or none of them. Raises OperationError or EditError."""
    operations = parse_operations(given, NAME)
    if not operations:
        raise EditError("an edit without operations", where=NAME, mend="name one, such as add_fact")
    with life.writing(wait), life.log.database.transaction():
        head = _settled(life.log, branch)
        before = life.content(branch, head.last)
        after, inverses = apply(before, operations)
        if _applied(after, inverses) != before.digest:
            mend = "first mend what names a thing that is not there"
            raise EditError("the edit could not be taken back exactly", where=NAME, mend=mend)
        return _write(life.log, branch, head, Edit(head.last + 1, operations), after)


def undo(life: Life, branch: Branch, wait: float) -> Edit:
    """Take back the last edit that still stands, as if it had never been made; gives that edit.

    Raises EditError if there is none, or if what came after rests on it.
    """
    log = life.log
    with life.writing(wait), log.database.transaction():
        head, made = _settled(log, branch), _last(log, branch)
        before = life.content(branch, made.number - 1)
        _, inverses = apply(before, made.operations)
        since = parse_operations(log.snapshots.operations(branch, made.number + 1, head.last))
        after = _applied(life.content(branch, head.last), inverses)
        if after is None or after != _applied(before, since):
            mend = f"go on from before it: fork at {made.number - 1}"
            raise EditError("what came after the edit rests on it", where=f"edit {made.number}", mend=mend)
        content, _ = apply(life.content(branch, head.last), inverses)
        _write(log, branch, head, Edit(head.last + 1, inverses, made.number), content)
        return made


def edit_of(record: StepRecord) -> Edit:
    """What an edited record of the log says."""
    told = cast(dict[str, Any], record.stages[0].output)
    return Edit(record.step, parse_operations(told["operations"], f"edit {record.step}"), told.get("undoes"))


def _settled(log: Log, branch: Branch) -> Head:
    head = log.head(branch)
    if head.waiting is not None:
        mend = "step the world to finish it, or give it up"
        raise EditError(f"step {head.waiting.step} is not finished", where=branch.name, mend=mend)
    return head


def _last(log: Log, branch: Branch) -> Edit:
    undone: set[int] = set()
    for number in log.edited(branch):
        made = edit_of(log.step(branch, number))
        if made.undoes is not None:
            undone.add(made.undoes)
        elif number not in undone:
            return made
    raise EditError("there is no edit to take back", where=branch.name, mend="a step is left by a fork before it")


def _applied(content: Content, operations: list[Operation]) -> str | None:
    """The digest of the content after the operations; None if it does not admit them."""
    try:
        return apply(content, operations)[0].digest
    except OperationError:
        return None


def _write(log: Log, branch: Branch, head: Head, made: Edit, after: Content) -> Edit:
    """Store the edit as a record of its own, which continues the chain of digests."""
    plain = to_json(made.operations)
    told = {"operations": plain} | ({} if made.undoes is None else {"undoes": made.undoes})
    log.begin(branch, None, {}, made.number)
    stages = log.acknowledge(branch, made.number, StageRecord(OWN_APPLIED, NAME, "ran", output=told))
    log.snapshots.record(branch, made.number, OWN_APPLIED, plain)
    record = StepRecord(branch.name, made.number, "open", None, {}, "", stages)
    log.finish(branch, record, "edited", head.digest, as_stored(plain))
    if log.snapshots.snapshot_is_due(branch, made.number):
        log.snapshots.snapshot(branch, made.number, after.to_json())
    return made
