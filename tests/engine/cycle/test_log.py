"""The log's own promises: deltas undo nothing, transactions are whole, snapshots stay few."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.forked import begun, forks
from yggdrasil.contract import YggError
from yggdrasil.engine.cycle.branches import MAIN
from yggdrasil.engine.cycle.errors import CycleError, LogError
from yggdrasil.engine.cycle.log import Log
from yggdrasil.engine.cycle.memory_deltas import changed, difference
from yggdrasil.engine.cycle.records import StageRecord

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=12,
)


def same(a: Any, b: Any) -> bool:
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


@settings(max_examples=300, deadline=None)
@example([False], [0])
@example({"a": [1]}, {"a": [True, 2]})
@given(JSON, JSON)
def test_a_difference_leads_from_old_to_new(old: Any, new: Any) -> None:
    delta = json.loads(json.dumps(difference(old, new)))
    assert same(changed(old, delta), new)


def test_a_growing_memory_is_stored_by_its_tail(tmp_path: Path) -> None:
    log = Log(tmp_path)
    branch = log.branches[MAIN]
    memory: dict[str, Any] = {"messages": []}
    for step in range(200):
        memory["messages"].append(f"{step:1000d}")
        log.snapshots.remember(branch, step, 3, "agent", memory)
    stored = log.database.one("SELECT SUM(length(value)) FROM memory")
    assert stored is not None and stored[0] < 3 * 200 * 1010
    assert log.snapshots.memory(branch, 200, 3, "agent") == memory
    assert len(log.snapshots.memory(branch, 57, 3, "agent")["messages"]) == 57
    assert log.snapshots.memory(branch, 57, 4, "agent")["messages"][-1].strip() == "57"
    assert log.snapshots.memory(branch, 57, 4, "other") is None
    log.close()


def found(log: Log) -> None:
    log.found(log.branches[MAIN], StageRecord(0, "founding", "ran"), {"story": []})


def test_a_transaction_is_whole_or_absent(tmp_path: Path) -> None:
    log = Log(tmp_path)
    found(log)
    branch = log.branches[MAIN]
    step = log.begin(branch, None, {})

    def broken() -> None:
        with log.database.transaction():
            log.acknowledge(branch, step, StageRecord(3, "development", "ran", block="intent", output={"text": "x"}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    record = log.open_step(branch)
    assert record is not None and record.stages == [] and log.history(branch) == [] and log.last_step(branch) == 0
    log.close()


def test_the_journal_answers_by_place_inputs_and_number(tmp_path: Path) -> None:
    log = Log(tmp_path)
    found(log)
    branch = log.branches[MAIN]
    log.begin(branch, None, {})
    acts: list[str] = []

    def call(journal: Any, place: str, inputs: Any) -> Any:
        return journal.once(f"world/{place}", "f", inputs, lambda: acts.append(place) or len(acts))

    first = log.journal(branch, 1, 3, "world")
    assert [call(first, "a", 1), call(first, "a", 1), call(first, "a", 2), call(first, "b", 1)] == [1, 2, 3, 4]
    again = log.journal(branch, 1, 3, "world")
    assert [call(again, "b", 1), call(again, "a", 2), call(again, "a", 1), call(again, "a", 1)] == [4, 3, 1, 2]
    assert call(again, "a", 1) == 5 and len(acts) == 5
    assert call(log.journal(branch, 1, 4, "world"), "a", 1) == 6
    with pytest.raises(CycleError, match="not JSON"):
        again.once("world/c", "f", {}, object)
    log.close()


def test_the_journal_may_be_asked_from_many_threads(tmp_path: Path) -> None:
    log = Log(tmp_path)
    found(log)
    branch = log.branches[MAIN]
    log.begin(branch, None, {})
    journal = log.journal(branch, 1, 5, "w")
    results: dict[int, Any] = {}

    def work(number: int) -> None:
        results[number] = journal.once("w/p", "f", {"n": number % 4}, lambda: number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16
    rows = log.database.one("SELECT COUNT(*) FROM calls")
    assert rows == (16,)
    log.close()


def test_branches_are_named_and_guarded(tmp_path: Path) -> None:
    log = Log(tmp_path)
    found(log)
    main = log.branches[MAIN]
    log.branches.fork(main, 0, "side", "side")
    for wrong in ("side", " "):
        with pytest.raises(LogError):
            log.branches.fork(main, 0, wrong, "")
    with pytest.raises(LogError, match="did you mean 'side'"):
        log.branches["sid"]
    log.branches.delete(log.branches["side"])
    with pytest.raises(LogError, match="last branch"):
        log.branches.delete(main)
    with pytest.raises(YggError, match="no whole step 7"):
        log.step(main, 7)
    log.close()


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_n36_a_parent_and_its_forks_write_into_one_log_as_processes_of_their_own(tmp_path: Path) -> None:
    log = Log(tmp_path)
    write = "INSERT INTO notes VALUES(0, 0, ?)"
    log.database.write(write, "before")

    def child(name: str) -> list[Any]:
        for number in range(5):
            log.database.write(write, f"{name} {number}")
        return [text for (text,) in log.database.all("SELECT text FROM notes")]

    with log.database.transaction():
        log.database.write(write, "within")
    children = [begun(lambda name=name: child(name)) for name in ("a", "b", "c")]
    child("parent")
    seen = [ended() for ended in children]
    assert all({"before", "within", f"{name} 4"} <= set(texts) for name, texts in zip("abc", seen, strict=True))
    wanted = {"before", "within", *(f"{name} {n}" for name in ("a", "b", "c", "parent") for n in range(5))}
    rows = [text for (text,) in log.database.all("SELECT text FROM notes")]
    assert len(rows) == len(wanted) and set(rows) == wanted
    assert log.database.one("PRAGMA integrity_check") == ("ok",)
    log.close()
    again = Log(tmp_path)
    assert len(again.database.all("SELECT text FROM notes")) == len(wanted)
    again.close()
