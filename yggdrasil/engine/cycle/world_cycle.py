"""The world's cycle: runs canon's stages by canon's rule and writes each end into the log before going on."""

from __future__ import annotations

import copy
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from yggdrasil.contract.context import here
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import NotStored
from yggdrasil.contract.events import Reason, reason
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.cycle_stages import (
    CREATOR,
    DEVELOPMENT,
    END,
    GIVEN_APPLIED,
    LOOKING,
    OWN_APPLIED,
    POSITIONS,
    SETTLED,
    UPDATE,
    is_filled,
    missing,
    reason_to_skip,
)
from yggdrasil.engine.cycle.errors import CreatorFailure, CycleError, offer_ways
from yggdrasil.engine.cycle.log import Head, Log, as_stored
from yggdrasil.engine.cycle.reasons import StageStatus, of_error, status_of
from yggdrasil.engine.cycle.records import DONE, StageRecord, StepRecord, StepStatus
from yggdrasil.engine.cycle.stage_call import StageExecutor, StageRequest, StageResult


@dataclass
class _Open:
    """The step that runs: its record grows by what the log takes, and is not read again."""

    branch: Branch
    record: StepRecord
    before: str
    """The digest of the step before it."""
    operations: list[dict[str, Any]]
    fresh: bool = False


class WorldCycle:
    """Steps of one world: a loop over the positions that starts where the log ends, since the log says it all."""

    def __init__(self, log: Log, actor: StageExecutor) -> None:
        self._log = log
        self._actor = actor

    def step(self, branch: Branch, action: str | None, given: dict[str, Any], head: Head | None = None) -> StepRecord:
        """Settle the state that is given, then run one whole episode; gives the step.

        `head` is where the branch stands, if that is known. Raises what a stage raises; the step then stays open
        and `resume` goes on with it.
        """
        head = head or self._log.head(branch)
        record = StepRecord(branch.name, head.last + 1, "open", action, as_stored(given), "")
        running = _Open(branch, record, head.digest, [], fresh=True)
        with self._log.database.transaction():
            self._log.begin(branch, action, given, record.step)
            skipped = self._skip_ahead(running)
        for stage in skipped:
            here().below(stage.name).emit("skipped", reason=cast(Reason, stage.reason))
        return self._run(running)

    def resume(self, branch: Branch, head: Head | None = None) -> StepRecord:
        """Go on with the step that was interrupted; finished stages do not run again."""
        return self._run(self._waiting(branch, head))

    def settle_open(self, branch: Branch, head: Head | None = None) -> StepRecord:
        """Settle what an interrupted step left, by canon's rule: look at it, tell it, apply it, or drop it."""
        running = self._waiting(branch, head)
        skipped = range(running.record.next_position, LOOKING)
        self._write(running, *self._skips(skipped, reason("passed_over")))
        return self._run(running)

    def give_up(self, branch: Branch) -> StepRecord:
        """Drop what an interrupted step left, without running anything; the history keeps it as dropped."""
        running = self._waiting(branch, None)
        lost = reason("dropped", blocks=missing(running.record.state(), UPDATE.needs))
        skipped = self._skips(range(running.record.next_position, OWN_APPLIED), reason("given_up"))
        with self._log.database.transaction():
            self._write(running, *skipped, StageRecord(OWN_APPLIED, UPDATE.name, "skipped", lost))
            self._finish(running, "dropped")
        return running.record

    def _waiting(self, branch: Branch, head: Head | None) -> _Open:
        head = head or self._log.head(branch)
        record = head.waiting
        if record is None:
            raise CycleError(f"no step of {branch.name!r} is open", mend="step the world instead")
        return _Open(branch, record, head.digest, self._log.snapshots.operations(branch, record.step, record.step))

    def _run(self, running: _Open) -> StepRecord:
        for position in range(running.record.next_position, END):
            self._stage(running, position)
        self._log.keep_at_hand(running.branch, running.record)
        return running.record

    def _write(self, running: _Open, *stages: StageRecord) -> None:
        running.record.stages.extend(self._log.acknowledge(running.branch, running.record.step, *stages))

    def _skips(self, positions: range, why: Reason) -> list[StageRecord]:
        return [StageRecord(position, POSITIONS[position].name, "skipped", why) for position in positions]

    def _stage(self, running: _Open, position: int) -> None:
        record = running.record
        latest = record.last(position)
        if latest is not None and latest.status in DONE:
            return
        role = POSITIONS[position]
        state = record.state_at(position)
        why = reason_to_skip(role, state)
        if why:
            self._skip(running, position, why)
            return
        applied = record.last(GIVEN_APPLIED)
        moment = StageRequest(
            running.branch, record.step, position, role, copy.deepcopy(state),
            record.action if role is DEVELOPMENT else None,
            fresh=running.fresh, settled=applied is not None and applied.status == "ran",
        )  # fmt: skip
        self._act(moment, running)

    def _skip_ahead(self, running: _Open) -> list[StageRecord]:
        """Record the first stages that canon's rule skips, in the transaction that begins the step."""
        found: list[StageRecord] = []
        for position, role in enumerate(POSITIONS[:SETTLED]):
            why = reason_to_skip(role, running.record.given)
            if not why:
                break
            found.append(StageRecord(position, role.name, "skipped", why))
        self._write(running, *found)
        return found

    def _skip(self, running: _Open, position: int, why: Reason) -> None:
        name = POSITIONS[position].name
        with self._log.database.transaction():
            self._write(running, StageRecord(position, name, "skipped", why))
            if position == OWN_APPLIED:
                self._finish(running, "dropped")
        here().below(name).emit("skipped", reason=why)

    def _act(self, moment: StageRequest, running: _Open) -> None:
        started = time.monotonic()
        inputs = digest({"action": moment.action, **{b: moment.state.get(b) for b in moment.role.needs}})
        try:
            written = self._actor.act(moment)
            if moment.role is CREATOR and not is_filled(written.output):
                raise CreatorFailure(dict((written.beside or {}).get("failures", {})), where=moment.role.name)
        except BaseException as error:
            status = status_of(error)
            with suppress(NotStored):
                self._write(running, _ended(moment, status, of_error(status, error), started, inputs, StageResult()))
                if running.record.stuck:
                    offer_ways(error)
            raise
        ended = _ended(moment, "ran", None, started, inputs, written)
        with self._log.database.transaction():
            self._write(running, ended)
            self._keep(moment, written, running)
            if moment.position == OWN_APPLIED:
                self._finish(running, "whole")
        here().below(moment.role.name).emit("finished", seconds=ended.seconds)

    def _keep(self, moment: StageRequest, written: StageResult, running: _Open) -> None:
        snapshots = self._log.snapshots
        at = (moment.branch, moment.step, moment.position)
        if moment.role is UPDATE:
            snapshots.record(*at, written.operations)
            running.operations += as_stored(written.operations)
        for place, state in written.memory.items():
            snapshots.remember(*at, place, state)

    def _finish(self, running: _Open, status: StepStatus) -> None:
        branch, step, snapshots = running.branch, running.record.step, self._log.snapshots
        if status == "dropped":
            snapshots.forget(branch, step, SETTLED)
        running.record = self._log.finish(branch, running.record, status, running.before, running.operations)
        if snapshots.snapshot_is_due(branch, step):
            snapshots.snapshot(branch, step, self._actor.content(branch, step))


def _ended(
    moment: StageRequest, status: StageStatus, why: Reason | None, started: float, inputs: str, written: StageResult
) -> StageRecord:
    seconds = time.monotonic() - started
    block = moment.role.writes if status == "ran" else ""
    return StageRecord(
        moment.position, moment.role.name, status, why, seconds, block, written.output, written.beside, inputs
    )
