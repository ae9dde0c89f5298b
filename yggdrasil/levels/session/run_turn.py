"""One turn of a session, as a world's step with a single stage: begun, journalled, and whole in one transaction."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import NotStored
from yggdrasil.contract.event_json import event_to_wire
from yggdrasil.contract.events import Event, EventKind
from yggdrasil.contract.journal_effects import may_repeat
from yggdrasil.contract.readers import InlineReader
from yggdrasil.contract.running import Outputs, heard, outputs_of
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.contract.session import RunSession, Session
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.errors import CycleError
from yggdrasil.engine.cycle.log import Head
from yggdrasil.engine.cycle.reasons import of_error, status_of
from yggdrasil.engine.cycle.records import StageRecord, StepRecord
from yggdrasil.levels.round_journal import recorded
from yggdrasil.levels.session.folder import SessionFolder
from yggdrasil.levels.session.same_block import described
from yggdrasil.levels.session.turn import OUTPUTS, kept
from yggdrasil.levels.world.memories import StageMemories

_TOLD: tuple[EventKind, ...] = ("tool_call", "tool_result", "artifact")
_MOST, _LONGEST = 200, 2000


@dataclass
class Going:
    """A turn that is to run: of which block, what it is given, and what is new about the block since the last one."""

    block: Block
    folder: SessionFolder
    branch: Branch
    record: StepRecord
    before: str
    inputs: dict[str, Any]
    fresh: bool
    known: dict[str, Any] = field(default_factory=dict[str, Any])
    facts: dict[str, Any] | None = None
    changed: list[str] = field(default_factory=list[str])


def begun(going: Going) -> None:
    """Write down that the turn begins, and before the first one what the session is held with."""
    log = going.folder.log
    with log.database.transaction():
        if going.record.step == 1 and log.last_step(going.branch) < 0:
            log.found(going.branch, StageRecord(0, "found", "ran"), described(going.block))
            going.before = log.head(going.branch).digest
        log.begin(going.branch, None, going.record.given, going.record.step)


def ran(going: Going) -> Outputs:
    """Run the turn, from where the journal ends; what it gave is durable when this returns.

    Raises what the block raises; the turn then stays open.
    """
    log, step = going.folder.log, going.record.step
    memories = StageMemories(log, going.branch, step, 0, going.known)
    above, told = here(), list[dict[str, Any]]()
    seed = derive_seed("session", going.branch.variant, step)
    prefix = f"{above.path}/{going.block.name}" if above.path else going.block.name
    own = {
        "seed": seed,
        "journal": log.journal(going.branch, step, 0, prefix, going.fresh),
        "artifacts": going.folder.artifacts,
        "session": RunSession(going.block, Session(memories)),
    }
    started = time.monotonic()
    try:
        with standing(above.but(**own)), heard(_reader(told, going), CancelToken(above.cancel)):
            outputs = _once(going, prefix)
            values = kept(outputs, going.folder.artifacts, "output", prefix)
    except BaseException as error:
        _stopped(going, error, time.monotonic() - started, told)
        raise
    end = _end(going, "ran", time.monotonic() - started, told)
    _finished(going, replace(end, block=OUTPUTS, output=values), memories)
    return outputs


def dropped(folder: SessionFolder, branch: Branch, head: Head) -> None:
    """Leave the open turn out for good. Raises CycleError if none is open."""
    if head.waiting is None:
        raise CycleError(f"no turn of {branch.name!r} is open", mend="there is nothing to drop")
    with folder.log.database.transaction():
        folder.log.snapshots.forget(branch, head.waiting.step, 0)
        folder.log.finish(branch, head.waiting, "dropped", head.digest, [])


def _once(going: Going, prefix: str) -> Outputs:
    """A block that itself must not be repeated is one effect; any other is run, and journals its own."""
    block = going.block
    if block.children() or may_repeat(block):
        return outputs_of(block, going.inputs)
    place, made = here(), list[Outputs]()

    def act() -> Any:
        made.append(outputs_of(block, going.inputs))
        return kept(made[0], going.folder.artifacts, "output", prefix)

    given = place.but(path=prefix).once("run", going.record.given, act, repeat=False)
    if made:
        return made[0]
    if not isinstance(given, dict) or set(given) != set(block.outputs):
        first = next(iter(block.outputs), "")
        given = {first: given}
    return Outputs(recorded(given, going.folder.artifacts))


def _reader(told: list[dict[str, Any]], going: Going) -> InlineReader:
    def listen(event: Event) -> None:
        if len(told) < _MOST:
            wire = event_to_wire(event, going.folder.artifacts)
            told.append({"kind": wire["kind"], "path": wire["path"], **_cut(wire["data"])})

    return InlineReader(listen, _TOLD)


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {name: _cut(part) for name, part in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


def _end(going: Going, status: Any, seconds: float, told: list[dict[str, Any]]) -> StageRecord:
    beside = {"events": told, "changed": going.changed}
    beside = {name: value for name, value in beside.items() if value}
    return StageRecord(0, going.block.name, status, None, seconds, beside=beside or None, inputs=_given(going))


def _given(going: Going) -> str:
    return digest(going.record.given)


def _stopped(going: Going, error: BaseException, seconds: float, told: list[dict[str, Any]]) -> None:
    status = status_of(error)
    end = replace(_end(going, status, seconds, told), reason=of_error(status, error))
    with suppress(NotStored):
        going.folder.log.acknowledge(going.branch, going.record.step, end)


def _finished(going: Going, end: StageRecord, memories: StageMemories) -> None:
    log, branch, step = going.folder.log, going.branch, going.record.step
    with log.database.transaction():
        going.record.stages.extend(log.acknowledge(branch, step, end))
        for place, state in memories.news.items():
            log.snapshots.remember(branch, step, 0, place, state)
        if going.facts is not None:
            log.snapshots.snapshot(branch, step, going.facts)
        going.record = log.finish(branch, going.record, "whole", going.before, [])
    going.known.update(memories.news)
