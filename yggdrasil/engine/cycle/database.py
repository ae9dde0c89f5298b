"""The tables of a world's log, and the opening of its file."""

from __future__ import annotations

import json
import math
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from yggdrasil.contract.artifacts import storing
from yggdrasil.contract.os_fork import ending, renewed, rlock
from yggdrasil.contract.surrogates import whole
from yggdrasil.engine.cycle.errors import LogError, LogNotStored, NewerLog, ReadOnlyPlace, WorldBusy

FORMAT = 2
"""2: the reasons of stages are codes with arguments; those of 1, in English, are read as codes."""
SMALL_WAL = ("wal_autocheckpoint=100", "journal_size_limit=262144")
"""Settings that keep the write-ahead file below 512 KiB."""

_CAREFUL = ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0")
"""What SQLite advises for files of strangers."""
_UNWRITABLE = (
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM,
)  # fmt: skip
_WAIT = 30.0

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
NOTES = "CREATE TABLE notes(after INTEGER NOT NULL, made REAL NOT NULL, text TEXT NOT NULL)"
"""What was done to the world itself, after the stage stored as `after`; an older log gets this table when opened."""


def _statements() -> list[str]:
    return [statement for statement in (*TABLES.split(";"), NOTES) if statement.strip()]


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not finite")
    return number


def dumps(value: Any) -> str:
    """Compact JSON with every script as it is, in whole characters."""
    return whole(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def parsed(text: Any) -> Any:
    """A JSON value of the log. Raises LogError for what is none."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (TypeError, ValueError, RecursionError) as error:
        what = f"a value in the log is not JSON ({error})"
        raise LogError(what, where="log", mend="restore it from a copy") from None


def is_writable(path: Path) -> bool:
    """Whether a log that is there can be written; one that is not there yet is tried."""
    return not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _copied(path: Path) -> Path:
    """The log where SQLite can open it: it opens none in a place that cannot be written. Raises LogError."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="yggdrasil-log-"))
    except OSError as error:
        what = f"lies in a read-only place and is read from a copy, for which there is no room ({error.strerror})"
        raise LogError(what, where=str(path), mend="let TMPDIR name a folder that can be written") from error
    try:
        for name in (path.name, f"{path.name}-wal"):
            if (source := path.with_name(name)).exists():
                shutil.copyfile(source, folder / name)
    except OSError as error:
        shutil.rmtree(folder, True)
        mend = "give yourself the right to read it"
        raise LogError(f"cannot be read ({error.strerror})", where=str(path), mend=mend) from error
    return folder


class Database:
    """One SQLite file in WAL mode, usable from any thread; what a transaction acknowledged survives a power cut.

    `synchronous=FULL`: a stage is said to be finished only after its row is on the disk, and WAL with NORMAL
    may lose the last commits. It costs one fsync a stage, against seconds that a model takes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = rlock(awaited=True)
        self._depth = 0
        self.read_only = not is_writable(path)
        if path.exists() and not path.is_file():
            raise LogError("is no file", where=str(path), mend="restore it from a copy")
        self._opened = path
        self._forget: Callable[[], object] = lambda: None
        if self.read_only:
            copy = _copied(path)
            self._opened, self._forget = copy / path.name, ending(self, shutil.rmtree, copy, True)
        with storing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._telling():
            self._prepare()
        renewed(self, Database._reopen)

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        made = sqlite3.connect(self._opened, isolation_level=None, check_same_thread=False, timeout=_WAIT)
        for pragma in (*_CAREFUL, "journal_mode=WAL", "synchronous=FULL", *SMALL_WAL):
            made.execute(f"PRAGMA {pragma}").fetchall()
        return made

    def _reopen(self) -> None:
        """A forked child closes what it inherited, as SQLite demands, and opens the file for itself when needed."""
        inherited = vars(self).pop("_connection", None)
        with suppress(sqlite3.Error):
            if inherited is not None:
                inherited.close()

    def _prepare(self) -> None:
        found = self._format()
        if found == 0:
            with self.transaction():
                if self._format() == 0:
                    for statement in _statements():
                        self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA user_version={FORMAT}")
        elif found > FORMAT:
            self._connection.close()
            raise NewerLog(found, FORMAT, str(self.path))
        self._check_tables()
        if 0 < found < FORMAT:
            self._connection.execute(f"PRAGMA user_version={FORMAT}")

    def _check_tables(self) -> None:
        """Refuse a file whose tables are not ours: a view or a trigger of a stranger would act at our reading."""
        ours = {" ".join(statement.split()) for statement in _statements()}
        rows = self._connection.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
        found = {" ".join(str(sql).split()) for (sql,) in rows}
        if found == ours - {NOTES}:
            self._connection.execute(NOTES)
        elif found != ours:
            self._connection.close()
            mend = "restore it from a copy"
            raise LogError("is no log: its tables are not those of a world", where=str(self.path), mend=mend)

    def _format(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored together, or nothing of it; nested ones join the outer one."""
        with self._lock:
            if self._depth:
                yield
                return
            if self.read_only:
                raise ReadOnlyPlace(str(self.path.parent))
            with self._telling():
                self._connection.execute("BEGIN IMMEDIATE")
                self._depth = 1
                try:
                    yield
                    self._connection.execute("COMMIT")
                except BaseException:  # raised again: whatever ends it, Ctrl-C too, stores nothing of it
                    with suppress(sqlite3.Error):
                        if self._connection.in_transaction:
                            self._connection.execute("ROLLBACK")
                    raise
                finally:
                    self._depth = 0

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what SQLite says into an error that teaches."""
        try:
            yield
        except UnicodeEncodeError as error:
            what = f"half a character has no place in a log: {ascii(error.object)[:80]}"
            raise LogError(what, where=str(self.path), mend="give whole characters") from None
        except OverflowError as error:
            what = "a number is larger than any that a log has"
            raise LogError(what, where=str(self.path), mend="name a step that there is") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _UNWRITABLE:
                raise LogNotStored(error, str(self.path)) from error
            if code == sqlite3.SQLITE_BUSY:
                raise WorldBusy("another process, in the middle of a write", _WAIT, str(self.path)) from error
            what = f"cannot be read as a log ({error})"
            raise LogError(what, where=str(self.path), mend="restore it from a copy") from error

    def all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._telling():
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        with self._lock, self._telling():
            return self._connection.execute(sql, values).fetchone()

    def write(self, sql: str, *values: object) -> int:
        """Run one statement (in a transaction of its own if none is open); gives the row's number."""
        with self.transaction():
            return self._connection.execute(sql, values).lastrowid or 0

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the whole file, also while others read and write."""
        with self._telling():
            target = sqlite3.connect(path)
            try:
                with self._lock:
                    self._connection.backup(target)
            finally:
                target.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()
            self._forget()
