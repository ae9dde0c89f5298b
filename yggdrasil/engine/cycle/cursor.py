"""The cycle's graph on langgraph: it schedules the stages, and its checkpoints hold a cursor and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, cast

from yggdrasil.engine.cycle.roles import ORDER, POSITIONS
from yggdrasil.engine.cycle.schema import SMALL_WAL

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
    """

    def __init__(self, folder: Path, work: Callable[[int, str, int], None]) -> None:
        from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
        from langgraph.checkpoint.sqlite import SqliteSaver

        self._work = work
        self._connection = _opened(folder / FILE)
        serde = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=())
        self._graph = self._compiled(SqliteSaver(self._connection, serde=serde))

    def _compiled(self, saver: Any) -> Any:
        from langgraph.graph import END, START, StateGraph

        builder: Any = StateGraph(cast(Any, Cursor))
        ways = {role.name: role.name for role in ORDER} | {"": END}
        for role in ORDER:
            builder.add_node(role.name, self._node)
            builder.add_conditional_edges(role.name, _stage, ways)
        builder.add_conditional_edges(START, _stage, ways)
        return builder.compile(checkpointer=saver)

    def _node(self, cursor: Cursor) -> Cursor:
        position = position_of(cursor)
        self._work(cursor["step"], cursor["branch"], position)
        return cursor_at(cursor["branch"], cursor["step"], position + 1)

    def run(self, branch: str, step: int, position: int) -> None:
        """Run from `position` to the end of the step. Raises what a stage raises."""
        config = {"configurable": {"thread_id": branch}, "recursion_limit": _LIMIT}
        try:
            self._graph.invoke(cursor_at(branch, step, position), config, durability="exit")
        finally:
            self._forget_old(branch)

    def cursor(self, branch: str) -> Cursor | None:
        """The last checkpoint of a branch; a hint for people and tools, never asked by the engine."""
        values = self._graph.get_state({"configurable": {"thread_id": branch}}).values
        return cast(Cursor, values) if values else None

    def _forget_old(self, branch: str) -> None:
        newest = "SELECT MAX(checkpoint_id) FROM checkpoints WHERE thread_id = ?"
        with self._connection:
            for table in ("checkpoints", "writes"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < ({newest})", (branch, branch)
                )

    def close(self) -> None:
        self._connection.close()


def _opened(path: Path) -> sqlite3.Connection:
    """The checkpoints' file; one that is broken is thrown away, since the log is what counts."""
    try:
        return _connected(path)
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        return _connected(path)


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
