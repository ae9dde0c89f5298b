"""A world's own log, the truth about it: what is acknowledged here happened, everything else did not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yggdrasil.contract.digest import digest
from yggdrasil.engine.cycle.branches import Branch, Branches
from yggdrasil.engine.cycle.database import Database, parsed
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.engine.cycle.journal import StageJournal
from yggdrasil.engine.cycle.records import StageRecord, StepRecord, StepStatus, load_given, load_stage
from yggdrasil.engine.cycle.snapshots import Keeping

FILE = "world.db"
_NAMING = {
    "stages": ("output", "beside"), "steps": ("given",), "calls": ("result",), "memory": ("value",),
    "operations": ("operations",), "snapshots": ("content",),
}  # fmt: skip
"""Where the log may name artifacts: table → columns of JSON."""
_SHA = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_STAGE = "position, name, status, reason, seconds, block, output, beside, inputs"


class Log:
    """Steps, stages, calls, operations and memory of all branches, in `world.db` of the world's folder.

    Readers see whole steps only; a stage is in the log when its transaction is on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder / FILE)
        self.branches = Branches(self.database)
        self.keeping = Keeping(self.database, self.branches)

    def close(self) -> None:
        self.database.close()

    def last_step(self, branch: Branch) -> int:
        """The number of the last whole (or dropped) step; −1 if the world is not founded."""
        for segment in self.branches.lineage(branch):
            row = self.database.one(
                "SELECT MAX(step) FROM steps WHERE branch = ? AND step BETWEEN ? AND ? AND status != 'open'",
                segment.branch, segment.low, segment.high,
            )  # fmt: skip
            if row is not None and row[0] is not None:
                return int(row[0])
        return -1

    def open_step(self, branch: Branch) -> StepRecord | None:
        """The step that was begun and is not whole yet."""
        step = self.last_step(branch) + 1
        found = self._steps(branch, step, step, ("open",))
        return found[0] if found else None

    def history(self, branch: Branch, low: int = 1, high: int = 2**62) -> list[StepRecord]:
        """Whole and dropped steps of the branch, oldest first; a step that still runs is absent."""
        return self._steps(branch, low, high, ("whole", "dropped"))

    def step(self, branch: Branch, number: int) -> StepRecord:
        """One whole or dropped step. Raises LogError that names the range of those that there are."""
        found = self.history(branch, number, number)
        if not found:
            raise LogError(
                f"branch {branch.name!r} has no whole step {number}",
                where=str(self.database.path),
                mend=f"its last one is {self.last_step(branch)}",
            )
        return found[0]

    def _steps(self, branch: Branch, low: int, high: int, statuses: Iterable[StepStatus]) -> list[StepRecord]:
        marks = ", ".join(f"'{s}'" for s in statuses)
        found: list[StepRecord] = []
        for segment in reversed(self.branches.lineage(branch)):
            first, last = max(low, segment.low), min(high, segment.high)
            if first > last:
                continue
            rows = self.database.all(
                "SELECT step, status, action, given, digest FROM steps"
                f" WHERE branch = ? AND step BETWEEN ? AND ? AND status IN ({marks}) ORDER BY step",
                segment.branch, first, last,
            )  # fmt: skip
            found += [
                StepRecord(branch.name, step, status, action, load_given(given), sha or "", self._stages(branch, step))
                for step, status, action, given, sha in rows
            ]
        return found

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
        whole = self._whole_steps(branch, low, high)
        found: list[tuple[int, Any]] = []
        for part in reversed(self.branches.parts(branch, low, high)):
            rows = self.database.all(
                "SELECT step, output FROM stages WHERE branch = ? AND step BETWEEN ? AND ? AND position < ?"
                " AND block = ? AND status = 'ran' AND position > 2 ORDER BY step",
                part.branch, part.low, part.high, part.before, block,
            )  # fmt: skip
            found += [(step, parsed(text)) for step, text in rows if step in whole]
        return [output for _, output in found]

    def _whole_steps(self, branch: Branch, low: int, high: int) -> set[int]:
        found: set[int] = set()
        for segment in self.branches.lineage(branch):
            rows = self.database.all(
                "SELECT step FROM steps WHERE branch = ? AND step BETWEEN ? AND ? AND status = 'whole'",
                segment.branch, max(low, segment.low), min(high, segment.high),
            )  # fmt: skip
            found |= {int(row[0]) for row in rows}
        return found

    def begin(self, branch: Branch, action: str | None, given: dict[str, Any]) -> int:
        """Open the next step with the state and the action that were passed to it."""
        step = self.last_step(branch) + 1
        self.database.write(
            "INSERT INTO steps(branch, step, status, action, given, started) VALUES (?, ?, 'open', ?, ?, ?)",
            branch.id, step, action, dumps(given), time.time(),
        )  # fmt: skip
        return step

    def share_open(self, branch: Branch, record: StepRecord) -> None:
        """Let a branch that was forked in the middle of `record` go on with it."""
        self.database.write(
            "INSERT INTO steps(branch, step, status, action, given, started) VALUES (?, ?, 'open', ?, ?, ?)",
            branch.id, record.step, record.action, dumps(record.given), time.time(),
        )  # fmt: skip

    def found(self, branch: Branch, record: StageRecord, content: dict[str, Any]) -> None:
        """Store step 0: the starting content and how it came to be."""
        with self.database.transaction():
            self.acknowledge(branch, 0, record)
            self.keeping.snapshot(branch, 0, content)
            sha = digest({"before": "", "content": content})
            self.database.write(
                "INSERT INTO steps(branch, step, status, given, digest, started) VALUES (?, 0, 'whole', '{}', ?, ?)",
                branch.id, sha, time.time(),
            )  # fmt: skip

    def founded(self) -> str:
        """The digest of step 0, by which a world is known again; '' before its founding."""
        row = self.database.one("SELECT digest FROM steps WHERE step = 0")
        return str(row[0]) if row else ""

    def acknowledge(self, branch: Branch, step: int, record: StageRecord) -> None:
        """Make one stage's end durable. What else belongs to it is written in the same transaction."""
        self.database.write(
            f"INSERT INTO stages(branch, step, {_STAGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            branch.id, step, record.position, record.name, record.status,
            dumps(record.reason) if record.reason else "", record.seconds,
            record.block, _dump_or_null(record.output), _dump_or_null(record.beside), record.inputs,
        )  # fmt: skip

    def finish(self, branch: Branch, step: int, status: StepStatus) -> None:
        """Make the step visible; its digest continues the chain of those before it."""
        before = str(self._digest(branch, step - 1))
        self.database.write(
            "UPDATE steps SET status = ?, digest = ? WHERE branch = ? AND step = ?",
            status, self.chain(branch, step, before), branch.id, step,
        )  # fmt: skip

    def chain(self, branch: Branch, step: int, before: str) -> str:
        """The digest of a step: of the one before it, what was passed to it, its stages' outputs, its operations."""
        stages = [
            [s.position, s.name, s.status, s.block, s.output] for s in self._stages(branch, step) if s.status == "ran"
        ]
        row = self.database.one(
            "SELECT action, given FROM steps WHERE branch = ? AND step = ?", self.branches.owner(branch, step), step
        )
        passed = [row[0], parsed(row[1])] if row else []
        operations = self.keeping.operations(branch, step, step)
        return digest({"before": before, "passed": passed, "stages": stages, "operations": operations})

    def _digest(self, branch: Branch, step: int) -> str:
        row = self.database.one(
            "SELECT digest FROM steps WHERE branch = ? AND step = ?", self.branches.owner(branch, step), step
        )
        return str(row[0]) if row else ""

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

    def journal(self, branch: Branch, step: int, position: int, prefix: str) -> StageJournal:
        """The journal for one run of the stage at `position`."""
        shares = self.branches.sharers(branch, step)
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


def dumps(value: Any) -> str:
    """Compact JSON with every script as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _dump_or_null(value: Any) -> str | None:
    return None if value is None else dumps(value)
