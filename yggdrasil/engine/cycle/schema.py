"""The tables of a world's log, and the opening of its file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yggdrasil.engine.cycle.errors import LogError, NewerLog

FORMAT = 1
SMALL_WAL = ("wal_autocheckpoint=100", "journal_size_limit=262144")
"""Settings that keep the write-ahead file below 512 KiB."""

TABLES = """
CREATE TABLE branches(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, parent INTEGER REFERENCES branches(id),
  at_step INTEGER NOT NULL, open_position INTEGER, open_call INTEGER,
  variant TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0, made REAL NOT NULL);
CREATE UNIQUE INDEX branch_names ON branches(name) WHERE gone = 0;
CREATE TABLE steps(
  branch INTEGER NOT NULL, step INTEGER NOT NULL, status TEXT NOT NULL, action TEXT, given TEXT NOT NULL,
  digest TEXT, started REAL NOT NULL, PRIMARY KEY(branch, step));
CREATE TABLE stages(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, branch INTEGER NOT NULL, step INTEGER NOT NULL, position INTEGER NOT NULL,
  name TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, seconds REAL NOT NULL,
  block TEXT NOT NULL, output TEXT, beside TEXT, inputs TEXT NOT NULL);
CREATE INDEX stage_places ON stages(branch, step, position);
CREATE TABLE calls(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, branch INTEGER NOT NULL, step INTEGER NOT NULL, position INTEGER NOT NULL,
  place TEXT NOT NULL, name TEXT NOT NULL, inputs TEXT NOT NULL, number INTEGER NOT NULL,
  result TEXT, question TEXT, ask TEXT);
CREATE UNIQUE INDEX call_places ON calls(branch, step, position, place, name, inputs, number);
CREATE TABLE operations(
  branch INTEGER NOT NULL, step INTEGER NOT NULL, position INTEGER NOT NULL,
  operations TEXT NOT NULL, inverses TEXT NOT NULL, PRIMARY KEY(branch, step, position));
CREATE TABLE snapshots(
  branch INTEGER NOT NULL, step INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY(branch, step));
CREATE TABLE memory(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, branch INTEGER NOT NULL, step INTEGER NOT NULL, position INTEGER NOT NULL,
  place TEXT NOT NULL, whole INTEGER NOT NULL, value TEXT NOT NULL);
CREATE INDEX memory_places ON memory(branch, place, step, position);
"""
NOTES = "CREATE TABLE IF NOT EXISTS notes(after INTEGER NOT NULL, made REAL NOT NULL, text TEXT NOT NULL)"
"""What was done to the world itself, after the stage stored as `after`; an older log gets this table when opened."""


class Database:
    """One SQLite file in WAL mode, usable from any thread; what a transaction acknowledged survives a power cut.

    `synchronous=FULL`: a stage is said to be finished only after its row is on the disk, and WAL with NORMAL
    may lose the last commits. It costs one fsync a stage, against seconds that a model takes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise LogError(
                f"cannot be read as a log ({error})", where=str(path), mend="restore it from a copy"
            ) from error

    def _prepare(self) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", *SMALL_WAL):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        found = self._format()
        if found <= FORMAT:
            self._connection.execute(NOTES)
        if found == 0:
            with self.transaction():
                if self._format() == 0:
                    for statement in TABLES.split(";"):
                        if statement.strip():
                            self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA user_version={FORMAT}")
        elif found > FORMAT:
            self._connection.close()
            raise NewerLog(found, FORMAT, str(self.path))

    def _format(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored together, or nothing of it; nested ones join the outer one."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise self._unwritten(error) from error
                raise
            finally:
                self._depth = 0

    def _unwritten(self, error: sqlite3.Error) -> LogError:
        mend = "make room on the disk, or the folder writable, and step again: nothing was lost"
        return LogError(f"the log cannot be written ({error})", where=str(self.path), mend=mend)

    def all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        with self._lock:
            return self._connection.execute(sql, values).fetchone()

    def write(self, sql: str, *values: object) -> int:
        """Run one statement (in a transaction of its own if none is open); gives the row's number."""
        with self.transaction():
            return self._connection.execute(sql, values).lastrowid or 0

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the whole file, also while others read and write."""
        target = sqlite3.connect(path)
        try:
            with self._lock:
                self._connection.backup(target)
        finally:
            target.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()
