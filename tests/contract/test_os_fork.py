"""A forked child finds locks free, nobody inside, readers that read, and leaves what its parent owns alone."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forked import forks, in_child
from yggdrasil.contract import Block, Cancelled, CancelToken, here, listening
from yggdrasil.contract.artifacts import MemoryArtifacts
from yggdrasil.contract.lanes import DeviceQueue
from yggdrasil.contract.os_fork import ending, lock, renewed, rlock
from yggdrasil.ports import Text

FORKING = threading.Event()
"""Set by whoever is about to fork, before anybody is waited for."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=FORKING.set)
pytestmark = [forks, pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")]


class Say(Block, type="test_forks/say"):
    """Say a word aloud."""

    def forward(self, text: Text) -> Text:
        here().token(text)
        return text


class Owner:
    """Somebody who has something."""


@contextmanager
def held(one: threading.Lock | threading.RLock) -> Generator[None]:
    """Another thread has the lock meanwhile."""
    has, go = threading.Event(), threading.Event()

    def hold() -> None:
        with one:
            has.set()
            go.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    has.wait(30)
    try:
        yield
    finally:
        go.set()
        thread.join()


def free(one: threading.Lock | threading.RLock) -> bool:
    if not one.acquire(timeout=0):
        return False
    one.release()
    return True


def test_a_lock_that_another_thread_has_is_free_in_the_child_and_that_of_the_one_who_forks_is_its_own() -> None:
    for one in (lock(), rlock()):
        with held(one):
            assert not free(one) and in_child(lambda one=one: free(one))
    mine = rlock()

    def others() -> list[bool]:
        found: list[bool] = []
        for _ in range(2):
            thread = threading.Thread(target=lambda: found.append(free(mine)))
            thread.start()
            thread.join()
            if len(found) == 1:
                mine.release()
        return found

    with mine:
        assert in_child(others) == [False, True]


def test_a_fork_waits_for_who_is_in_the_middle_of_what_must_be_whole() -> None:
    one, whole = rlock(awaited=True), list[int]()
    has = threading.Event()
    FORKING.clear()

    def write() -> None:
        with one:
            has.set()
            whole.append(1)
            FORKING.wait(30)
            whole.append(2)

    thread = threading.Thread(target=write)
    thread.start()
    has.wait(30)
    assert in_child(lambda: [whole, free(one)]) == [[1, 2], True]
    thread.join()
    assert free(one)


def test_threads_that_fork_at_once_wait_for_each_other_and_leave_every_lock_free() -> None:
    one, found = rlock(awaited=True), list[bool]()
    start = threading.Barrier(8)

    def fork() -> None:
        start.wait(30)
        for _ in range(3):
            with one:
                pass
            found.append(in_child(lambda: free(one)))

    threads = [threading.Thread(target=fork) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [True] * 24 and free(one)


def test_what_is_to_end_ends_in_its_own_process_only(tmp_path: Path) -> None:
    owner, ended = Owner(), tmp_path / "ended"
    end = ending(owner, ended.touch)
    assert in_child(lambda: [end(), ended.exists()]) == [None, False]
    del owner
    assert ended.exists() and not end.alive


def test_what_is_renewed_is_so_in_each_child_and_nowhere_else() -> None:
    owner, seen = Owner(), list[str]()
    renewed(owner, lambda _: seen.append("anew"))
    assert in_child(lambda: [seen, in_child(lambda: seen)]) == [["anew"], ["anew", "anew"]]
    assert seen == []
    renewed(gone := Owner(), lambda _: seen.append("gone"))
    del gone
    assert in_child(lambda: seen) == ["anew"]


def test_one_that_cannot_be_renewed_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole, seen, told = Owner(), Owner(), list[str](), list[str]()
    monkeypatch.setattr(sys, "unraisablehook", lambda found: told.append(repr(found.exc_value)))

    def fails(_: Owner) -> None:
        raise OSError("out of ink")

    renewed(broken, fails)
    renewed(whole, lambda _: seen.append("anew"))
    anew, [said] = in_child(lambda: [seen, told])
    assert anew == ["anew"] and "out of ink" in said and not told


def test_who_forks_inside_of_a_lane_is_inside_in_the_child_and_leaves_it_there() -> None:
    line, token = DeviceQueue(1), CancelToken()
    turn = line.turn(token)

    def leave() -> bool:
        turn.__exit__(None, None, None)
        with line.turn(token):
            return line._inside == 1

    with turn, line.turn(token):
        assert in_child(leave)
    with line.turn(token):
        assert line._inside == 1


def test_a_reader_reads_in_the_child_too_and_a_stream_of_the_parent_ends_there() -> None:
    heard: list[str] = []
    with listening(lambda event: heard.append(event.data["text"]), kinds=["token"]):

        def child() -> list[str]:
            with listening(lambda event: heard.append(event.data["text"].upper()), kinds=["token"]):
                Say().run(text="below")
            return sorted(heard)

        assert in_child(child)[0] == "BELOW"
        Say().run(text="above")
    assert heard == ["above"]
    waiting, go = threading.Event(), threading.Event()

    class Wait(Block):
        """Wait to be let go."""

        def forward(self, text: Text) -> Text:
            waiting.set()
            go.wait(30)
            return text

    with Wait().stream(text="on") as stream:
        waiting.wait(30)

        def read() -> list[str]:
            kinds = [event.kind for event in stream]
            with pytest.raises(Cancelled):
                _ = stream.outputs
            return kinds

        assert in_child(read) == ["started"]
        go.set()
        assert stream.outputs.text == "on"


def test_a_child_leaves_the_artifacts_that_its_parent_put_away() -> None:
    store = MemoryArtifacts(held=4)
    first = store.put(b"first", "")
    store.put(b"more than is held", "")

    def child() -> None:
        nonlocal store
        del store

    older = store._older
    in_child(child)
    assert older is not None and older.has(first.sha256)
