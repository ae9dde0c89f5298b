"""Effects happen once: every answered call of a stage is on the disk before its answer is used."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import Paused
from yggdrasil.engine.cycle.branches import Branch, Share
from yggdrasil.engine.cycle.errors import CycleError, LogError
from yggdrasil.engine.cycle.schema import Database, parsed

Key = tuple[str, str, str, int]


class StageJournal:
    """The journal of one run of one stage.

    A call is known by branch, step, position, place, name, digest of its inputs and how many like it came
    before in this run; so a stage that starts again after a crash is answered what it was answered before.
    """

    def __init__(
        self, database: Database, branch: Branch, shares: list[Share], step: int, position: int, prefix: str
    ) -> None:
        self._database = database
        self._shares = shares
        self._branch, self._step, self._position = branch, step, position
        self._prefix = prefix
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()

    def once(self, place: str, name: str, inputs: Any, act: Callable[[], Any]) -> Any:
        """The recorded answer, or that of `act`, recorded. A question that `act` asks by Paused is recorded too."""
        key = self._key(place, name, inputs)
        found = self._find(key)
        if found is not None:
            return parsed(found)
        try:
            result = act()
        except Paused as pause:
            self._ask(key, pause)
            raise
        text = _text(result, place, name)
        self._store(key, text)
        return json.loads(text)

    def _key(self, place: str, name: str, inputs: Any) -> Key:
        inner = place.removeprefix(self._prefix).strip("/")
        kind = (inner, name, digest(inputs))
        with self._lock:
            number = self._seen[kind]
            self._seen[kind] += 1
        return (*kind, number)

    def _find(self, key: Key) -> str | None:
        for share in self._shares:
            row = self._database.one(
                "SELECT result FROM calls WHERE branch = ? AND step = ? AND position = ? AND place = ? AND name = ?"
                " AND inputs = ? AND number = ? AND result IS NOT NULL AND seq < ?",
                share.branch, self._step, self._position, *key, share.call,
            )  # fmt: skip
            if row is not None:
                return str(row[0])
        return None

    def _store(self, key: Key, result: str) -> None:
        self._database.write(
            "INSERT INTO calls(branch, step, position, place, name, inputs, number, result)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET result = excluded.result",
            self._branch.id, self._step, self._position, *key, result,
        )  # fmt: skip

    def _ask(self, key: Key, pause: Paused) -> None:
        self._database.write(
            "INSERT INTO calls(branch, step, position, place, name, inputs, number, question, ask)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            self._branch.id, self._step, self._position, *key, pause.id, pause.ask,
        )  # fmt: skip


def answer(database: Database, branch: Branch, question: str, value: Any) -> bool:
    """Give the question its answer; False if it has this very answer already, and nothing is changed.

    Raises LogError if this branch never asked it, CycleError if it was answered otherwise.
    """
    text = _text(value, "", question)
    with database.transaction():
        row = database.one(
            "SELECT seq, result FROM calls WHERE branch = ? AND question = ? ORDER BY seq DESC", branch.id, question
        )
        if row is None:
            raise LogError(
                f"nobody asks {question!r} on branch {branch.name!r}", mend="see the questions of the paused step"
            )
        if row[1] is not None:
            if row[1] == text:
                return False
            raise CycleError(
                f"{question!r} was answered already", mend="fork the world at this question to answer otherwise"
            )
        database.write("UPDATE calls SET result = ? WHERE seq = ?", text, row[0])
    return True


def share_question(database: Database, branch: Branch, call: int) -> None:
    """Let `branch`, forked at the question stored as `call`, answer that question for itself."""
    database.write(
        "INSERT INTO calls(branch, step, position, place, name, inputs, number, question, ask)"
        " SELECT ?, step, position, place, name, inputs, number, question, ask FROM calls WHERE seq = ?",
        branch.id, call,
    )  # fmt: skip


def questions(database: Database, branch: Branch, step: int) -> list[dict[str, Any]]:
    """What the step waits for: `id`, `ask`, and whether it was answered."""
    rows = database.all(
        "SELECT question, ask, result, position, seq FROM calls"
        " WHERE branch = ? AND step = ? AND question IS NOT NULL ORDER BY seq",
        branch.id, step,
    )  # fmt: skip
    return [
        {"id": q, "ask": ask, "answered": result is not None, "position": position, "call": seq}
        for q, ask, result, position, seq in rows
    ]


def _text(value: Any, place: str, name: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CycleError(
            f"the result of {name!r} is not JSON ({error})",
            where=place,
            mend="return plain data, artifacts as references",
        ) from None
