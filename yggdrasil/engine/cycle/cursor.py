"""The cycle's graph on langgraph: it schedules the stages, and its checkpoints hold a cursor and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict, cast

from yggdrasil.contract.context import here
from yggdrasil.engine.cycle.cycle_stages import ORDER, POSITIONS, UPDATE
from yggdrasil.engine.cycle.database import SMALL_WAL

FILE = "cursor.db"
_LIMIT = len(POSITIONS) + 3


class Cursor(TypedDict):
    """Which stage comes next; `stage` is '' when the step is over. Pass 0 settles, pass 1 ends the episode."""

    branch: str
    step: int
    stage: str
    round: int


def cursor_at(branch: str, step: int, position: int) -> Cursor:
    """The cursor that stands before `position`."""
    stage = POSITIONS[position].name if position < len(POSITIONS) else ""
    return {"branch": branch, "step": step, "stage": stage, "round": position // len(ORDER)}


def position_of(cursor: Cursor) -> int:
    """The position that a cursor stands before."""
    names = [role.name for role in ORDER]
    return cursor["round"] * len(ORDER) + names.index(cursor["stage"])


class CycleGraph:
    """Canon's six stages as a cyclic langgraph graph, compiled once.

    Checkpoints are written with durability "exit": on resume the log decides where the world stands, so a
    checkpoint lost by a crash costs nothing, while one a stage would cost 1 ms each and say nothing new.
    So they are forgotten before each run, unread, and a file that cannot be written stops no step.
    """

    def __init__(self, folder: Path) -> None:
        from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
        from langgraph.checkpoint.sqlite import SqliteSaver

        self._work: Callable[[int], object] = int
        self._path = folder / FILE
        self._raised: BaseException | None = None
        self._done = False
        self._connection = _opened(self._path)
        serde = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=())
        self._graph = self._compiled(SqliteSaver(self._connection, serde=serde) if self._connection else None)

    def _compiled(self, saver: Any) -> Any:
        from langgraph.graph import END, START, StateGraph

        builder: Any = StateGraph(cast(Any, Cursor))
        ways = {role.name: role.name for role in ORDER} | {"": END}
        for role, following in zip(ORDER, (*ORDER[1:], ORDER[0]), strict=True):
            builder.add_node(role.name, self._node)
            if role is UPDATE:
                builder.add_conditional_edges(role.name, _stage, ways)
            else:
                builder.add_edge(role.name, following.name)
        builder.add_conditional_edges(START, _stage, ways)
        return builder.compile(checkpointer=saver)

    def _node(self, cursor: Cursor) -> Cursor:
        position = position_of(cursor)
        try:
            self._work(position)
        except BaseException as error:
            self._raised = error
            raise
        following = cursor_at(cursor["branch"], cursor["step"], position + 1)
        self._done = not following["stage"]
        return following

    def run(self, branch: str, step: int, position: int, work: Callable[[int], object]) -> None:
        """Do `work` at each position from this one to the end of the step. Raises what it raises."""
        start = cursor_at(branch, step, position)
        self._work, self._raised, self._done = work, None, False
        try:
            self._forget(branch)
            self._invoke(start)
        except sqlite3.Error as error:
            if error is self._raised:
                raise
            self._go_without(error)
            if self._raised is not None:
                raise self._raised from None
            if not self._done:
                self._invoke(start)

    def _invoke(self, start: Cursor) -> None:
        config = {"configurable": {"thread_id": start["branch"]}, "recursion_limit": _LIMIT}
        kept = {"durability": "exit"} if self._connection is not None else {}
        self._graph.invoke(start, config, **kept)

    def _go_without(self, error: sqlite3.Error) -> None:
        """From now on keep no checkpoints; the file is thrown away, since the log says it all."""
        here().note(f"{FILE} cannot be written ({error}); the log has everything")
        self.close()
        self._graph = self._compiled(None)
        with suppress(OSError):
            _throw_away(self._path)

    def cursor(self, branch: str) -> Cursor | None:
        """The last checkpoint of a branch; a hint for people and tools, never asked by the engine."""
        if self._connection is None:
            return None
        values = self._graph.get_state({"configurable": {"thread_id": branch}}).values
        return cast(Cursor, values) if values else None

    def _forget(self, branch: str) -> None:
        if self._connection is None:
            return
        self._graph.checkpointer.setup()
        with self._connection:
            for table in ("checkpoints", "writes"):
                self._connection.execute(f"DELETE FROM {table} WHERE thread_id = ?", (branch,))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _opened(path: Path) -> sqlite3.Connection | None:
    """The checkpoints' file; a broken one is thrown away, since the log is what counts. None on a failing disk."""
    with suppress(sqlite3.Error):
        return _connected(path)
    with suppress(sqlite3.Error, OSError):
        _throw_away(path)
        return _connected(path)
    return None


def _throw_away(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", *SMALL_WAL):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _stage(cursor: Cursor) -> str:
    return cursor["stage"]
