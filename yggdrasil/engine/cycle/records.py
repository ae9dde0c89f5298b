"""What the log tells: finished stages and steps, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from yggdrasil.contract.events import Reason
from yggdrasil.engine.cycle.cycle_stages import BLOCKS, CREATED, END, GIVEN_APPLIED, OWN_APPLIED, SETTLED, is_filled
from yggdrasil.engine.cycle.database import parsed
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.engine.cycle.reasons import StageStatus, load_reason

StepStatus = Literal["open", "whole", "dropped", "edited"]
DONE = ("ran", "skipped")
"""A stage with one of these never runs again."""


@dataclass(frozen=True)
class StageRecord:
    """One run, or skip, of one stage: where in the step, how it ended, why, and what it wrote."""

    position: int
    name: str
    status: StageStatus
    reason: Reason | None = None
    seconds: float = 0.0
    block: str = ""
    output: Any = None
    beside: Any = None
    inputs: str = ""

    def shown(self) -> dict[str, Any]:
        """The form that `yggdrasil show --json` prints."""
        known = {"name": self.name, "status": self.status, "reason": self.reason, "seconds": round(self.seconds, 4)}
        return known | ({"spent": self.spent} if self.spent else {})

    @property
    def spent(self) -> dict[str, Any]:
        """What it took, {tokens, cost}; empty if it was free, or did not come to its end."""
        return dict((self.beside or {}).get("spent", {})) if isinstance(self.beside, dict) else {}


@dataclass(frozen=True)
class StepRecord:
    """A step as it is stored: its stages in order, the state given to it, the user's action."""

    branch: str
    step: int
    status: StepStatus
    action: str | None
    given: dict[str, Any]
    digest: str
    stages: list[StageRecord] = field(default_factory=list[StageRecord])

    def last(self, position: int) -> StageRecord | None:
        """The latest record of the stage at `position`."""
        return next((s for s in reversed(self.stages) if s.position == position), None)

    @property
    def stuck(self) -> bool:
        """Whether its last stage failed twice in the same way: to go on as it stands will hardly help."""
        ends = [(s.position, (s.reason or {}).get("args", {}).get("error")) for s in self.stages[-2:]]
        return len(ends) == 2 and ends[0] == ends[1] and all(s.status == "failed" for s in self.stages[-2:])

    @property
    def next_position(self) -> int:
        """The first position that is not finished."""
        done = {s.position for s in self.stages if s.status in DONE}
        return next(p for p in range(len(done) + 1) if p not in done)

    def settling(self) -> dict[str, Any]:
        """The state that was passed in, with what Philosopher and Author added to it."""
        return {**self.given, **self._written(0, SETTLED)}

    def state(self) -> dict[str, Any]:
        """The blocks of the step's own state, as far as they were written."""
        return self._written(SETTLED, END)

    def state_at(self, position: int) -> dict[str, Any]:
        """The state that the stage at `position` reads."""
        return self.settling() if position < SETTLED else self.state()

    @property
    def dropped(self) -> list[dict[str, Any]]:
        """The states that were dropped at this step: which blocks each had and which it lacked."""
        found: list[dict[str, Any]] = []
        for at, state in ((GIVEN_APPLIED, self.settling()), (OWN_APPLIED, self.state())):
            record = self.last(at)
            if record is not None and record.status == "skipped" and (record.reason or {}).get("code") == "dropped":
                blocks = [b for b in BLOCKS if is_filled(state.get(b))]
                lacking = [b for b in BLOCKS if b not in blocks]
                found.append({"blocks": blocks, "missing": lacking, "settled": at == GIVEN_APPLIED})
        return found

    @property
    def failures(self) -> dict[str, Any]:
        """The Creator's calls that failed: slot → error."""
        record = self.last(CREATED)
        return dict((record.beside or {}).get("failures", {})) if record else {}

    @property
    def refused(self) -> dict[str, Any]:
        """Operations of World update that the world did not admit, and why; none of them was applied."""
        record = self.last(OWN_APPLIED)
        return dict((record.beside or {}).get("refused", {})) if record else {}

    def _written(self, low: int, high: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for stage in self.stages:
            if stage.status == "ran" and stage.block and low <= stage.position < high:
                found[stage.block] = stage.output
                found |= (stage.beside or {}).get("fields", {})
        return found


def load_stage(row: tuple[Any, ...]) -> StageRecord:
    """A record from a row: position, name, status, reason, seconds, block, output, beside, inputs."""
    position, name, status, reason, seconds, block, output, beside, inputs = row
    texts = all(isinstance(value, str) for value in (name, reason, block, inputs))
    known = status in get_args(StageStatus) and isinstance(position, int) and isinstance(seconds, float | int)
    if texts and known:
        why = load_reason(reason, status)
        record = StageRecord(position, name, status, why, seconds, block, load_json(output), load_json(beside), inputs)
        if _fits(record):
            return record
    what = f"what the log holds of the stage {str(name)[:40]!r} is not what a stage writes"
    raise LogError(what, where="log", mend="restore it from a copy")


def load_given(text: str) -> dict[str, Any]:
    """The state that was passed to a step. Raises LogError for what is none."""
    given = parsed(text)
    if not isinstance(given, dict) or not _slots_fit(given):
        raise LogError("a state in the log is none", where="log", mend="restore it from a copy")
    return given


def _fits(record: StageRecord) -> bool:
    """Whether the blocks are objects of the kinds that every reader counts on."""
    beside = record.beside if record.beside is not None else {}
    if not isinstance(beside, dict):
        return False
    objects = all(isinstance(beside.get(name, {}), dict) for name in ("failures", "fields", "refused", "spent"))
    if not record.block:
        return objects
    return objects and isinstance(record.output, dict) and _slots_fit({record.block: record.output})


def _slots_fit(state: dict[str, Any]) -> bool:
    slots = [state.get(block) or {} for block in ("plan", "artifacts", "perception")]
    return all(isinstance(s, dict) and all(isinstance(entry, dict) for entry in s.values()) for s in slots)


def load_json(text: str | None) -> Any:
    """A value of the log, or None where it has none."""
    return None if text is None else parsed(text)
