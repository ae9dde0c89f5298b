"""Content and agents' memory at any step: the nearest snapshot and what changed since, so that bytes grow by news."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from yggdrasil.engine.cycle.branches import Branch, Branches
from yggdrasil.engine.cycle.cycle_stages import END
from yggdrasil.engine.cycle.database import Database, dumps, parsed
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.engine.cycle.memory_deltas import changed, difference

_LEAST = 4096


@dataclass(frozen=True)
class _Growth:
    """After `step`: how long the last snapshot is, the operations since, and (`news`) those of the step after."""

    step: int
    snapshot: int
    since: int = 0
    news: int = 0


class Snapshots:
    """A snapshot is made when the changes since the last one outgrow it.

    So all snapshots together stay below twice the last one, and reading costs at most twice reading the content.
    """

    def __init__(self, database: Database, branches: Branches) -> None:
        self._database = database
        self._branches = branches
        self._growth: dict[int, _Growth] = {}

    def record(self, branch: Branch, step: int, position: int, operations: list[Any]) -> None:
        """Store the operations of one World update."""
        text = dumps(operations)
        self._database.write(
            "INSERT INTO operations(branch, step, position, operations, inverses) VALUES (?, ?, ?, ?, '[]')",
            branch.id, step, position, text,
        )  # fmt: skip
        known = self._growth.get(branch.id)
        if known is not None and known.step == step - 1:
            self._growth[branch.id] = replace(known, news=known.news + len(text))

    def operations(self, branch: Branch, low: int, high: int, before: int = END) -> list[dict[str, Any]]:
        """All operations of steps low … high in order, of the last one only those before position `before`."""
        return [op for _, ops in self.operations_by_step(branch, low, high, before) for op in ops]

    def operations_by_step(
        self, branch: Branch, low: int, high: int, before: int = END
    ) -> list[tuple[int, list[dict[str, Any]]]]:
        """The same, step by step."""
        found: list[tuple[int, list[dict[str, Any]]]] = []
        for part in reversed(self._branches.parts(branch, low, high, before)):
            rows = self._database.all(
                "SELECT step, operations FROM operations WHERE branch = ? AND step BETWEEN ? AND ? AND position < ?"
                " ORDER BY step, position",
                part.branch, part.low, part.high, part.before,
            )  # fmt: skip
            found += [(int(step), _operations(text)) for step, text in rows]
        return found

    def snapshot(self, branch: Branch, step: int, content: dict[str, Any]) -> None:
        """Store the content as it is after `step`."""
        text = dumps(content)
        self._database.write("INSERT INTO snapshots(branch, step, content) VALUES (?, ?, ?)", branch.id, step, text)
        self._growth[branch.id] = _Growth(step, len(text))

    def nearest(self, branch: Branch, step: int) -> tuple[int, dict[str, Any]]:
        """The last snapshot at or before `step` and its number. Raises LogError if the world is not founded."""
        for segment in self._branches.lineage(branch):
            row = self._database.one(
                "SELECT step, content FROM snapshots WHERE branch = ? AND step BETWEEN ? AND ? ORDER BY step DESC",
                segment.branch, segment.low, min(step, segment.high),
            )  # fmt: skip
            if row is not None:
                return int(row[0]), parsed(row[1])
        raise LogError("the world is not founded", where=str(self._database.path), mend="step it once")

    def snapshot_steps(self, branch: Branch) -> list[int]:
        """The steps with a snapshot, oldest first."""
        found: list[int] = []
        for segment in self._branches.lineage(branch):
            rows = self._database.all(
                "SELECT step FROM snapshots WHERE branch = ? AND step BETWEEN ? AND ?",
                segment.branch, segment.low, segment.high,
            )  # fmt: skip
            found += [int(row[0]) for row in rows]
        return sorted(found)

    def snapshot_is_due(self, branch: Branch, step: int) -> bool:
        """Whether the operations since the last snapshot outgrew it.

        A branch that goes on step by step in one process is counted on; else the log is asked.
        """
        known = self._growth.get(branch.id)
        if known is not None and known.step == step - 1:
            grown = _Growth(step, known.snapshot, known.since + known.news)
        else:
            grown = self._measured(branch, step)
        self._growth[branch.id] = grown
        return grown.since > max(_LEAST, grown.snapshot)

    def _measured(self, branch: Branch, step: int) -> _Growth:
        for segment in self._branches.lineage(branch):
            row = self._database.one(
                "SELECT step, length(content) FROM snapshots WHERE branch = ? AND step BETWEEN ? AND ?"
                " ORDER BY step DESC",
                segment.branch, segment.low, min(step, segment.high),
            )  # fmt: skip
            if row is not None:
                return _Growth(step, int(row[1]), self._grown(branch, int(row[0]) + 1, step))
        return _Growth(step, 0, 2**62)

    def _grown(self, branch: Branch, low: int, high: int) -> int:
        total = 0
        for segment in self._branches.lineage(branch):
            row = self._database.one(
                "SELECT SUM(length(operations)) FROM operations WHERE branch = ? AND step BETWEEN ? AND ?",
                segment.branch, max(low, segment.low), min(high, segment.high),
            )  # fmt: skip
            total += int(row[0] or 0) if row else 0
        return total

    def remember(self, branch: Branch, step: int, position: int, place: str, state: Any) -> None:
        """Store what the agent at `place` remembers after this stage, as what is new in it."""
        whole, delta = dumps(state), ""
        chain = self._chain(branch, step, position, place)
        if chain:
            old = _unrolled(chain)
            difference_now = difference(old, state)
            if not difference_now:
                return
            delta = dumps(difference_now)
            since = sum(len(text) for is_whole, text in chain if not is_whole)
            if since + len(delta) > max(_LEAST, len(chain[0][1])):
                delta = ""
        self._database.write(
            "INSERT INTO memory(branch, step, position, place, whole, value) VALUES (?, ?, ?, ?, ?, ?)",
            branch.id, step, position, place, int(not delta), delta or whole,
        )  # fmt: skip

    def forget(self, branch: Branch, step: int, position: int) -> None:
        """Take back what agents learnt at `step` from `position` on: of a dropped state nobody keeps anything."""
        self._database.write(
            "DELETE FROM memory WHERE branch = ? AND step = ? AND position >= ?", branch.id, step, position
        )

    def memory(self, branch: Branch, step: int, position: int, place: str) -> Any:
        """What the agent at `place` remembered before the stage at `position` of `step`; None if nothing."""
        chain = self._chain(branch, step, position, place)
        return _unrolled(chain) if chain else None

    def _chain(self, branch: Branch, step: int, position: int, place: str) -> list[tuple[bool, str]]:
        """The last whole memory and the differences since, oldest first."""
        found: list[tuple[bool, str]] = []
        for part in self._branches.parts(branch, 0, step, position):
            rows = self._database.all(
                "SELECT whole, value FROM memory WHERE branch = ? AND place = ? AND step BETWEEN ? AND ?"
                " AND position < ? ORDER BY step DESC, position DESC, seq DESC",
                part.branch, place, part.low, part.high, part.before,
            )  # fmt: skip
            for whole, value in rows:
                found.append((bool(whole), str(value)))
                if whole:
                    return found[::-1]
        return found[::-1]


def _operations(text: str) -> list[dict[str, Any]]:
    found = parsed(text)
    if not isinstance(found, list):
        raise LogError("operations in the log are no list", where="log", mend="restore it from a copy")
    return found


def _unrolled(chain: list[tuple[bool, str]]) -> Any:
    state: Any = parsed(chain[0][1])
    try:
        for _, text in chain[1:]:
            state = changed(state, parsed(text))
    except (TypeError, LookupError, AttributeError) as error:
        what = f"an agent's memory cannot be put together ({error})"
        raise LogError(what, where="log", mend="restore it from a copy") from None
    return state
