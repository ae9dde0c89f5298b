"""The world's cycle: runs canon's stages by canon's rule and writes each end into the log before going on."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from yggdrasil.contract.context import here
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import Cancelled, NotStored, Paused
from yggdrasil.contract.events import Reason, reason
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.cursor import CycleGraph
from yggdrasil.engine.cycle.cycle_stages import (
    CREATOR,
    DEVELOPMENT,
    LOOKING,
    POSITIONS,
    SETTLED,
    UPDATE,
    is_filled,
    missing,
    reason_to_skip,
)
from yggdrasil.engine.cycle.errors import CreatorFailure, CycleError
from yggdrasil.engine.cycle.log import Log
from yggdrasil.engine.cycle.reasons import of_error
from yggdrasil.engine.cycle.records import DONE, StageRecord, StageStatus, StepRecord, StepStatus
from yggdrasil.engine.cycle.stage_call import Actor, Moment, Written

LAST = len(POSITIONS) - 1


class WorldCycle:
    """Steps of one world. The log says what is finished; langgraph only drives from there."""

    def __init__(self, folder: Path, log: Log, actor: Actor) -> None:
        self._log = log
        self._actor = actor
        self._folder = folder
        self._graph: CycleGraph | None = None

    def step(self, branch: Branch, action: str | None, given: dict[str, Any]) -> int:
        """Settle the state that is given, then run one whole episode; gives the number of the step.

        Raises what a stage raises; the step then stays open and `resume` goes on with it.
        """
        with self._log.database.transaction():
            self._log.begin(branch, action, given)
            record = self._open(branch)
            skipped = self._skip_ahead(branch, record)
        for name, why in skipped:
            here().below(name).emit("skipped", reason=why)
        self._run(branch, record)
        return record.step

    def resume(self, branch: Branch) -> int:
        """Go on with the step that was interrupted; finished stages do not run again."""
        record = self._open(branch)
        self._run(branch, record)
        return record.step

    def settle_open(self, branch: Branch) -> int:
        """Settle what an interrupted step left, by canon's rule: look at it, tell it, apply it, or drop it."""
        record = self._open(branch)
        for position in range(record.next_position, LOOKING):
            why = reason("passed_over")
            self._write(branch, record, StageRecord(position, POSITIONS[position].name, "skipped", why))
        self._run(branch, record)
        return record.step

    def give_up(self, branch: Branch) -> int:
        """Drop what an interrupted step left, without running anything; the history keeps it as dropped."""
        record = self._open(branch)
        lost = reason("dropped", blocks=missing(record.state(), UPDATE.needs))
        with self._log.database.transaction():
            for position in range(record.next_position, LAST + 1):
                why = lost if position == LAST else reason("given_up")
                self._write(branch, record, StageRecord(position, POSITIONS[position].name, "skipped", why))
            self._finish(branch, record.step, "dropped")
        return record.step

    def close(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None

    def _open(self, branch: Branch) -> StepRecord:
        record = self._log.open_step(branch)
        if record is None:
            raise CycleError(f"no step of {branch.name!r} is open", mend="step the world instead")
        return record

    def _run(self, branch: Branch, record: StepRecord) -> None:
        """Run what is left of the step; meanwhile `record` grows by what the log takes, and is not read again."""
        if self._graph is None:
            self._graph = CycleGraph(self._folder)
        self._graph.run(branch.name, record.step, record.next_position, partial(self._stage, branch, record))

    def _write(self, branch: Branch, record: StepRecord, stage: StageRecord) -> None:
        self._log.acknowledge(branch, record.step, stage)
        record.stages.append(stage)

    def _stage(self, branch: Branch, record: StepRecord, position: int) -> None:
        latest = record.last(position)
        if latest is not None and latest.status in DONE:
            return
        role = POSITIONS[position]
        state = record.state_at(position)
        why = reason_to_skip(role, state)
        if why:
            self._skip(branch, record, position, why)
            return
        action = record.action if role is DEVELOPMENT else None
        self._act(Moment(branch, record.step, position, role, state, action), record)

    def _skip_ahead(self, branch: Branch, record: StepRecord) -> list[tuple[str, Reason]]:
        """Record the first stages that canon's rule skips, in the transaction that begins the step."""
        found: list[tuple[str, Reason]] = []
        for position, role in enumerate(POSITIONS[:SETTLED]):
            why = reason_to_skip(role, record.given)
            if not why:
                break
            self._write(branch, record, StageRecord(position, role.name, "skipped", why))
            found.append((role.name, why))
        return found

    def _skip(self, branch: Branch, record: StepRecord, position: int, why: Reason) -> None:
        name = POSITIONS[position].name
        with self._log.database.transaction():
            self._write(branch, record, StageRecord(position, name, "skipped", why))
            if position == LAST:
                self._finish(branch, record.step, "dropped")
        here().below(name).emit("skipped", reason=why)

    def _act(self, moment: Moment, record: StepRecord) -> None:
        started = time.monotonic()
        inputs = digest({"action": moment.action, **{b: moment.state.get(b) for b in moment.role.needs}})
        try:
            written = self._actor.act(moment)
            if moment.role is CREATOR and not is_filled(written.output):
                raise CreatorFailure(dict((written.beside or {}).get("failures", {})), where=moment.role.name)
        except BaseException as error:
            status = _status(error)
            with suppress(NotStored):
                ended = self._record(moment, status, of_error(status, error), started, inputs, Written())
                self._write(moment.branch, record, ended)
            raise
        ended = self._record(moment, "ran", None, started, inputs, written)
        with self._log.database.transaction():
            self._write(moment.branch, record, ended)
            self._keep(moment, written)
            if moment.position == LAST:
                self._finish(moment.branch, moment.step, "whole")
        here().below(moment.role.name).emit("finished", seconds=ended.seconds)

    def _record(
        self, moment: Moment, status: StageStatus, why: Reason | None, started: float, inputs: str, written: Written
    ) -> StageRecord:
        seconds = time.monotonic() - started
        block = moment.role.writes if status == "ran" else ""
        return StageRecord(
            moment.position, moment.role.name, status, why, seconds, block, written.output, written.beside, inputs
        )

    def _keep(self, moment: Moment, written: Written) -> None:
        keeping = self._log.keeping
        at = (moment.branch, moment.step, moment.position)
        if moment.role is UPDATE:
            keeping.record(*at, written.operations, written.inverses)
        for place, state in written.memory.items():
            keeping.remember(*at, place, state)

    def _finish(self, branch: Branch, step: int, status: StepStatus) -> None:
        if status == "dropped":
            self._log.keeping.forget(branch, step, SETTLED)
        self._log.finish(branch, step, status)
        if self._log.keeping.snapshot_is_due(branch, step):
            self._log.keeping.snapshot(branch, step, self._actor.content(branch, step))


def _status(error: BaseException) -> StageStatus:
    if isinstance(error, Paused):
        return "paused"
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return "cancelled"
    return "failed"
