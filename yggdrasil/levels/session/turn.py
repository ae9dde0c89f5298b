"""A turn of a session as the log has it, and how its values are kept there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.running import Outputs
from yggdrasil.contract.session import SessionError
from yggdrasil.engine.cycle.records import StageRecord, StepRecord
from yggdrasil.levels.round_journal import Unrecordable, record, recorded

OUTPUTS = "outputs"
_INPUTS, _CALL = "inputs", "call"


@dataclass(frozen=True)
class Question:
    """What a turn waits for: the question's id and words, and the place in the tree that asks."""

    id: str
    question: str
    place: str


@dataclass(frozen=True)
class Turn:
    """One run of a session; what it was given and gave is read from the store when it is asked for."""

    record: StepRecord = field(repr=False)
    number: int
    status: str
    when: datetime
    artifacts: ArtifactStore = field(repr=False)

    @classmethod
    def of(cls, record: StepRecord, began: float, artifacts: ArtifactStore) -> Turn:
        last = record.last(0)
        status = record.status if record.status != "open" else (last.status if last else "cut")
        return cls(record, record.step, status, datetime.fromtimestamp(began, UTC), artifacts)

    @property
    def inputs(self) -> dict[str, Any]:
        return inputs_of(self.record, self.artifacts)

    @property
    def outputs(self) -> Outputs:
        return Outputs(recorded(self._end.output or {}, self.artifacts))

    @property
    def events(self) -> list[dict[str, Any]]:
        return list((self._end.beside or {}).get("events", []))

    @property
    def changed(self) -> list[str]:
        return list((self._end.beside or {}).get("changed", []))

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.record.stages)

    @property
    def reason(self) -> str:
        """Why an unfinished turn stands where it does; '' for a whole one."""
        return str(((self._end.reason or {}).get("args") or {}).get("message", ""))

    @property
    def _end(self) -> StageRecord:
        return self.record.last(0) or StageRecord(0, "", "cancelled")

    def to_json(self) -> dict[str, Any]:
        """The turn as plain JSON; what is large is named by its artifact."""
        given, output = self.record.given.get(_INPUTS, {}), self._end.output or {}
        return {
            "turn": self.number, "status": self.status, "when": self.when.isoformat(), "seconds": self.seconds,
            "inputs": given, "outputs": output, "events": self.events, "changed": self.changed,
        }  # fmt: skip


def kept(values: Mapping[str, Any], artifacts: ArtifactStore, what: str, where: str) -> dict[str, Any]:
    """Inputs or outputs as the log keeps them. Raises SessionError that names what cannot be kept."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        try:
            found[name] = record(value, artifacts)
        except Unrecordable as error:
            mend = "give plain data or a value of a kind; a kind of your own is kept by its form"
            raise SessionError(f"{what} {name!r} cannot be kept ({error})", where=where, mend=mend) from None
    return found


def given_as(inputs: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """The form of a step's given state in which the log has a turn's inputs, and what its call was given beside."""
    return {_INPUTS: inputs, **({_CALL: call} if call else {})}


def same_inputs(record: StepRecord, given: dict[str, Any]) -> bool:
    """Whether a turn was given these inputs, in the form of `given_as`; of the rest a call may say less or other."""
    return record.given.get(_INPUTS) == given[_INPUTS]


def call_of(record: StepRecord) -> dict[str, Any]:
    """What the call of a turn was given beside its inputs."""
    return record.given.get(_CALL, {})


def inputs_of(record: StepRecord, artifacts: ArtifactStore) -> dict[str, Any]:
    """What a turn was given."""
    return recorded(record.given.get(_INPUTS, {}), artifacts)
