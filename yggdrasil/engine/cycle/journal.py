"""Effects happen once: every answered call of a stage is on the disk before its answer is used."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import Cancelled, Paused
from yggdrasil.contract.os_fork import lock
from yggdrasil.engine.cycle.branches import Branch, Share
from yggdrasil.engine.cycle.database import Database, dumps, parsed
from yggdrasil.engine.cycle.errors import CycleError, LogError

Key = tuple[str, str, str, int]
AGAIN = "again"
"""Answers the question about a call that was begun and whose end is not known: do it again."""
_UNSURE = "unsure_"
_LONGEST = 400
_CALL = "branch = ? AND step = ? AND position = ? AND place = ? AND name = ? AND inputs = ? AND number = ?"
_NOWHERE = -1
"""The position of an answer that waits for its question."""


class StageJournal:
    """The journal of one run of one stage.

    A call is known by branch, step, position, place, name, digest of its inputs and how many like it came
    before in this run; so a stage that starts again after a crash is answered what it was answered before.
    """

    def __init__(
        self, database: Database, branch: Branch, shares: list[Share], step: int, position: int, prefix: str
    ) -> None:
        """`shares` is empty for a stage that runs for the first time: then nothing can be known of it."""
        self._database = database
        self._shares = shares
        self._branch, self._step, self._position = branch, step, position
        self._prefix = prefix
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self._lock = lock()

    def once(self, place: str, name: str, inputs: Any, act: Callable[[], Any], repeat: bool = True) -> Any:
        """The recorded answer, or that of `act`, recorded. A question that `act` asks by Paused is recorded too,
        at the innermost call that asks it: the answer is that call's, and those around it go on with it.

        Where `repeat` is false the intent is recorded first; one that is found without its end becomes a question,
        whose answer is what `act` gave, or AGAIN. What `act` itself raises is an end that is known.
        """
        key = self._key(place, name, inputs)
        found = self._find(key)
        if found is not None and (repeat or not self._is_to_do_again(key, found)):
            return parsed(found)
        if not repeat:
            self._intend(key, place, name, inputs)
        try:
            text = _text(act(), place, name)
        except Paused as pause:
            if not repeat:
                self._withdraw(key)
            if pause.recorded:
                raise
            text = self._answered(key, pause)
        except Cancelled:
            raise
        except Exception:  # whatever `act` raised is an end that is known, so its intent goes
            if not repeat:
                self._withdraw(key)
            raise
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

    def _is_to_do_again(self, key: Key, found: str) -> bool:
        """Whether somebody answered that what was begun is to be done again; its intent then stands as before."""
        if found != json.dumps(AGAIN) or not str(self._question(key)).startswith(_UNSURE):
            return False
        self._withdraw(key)
        return True

    def _question(self, key: Key) -> str | None:
        """The question at this call of the branch itself, '' for a bare intent; None if nothing is recorded."""
        sql = f"SELECT COALESCE(question, '') FROM calls WHERE {_CALL}"
        row = self._database.one(sql, self._branch.id, self._step, self._position, *key)
        return None if row is None else str(row[0])

    def _intend(self, key: Key, place: str, name: str, inputs: Any) -> None:
        """Write down that the call begins. Raises Paused if it was begun before and its end is not known."""
        before = self._question(key)
        at = (self._branch.id, self._step, self._position, *key)
        if before is None:
            names = "branch, step, position, place, name, inputs, number"
            self._database.write(f"INSERT INTO calls({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", *at)
            return
        begun = f"{name} was begun and its end is not known{_given(inputs)}"
        ask = f"{begun}. Answer with what it gave, or {AGAIN!r} to do it again"
        pause = Paused(ask, id=f"{_UNSURE}{digest(list(at))[:16]}", where=place)
        self._database.write(f"UPDATE calls SET question = ?, ask = ? WHERE {_CALL}", pause.id, pause.ask, *at)
        raise pause

    def _withdraw(self, key: Key) -> None:
        at = (self._branch.id, self._step, self._position, *key)
        if self._question(key) is not None:
            self._database.write(f"DELETE FROM calls WHERE {_CALL}", *at)

    def _store(self, key: Key, result: str) -> None:
        self._database.write(
            "INSERT INTO calls(branch, step, position, place, name, inputs, number, result)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET result = excluded.result",
            self._branch.id, self._step, self._position, *key, result,
        )  # fmt: skip

    def _answered(self, key: Key, pause: Paused) -> str:
        """The answer that was given before the question, which is recorded. Raises Paused if there was none."""
        asked = self._ask(key, pause)
        ahead = _ahead(self._database, self._branch, self._step, asked)
        if ahead is None:
            told = Paused(pause.ask, id=asked, where=pause.where)
            told.recorded = True
            raise told from None
        return ahead

    def _ask(self, key: Key, pause: Paused) -> str:
        """Record the question; gives the id that it can be answered by, which a fork at it has from its parent."""
        self._database.write(
            "INSERT INTO calls(branch, step, position, place, name, inputs, number, question, ask)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            self._branch.id, self._step, self._position, *key, pause.id, pause.ask,
        )  # fmt: skip
        return self._question(key) or pause.id


class NobodyAsks(LogError):
    """An answer is for a question that was never asked."""


def answer(database: Database, branch: Branch, question: str, value: Any, ahead_in: int | None = None) -> bool:
    """Give the question its answer; False if it has this very answer already, and nothing is changed.

    With `ahead_in`, the number of the open step, a question that was not asked yet finds its answer there.
    Raises LogError if this branch never asked it, CycleError if it was answered otherwise.
    """
    text = _text(value, "", question)
    with database.transaction():
        row = database.one(
            "SELECT seq, result FROM calls WHERE branch = ? AND question = ? ORDER BY seq DESC", branch.id, question
        )
        if row is None and ahead_in is None:
            raise NobodyAsks(
                f"nobody asks {question!r} on branch {branch.name!r}",
                mend="see the questions of the paused step, or answer with ahead=True what it will ask later",
            )
        given = row[1] if row else _ahead(database, branch, cast(int, ahead_in), question)
        if given is not None:
            if given == text:
                return False
            raise CycleError(
                f"{question!r} was answered already", mend="fork the world at this question to answer otherwise"
            )
        if row:
            database.write("UPDATE calls SET result = ? WHERE seq = ?", text, row[0])
        else:
            database.write(
                "INSERT INTO calls(branch, step, position, place, name, inputs, number, result)"
                f" VALUES (?, ?, {_NOWHERE}, '', 'ahead', ?, 0, ?)",
                branch.id, ahead_in, question, text,
            )  # fmt: skip
    return True


def _ahead(database: Database, branch: Branch, step: int, question: str) -> str | None:
    """The answer that was given to the question before it was asked."""
    row = database.one(
        f"SELECT result FROM calls WHERE branch = ? AND step = ? AND position = {_NOWHERE} AND inputs = ?",
        branch.id, step, question,
    )  # fmt: skip
    return None if row is None else str(row[0])


def share_question(database: Database, branch: Branch, call: int) -> None:
    """Let `branch`, forked at the question stored as `call`, answer that question for itself."""
    database.write(
        "INSERT INTO calls(branch, step, position, place, name, inputs, number, question, ask)"
        " SELECT ?, step, position, place, name, inputs, number, question, ask FROM calls WHERE seq = ?",
        branch.id, call,
    )  # fmt: skip


def questions(database: Database, branch: Branch, step: int) -> list[dict[str, Any]]:
    """What the step waits for: `id`, `ask`, whether it was answered, and the `place` below the stage that asks."""
    rows = database.all(
        "SELECT question, ask, result, position, seq, place FROM calls"
        " WHERE branch = ? AND step = ? AND question IS NOT NULL ORDER BY seq",
        branch.id, step,
    )  # fmt: skip
    return [
        {"id": q, "ask": ask, "answered": result is not None, "position": position, "call": seq, "place": place}
        for q, ask, result, position, seq, place in rows
    ]


def _given(inputs: Any) -> str:
    """With what the call was made, for the person who is to find out how it ended."""
    if not isinstance(inputs, dict) or not inputs:
        return ""
    told = ", ".join(f"{name}={value if isinstance(value, str) else dumps(value)}" for name, value in inputs.items())
    return f" ({told[:_LONGEST]}{'…' if len(told) > _LONGEST else ''})"


def _text(value: Any, place: str, name: str) -> str:
    try:
        return dumps(value)
    except (TypeError, ValueError) as error:
        raise CycleError(
            f"the result of {name!r} is not JSON ({error})",
            where=place,
            mend="return plain data, artifacts as references",
        ) from None
