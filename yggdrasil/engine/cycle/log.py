"""The log of a world or of sessions, the truth: what is acknowledged here happened, everything else did not."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from yggdrasil.contract.digest import digest
from yggdrasil.engine.cycle.branches import MAIN, Branch, Branches
from yggdrasil.engine.cycle.cycle_stages import SETTLED
from yggdrasil.engine.cycle.database import Database, dumps, parsed
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.engine.cycle.journal import StageJournal
from yggdrasil.engine.cycle.records import StageRecord, StepRecord, StepStatus, load_given, load_json, load_stage
from yggdrasil.engine.cycle.snapshots import Snapshots

FILE = "world.db"
_NAMING = {
    "stages": ("output", "beside"), "steps": ("given",), "calls": ("result",), "memory": ("value",),
    "operations": ("operations",), "snapshots": ("content",),
}  # fmt: skip
"""Where the log may name artifacts: table → columns of JSON."""
_SHA = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_STEP = "step, status, action, given, digest"
_STAGE = "position, name, status, reason, seconds, block, output, beside, inputs"


@dataclass(frozen=True)
class Head:
    """Where a branch stands: its last whole (or dropped) step, that one's digest, and the step that waits after it."""

    last: int
    digest: str
    waiting: StepRecord | None


class Log:
    """Steps, stages, calls, operations and memory of all branches, in one file of the folder.

    Readers see whole steps only; a stage is in the log when its transaction is on the disk.
    """

    def __init__(self, folder: Path, file: str = FILE, root: str = MAIN) -> None:
        self.folder = folder
        self.database = Database(folder / file)
        self.branches = Branches(self.database, root)
        self.snapshots = Snapshots(self.database, self.branches)
        self._latest: tuple[int, int, Any] = (0, -1, None)

    def close(self) -> None:
        self.database.close()

    def head(self, branch: Branch) -> Head:
        """Where the branch stands now."""
        waiting: StepRecord | None = None
        for segment in self.branches.lineage(branch):
            rows = self.database.all(
                f"SELECT {_STEP} FROM steps WHERE branch = ? AND step BETWEEN ? AND ? ORDER BY step DESC LIMIT 2",
                segment.branch, segment.low, segment.high,
            )  # fmt: skip
            for row in rows:
                if row[1] != "open":
                    return Head(int(row[0]), str(row[4] or ""), waiting)
                waiting = self._record(branch, row)
        return Head(-1, "", waiting)

    def last_step(self, branch: Branch) -> int:
        """The number of the last whole (or dropped) step; −1 if the world is not founded."""
        return self.head(branch).last

    def begun(self, branch: Branch) -> dict[int, float]:
        """When each step of the branch began, in seconds since 1970."""
        found: dict[int, float] = {}
        for part in self.branches.lineage(branch):
            sql = "SELECT step, started FROM steps WHERE branch = ? AND step BETWEEN ? AND ?"
            found |= dict(self.database.all(sql, part.branch, part.low, part.high))
        return found

    def open_step(self, branch: Branch) -> StepRecord | None:
        """The step that was begun and is not whole yet."""
        return self.head(branch).waiting

    def history(self, branch: Branch, low: int = 1, high: int = 2**62) -> list[StepRecord]:
        """Whole and dropped steps of the branch, oldest first; a step that still runs is absent."""
        found: list[StepRecord] = []
        for segment in reversed(self.branches.lineage(branch)):
            first, last = max(low, segment.low), min(high, segment.high)
            rows = self.database.all(
                f"SELECT {_STEP} FROM steps"
                " WHERE branch = ? AND step BETWEEN ? AND ? AND status != 'open' ORDER BY step",
                segment.branch, first, last,
            ) if first <= last else []  # fmt: skip
            found += [self._record(branch, row) for row in rows]
        return found

    def step(self, branch: Branch, number: int) -> StepRecord:
        """One whole or dropped step. Raises LogError that names the range of those that there are."""
        found = self.history(branch, number, number) if type(number) is int else []
        if not found:
            raise LogError(
                f"branch {branch.name!r} has no whole step {number!r}",
                where=str(self.database.path),
                mend=f"its last one is {self.last_step(branch)}",
            )
        return found[0]

    def edited(self, branch: Branch) -> list[int]:
        """The numbers of the branch's edits, newest first."""
        sql = (
            "SELECT step FROM steps WHERE branch = ? AND step BETWEEN ? AND ? AND status = 'edited' ORDER BY step DESC"
        )
        parts = self.branches.lineage(branch)
        return [int(step) for part in parts for (step,) in self.database.all(sql, part.branch, part.low, part.high)]

    def _record(self, branch: Branch, row: tuple[Any, ...]) -> StepRecord:
        step, status, action, given, sha = row
        return StepRecord(branch.name, step, status, action, load_given(given), sha or "", self._stages(branch, step))

    def _stages(self, branch: Branch, step: int) -> list[StageRecord]:
        found: list[StageRecord] = []
        for share in reversed(self.branches.sharers(branch, step)):
            rows = self.database.all(
                f"SELECT {_STAGE} FROM stages WHERE branch = ? AND step = ? AND position < ? ORDER BY seq",
                share.branch, step, share.position,
            )  # fmt: skip
            found += [load_stage(row) for row in rows]
        return found

    def outputs(self, branch: Branch, block: str, low: int = 1, high: int = 2**62) -> list[Any]:
        """What the stage that writes `block` wrote in each whole step that was not dropped, oldest first."""
        return [output for _, output in self.numbered_outputs(branch, block, low, high)]

    def numbered_outputs(self, branch: Branch, block: str, low: int, high: int) -> list[tuple[int, Any]]:
        """The same, each with the number of its step."""
        found: list[tuple[int, Any]] = []
        for part in reversed(self.branches.parts(branch, low, high)):
            rows = self.database.all(
                "SELECT step, output FROM stages s WHERE branch = ? AND step BETWEEN ? AND ? AND position < ?"
                " AND block = ? AND status = 'ran' AND position >= ? AND EXISTS (SELECT 1 FROM steps t"
                " WHERE t.branch = ? AND t.step = s.step AND t.status = 'whole') ORDER BY step",
                part.branch, part.low, part.high, part.before, block, SETTLED, part.owner,
            )  # fmt: skip
            found += [(step, parsed(text)) for step, text in rows]
        return found

    def begin(self, branch: Branch, action: str | None, given: dict[str, Any], step: int | None = None) -> int:
        """Open the next step (`step`, if it is known) with the state and the action that were passed to it."""
        step = self.last_step(branch) + 1 if step is None else step
        self._open(branch, step, action, given)
        return step

    def share_open(self, branch: Branch, record: StepRecord) -> None:
        """Let a branch that was forked in the middle of `record` go on with it."""
        self._open(branch, record.step, record.action, record.given)

    def _open(self, branch: Branch, step: int, action: str | None, given: dict[str, Any]) -> None:
        self.database.write(
            "INSERT INTO steps(branch, step, status, action, given, started) VALUES (?, ?, 'open', ?, ?, ?)",
            branch.id, step, action, dumps(given), time.time(),
        )  # fmt: skip

    def found(self, branch: Branch, record: StageRecord, content: dict[str, Any]) -> None:
        """Store step 0: the starting content and how it came to be."""
        with self.database.transaction():
            self.acknowledge(branch, 0, record)
            self.snapshots.snapshot(branch, 0, content)
            sha = digest({"before": "", "content": content})
            self.database.write(
                "INSERT INTO steps(branch, step, status, given, digest, started) VALUES (?, 0, 'whole', '{}', ?, ?)",
                branch.id, sha, time.time(),
            )  # fmt: skip

    def founded(self) -> str:
        """The digest of step 0, by which a world is known again; '' before its founding."""
        row = self.database.one("SELECT digest FROM steps WHERE step = 0")
        return str(row[0]) if row else ""

    def acknowledge(self, branch: Branch, step: int, *records: StageRecord) -> list[StageRecord]:
        """Make the end of stages durable; what else belongs to it is written in the same transaction.

        Gives the records as the log has them: sharing nothing with what a stage gave.
        """
        rows = [(r, _dump_or_null(r.output), _dump_or_null(r.beside)) for r in records]
        values = [
            (
                branch.id,
                step,
                r.position,
                r.name,
                r.status,
                dumps(r.reason) if r.reason else "",
                r.seconds,
                r.block,
                output,
                beside,
                r.inputs,
            )
            for r, output, beside in rows
        ]
        marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
        if rows:
            sql = f"INSERT INTO stages(branch, step, {_STAGE}) VALUES {marks}"
            self.database.write(sql, *(value for row in values for value in row))
        return [replace(r, output=load_json(output), beside=load_json(beside)) for r, output, beside in rows]

    def finish(
        self, branch: Branch, record: StepRecord, status: StepStatus, before: str, operations: list[Any]
    ) -> StepRecord:
        """Make the step visible; its digest continues the chain of those before it."""
        sha = _step_digest(before, record, operations)
        self.database.write(
            "UPDATE steps SET status = ?, digest = ? WHERE branch = ? AND step = ?", status, sha, branch.id, record.step
        )
        return replace(record, status=status, digest=sha)

    def keep_at_hand(self, branch: Branch, record: StepRecord) -> None:
        """Let `just_finished` give this step, which is whole and durable, without reading it again."""
        self._latest = (branch.id, record.step, record)

    def just_finished(self, branch: Branch, number: int) -> StepRecord:
        """The step, to whoever ran it; the same as `step`, but read only if another has ended since."""
        latest, self._latest = self._latest, (0, -1, None)
        return latest[2] if (branch.id, number) == latest[:2] else self.step(branch, number)

    def chain(self, branch: Branch, record: StepRecord, before: str) -> str:
        """The digest that a step has by what the log holds: of the one before it, what was passed, made and applied."""
        return _step_digest(before, record, self.snapshots.operations(branch, record.step, record.step))

    def note(self, text: str) -> None:
        """Keep for ever what was done to the world itself, between the stages where it was done."""
        self.database.write(
            "INSERT INTO notes(after, made, text) SELECT COALESCE(MAX(seq), 0), ?, ? FROM stages", time.time(), text
        )

    def notes(self, branch: Branch) -> list[tuple[int, int, str]]:
        """Every note, oldest first, with the branch's last step that had begun then, and how many stages it had."""
        return [
            (*self._reached(branch, after), str(text))
            for after, text in self.database.all("SELECT after, text FROM notes ORDER BY rowid")
        ]

    def _reached(self, branch: Branch, seq: int) -> tuple[int, int]:
        """The branch's last step with a stage up to the stored number `seq`, and how many such stages it has."""
        for part in self.branches.lineage(branch):
            sql = "SELECT MAX(step) FROM stages WHERE branch = ? AND step BETWEEN ? AND ? AND seq <= ?"
            row = self.database.one(sql, part.branch, max(part.low, 1), part.high, seq)
            if row and row[0]:
                sql = "SELECT COUNT(*) FROM stages WHERE branch = ? AND step = ? AND position < ? AND seq <= ?"
                shares = self.branches.sharers(branch, row[0])
                counted = [self.database.one(sql, s.branch, row[0], s.position, seq) for s in shares]
                return int(row[0]), sum(int(found[0]) for found in counted if found)
        return 0, 0

    def journal(self, branch: Branch, step: int, position: int, prefix: str, fresh: bool = False) -> StageJournal:
        """The journal for one run of the stage at `position`; `fresh` says that it never ran before in this step."""
        shares = [] if fresh else self.branches.sharers(branch, step)
        return StageJournal(self.database, branch, shares, step, position, prefix)

    def artifacts(self) -> set[str]:
        """The sha256 of every artifact that any step of any branch names, whole or not, and some other digests.

        Looked for in the text itself, since tools tell agents of pictures in words, which memories then keep.
        """
        named: set[str] = set()
        for table, columns in _NAMING.items():
            for column in columns:
                for (text,) in self.database.all(f"SELECT {column} FROM {table} WHERE {column} LIKE '%sha256%'"):
                    named.update(_SHA.findall(text))
        return named


def _step_digest(before: str, record: StepRecord, operations: list[Any]) -> str:
    stages = [[s.position, s.name, s.status, s.block, s.output] for s in record.stages if s.status == "ran"]
    passed = [record.action, record.given]
    return digest({"before": before, "passed": passed, "stages": stages, "operations": operations})


def as_stored(value: Any) -> Any:
    """The value as the log gives it back, sharing nothing with the one that was given."""
    return json.loads(dumps(value))


def _dump_or_null(value: Any) -> str | None:
    return None if value is None else dumps(value)
