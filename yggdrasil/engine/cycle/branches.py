"""Branches of one world: a fork shares what came before it by reference, copies nothing and leaks nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.engine.cycle.cycle_stages import END
from yggdrasil.engine.cycle.database import Database
from yggdrasil.engine.cycle.errors import LogError

MAIN = "main"


@dataclass(frozen=True)
class Branch:
    """A line of steps. It reads steps up to `at_step` from its parent; `variant` enters its seeds.

    A branch that left its parent in the middle of a step also shares the stages of that step before
    `open_position` and the answered calls before `open_call`.
    """

    id: int
    name: str
    parent: int | None
    at_step: int
    open_position: int | None
    open_call: int | None
    variant: str


@dataclass(frozen=True)
class Segment:
    """Steps `low` … `high` of a branch's life that are stored under `branch`."""

    branch: int
    low: int
    high: int


@dataclass(frozen=True)
class Share:
    """A part of one step: the stages of `branch` before `position`, its calls numbered below `call`."""

    branch: int
    position: int
    call: int


@dataclass(frozen=True)
class Part:
    """Rows of a branch's life: steps `low` … `high` stored under `branch`, positions below `before`.

    `owner` is the branch that says of these steps whether they are whole.
    """

    owner: int
    branch: int
    low: int
    high: int
    before: int


_COLUMNS = "id, name, parent, at_step, open_position, open_call, variant"


class Branches:
    """The tree of a world's branches."""

    def __init__(self, database: Database, root: str = MAIN) -> None:
        """`root` is the branch that a new file begins with."""
        self._database = database
        self._known: dict[int, Branch] = {}
        if database.one("SELECT 1 FROM branches LIMIT 1") is None:
            with database.transaction():
                if database.one("SELECT 1 FROM branches LIMIT 1") is None:
                    self._insert(root, None, 0, "", None, None)

    def __getitem__(self, name: str) -> Branch:
        """The branch of that name. Raises LogError that names the near ones."""
        found = self.find(name)
        if found is None:
            raise LogError(
                f"the world has no branch {name!r}",
                where=str(self._database.path),
                mend=did_you_mean(str(name), self.names()),
            )
        return found

    def find(self, name: str) -> Branch | None:
        """The branch of that name, if there is one."""
        row = self._database.one(f"SELECT {_COLUMNS} FROM branches WHERE name = ? AND gone = 0", str(name))
        return None if row is None or name != row[1] else self._read(row)

    def _read(self, row: tuple[Any, ...]) -> Branch:
        """The branch of a row; one that came before its own parent would lead round for ever."""
        number, _, parent, *at = row
        whole = all(isinstance(n, int) for n in (number, at[0])) and isinstance(at[-1], str)
        if (
            not whole
            or not all(n is None or isinstance(n, int) for n in (parent, *at[1:-1]))
            or (parent or 0) >= number
        ):
            raise LogError("a branch is none", where=str(self._database.path), mend="restore it from a copy")
        return Branch(*row)

    def names(self) -> list[str]:
        """The living branches, oldest first."""
        return [str(n) for (n,) in self._database.all("SELECT name FROM branches WHERE gone = 0 ORDER BY id")]

    def by_id(self, number: int) -> Branch:
        found = self._known.get(number)
        if found is None:
            row = self._database.one(f"SELECT {_COLUMNS} FROM branches WHERE id = ?", number)
            if row is None:
                raise LogError(f"branch number {number} is gone", where=str(self._database.path))
            found = self._known[number] = self._read(row)
        return found

    def lineage(self, branch: Branch) -> list[Segment]:
        """Where the steps of `branch` are stored, newest first."""
        found: list[Segment] = []
        high = 2**62
        while True:
            low = 0 if branch.parent is None else branch.at_step + 1
            if low <= high:
                found.append(Segment(branch.id, low, high))
            if branch.parent is None:
                return found
            high = min(high, branch.at_step)
            branch = self.by_id(branch.parent)

    def owner(self, branch: Branch, step: int) -> int:
        """The number of the branch that stores `step` of `branch`."""
        return next(s.branch for s in self.lineage(branch) if s.low <= step <= s.high)

    def sharers(self, branch: Branch, step: int) -> list[Share]:
        """Who stores parts of `step`: its owner whole, and below it those that it left in mid-step."""
        while branch.parent is not None and step <= branch.at_step:
            branch = self.by_id(branch.parent)
        found = [Share(branch.id, 2**62, 2**62)]
        while branch.open_position is not None and branch.parent is not None and step == branch.at_step + 1:
            position = min(found[-1].position, branch.open_position)
            call = min(found[-1].call, branch.open_call or 0)
            branch = self.by_id(branch.parent)
            found.append(Share(branch.id, position, call))
        return found

    def parts(self, branch: Branch, low: int, high: int, before: int = END) -> list[Part]:
        """Everything that `branch` reads in steps low … high, newest first; of step `high` positions below `before`."""
        found: list[Part] = []
        for segment in self.lineage(branch):
            first, last = max(low, segment.low), min(high, segment.high)
            if last == high and before < END and first <= last:
                found.append(Part(segment.branch, segment.branch, last, last, before))
                last -= 1
            if first <= last:
                found.append(Part(segment.branch, segment.branch, first, last, END))
            owner = self.by_id(segment.branch)
            if owner.open_position is not None and low <= segment.low <= min(high, segment.high):
                limit = before if segment.low == high else END
                shares = self.sharers(owner, segment.low)[1:]
                low_step = segment.low
                found += [Part(owner.id, s.branch, low_step, low_step, min(limit, s.position)) for s in shares]
        return found

    def fork(self, parent: Branch, at: int, name: str, variant: str, open_at: tuple[int, int] | None = None) -> Branch:
        """A new branch after step `at`. Raises LogError if the name is taken."""
        if not name.strip():
            raise LogError("a branch needs a name", where=str(self._database.path), mend="pass name=…")
        if name in self.names():
            raise LogError(
                f"there is a branch {name!r} already", where=str(self._database.path), mend="take another name"
            )
        position, call = open_at if open_at else (None, None)
        return self.by_id(self._insert(name, parent.id, at, variant, position, call))

    def begin(self, name: str, variant: str) -> Branch:
        """The branch of that name; one that is not there yet begins with nothing behind it."""
        if found := self.find(name):
            return found
        with self._database.transaction():
            if self.find(name) is None:
                self._insert(name, None, 0, variant, None, None)
            return self[name]

    def _insert(
        self, name: str, parent: int | None, at: int, variant: str, position: int | None, call: int | None
    ) -> int:
        return self._database.write(
            "INSERT INTO branches(name, parent, at_step, variant, open_position, open_call, made)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            name, parent, at, variant, position, call, time.time(),
        )  # fmt: skip

    def delete(self, branch: Branch) -> None:
        """Forget a branch; what its forks share stays for them. Raises LogError for the last one."""
        if len(self.names()) == 1:
            raise LogError(
                f"{branch.name!r} is the last branch", where=str(self._database.path), mend="delete the world's folder"
            )
        with self._database.transaction():
            self._database.write("UPDATE branches SET gone = 1 WHERE id = ?", branch.id)
            self._sweep()
        self._known.clear()

    def _sweep(self) -> None:
        """Remove rows of branches that are gone, as far as no living branch reads them."""
        while True:
            rows = self._database.all(
                "SELECT id, (SELECT MAX(at_step + (open_position IS NOT NULL)) FROM branches c WHERE c.parent = b.id)"
                " FROM branches b WHERE gone = 1"
            )
            unread = [int(number) for number, shared in rows if shared is None]
            for number, shared in rows:
                for table in ("steps", "stages", "calls", "operations", "snapshots", "memory"):
                    keep = -1 if shared is None else shared
                    self._database.write(f"DELETE FROM {table} WHERE branch = ? AND step > ?", number, keep)
            for number in unread:
                self._database.write("DELETE FROM branches WHERE id = ?", number)
            if not unread:
                return
