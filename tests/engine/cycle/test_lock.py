"""One writer at a time: the next one is told who has the world and since when, and has its turn."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.forked import begun, forks
from tests.levels.scripted import Tell, scripted
from yggdrasil.contract import Cancelled, CancelToken, NotStored, here, standing
from yggdrasil.engine.cycle.errors import WorldBusy
from yggdrasil.engine.cycle.lock import holding
from yggdrasil.ports import Json

BEGUN, GO_ON = threading.Event(), threading.Event()


class Slow(Tell, type="test_lock/slow"):
    """Say that a step is under way, and go on when the test says so."""

    def forward(self, intent: Json, perception: Json, step: Json) -> Json:
        BEGUN.set()
        assert GO_ON.wait(60)
        return {"text": f"{step}"}


@pytest.fixture(autouse=True)
def _free() -> None:
    BEGUN.clear()
    GO_ON.set()


def test_the_holder_is_named_by_process_host_and_time(tmp_path: Path) -> None:
    with (
        holding(tmp_path / "lock", 1),
        pytest.raises(
            WorldBusy, match=rf"process {os.getpid()} on \S+ since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ"
        ) as busy,
        holding(tmp_path / "lock", 0.1),
    ):
        pytest.fail("two hold it")
    assert re.search(r"waited 0\.1 s", str(busy.value))
    with holding(tmp_path / "lock", 0):
        pass


def test_one_who_takes_it_again_and_again_lets_the_next_one_in(tmp_path: Path) -> None:
    stop, held = threading.Event(), threading.Event()

    def again() -> None:
        while not stop.is_set():
            with holding(tmp_path / "lock", 30):
                held.set()
                stop.wait(0.05)

    greedy = threading.Thread(target=again)
    greedy.start()
    try:
        for _ in range(5):
            held.clear()
            assert held.wait(30)
            with holding(tmp_path / "lock", 30):
                pass
    finally:
        stop.set()
        greedy.join()


def test_who_waits_leaves_as_soon_as_the_run_is_cancelled(tmp_path: Path) -> None:
    token, seen = CancelToken(), list[BaseException]()

    def wait() -> None:
        try:
            with standing(here().but(path="world", cancel=token)), holding(tmp_path / "lock", 600):
                pass
        except Cancelled as error:
            seen.append(error)

    with holding(tmp_path / "lock", 1):
        waiting = threading.Thread(target=wait)
        waiting.start()
        token.cancel()
        waiting.join(30)
        assert len(seen) == 1 and str(seen[0]) != ""
    with holding(tmp_path / "lock", 0):
        pass


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_n36_a_fork_of_the_holder_neither_keeps_the_lock_nor_frees_it(tmp_path: Path) -> None:
    stay, go = os.pipe()

    def child() -> bool:
        os.close(go)
        with pytest.raises(WorldBusy), holding(tmp_path / "lock", 0):
            pass
        os.read(stay, 1)
        return True

    with holding(tmp_path / "lock", 1):
        ended = begun(child)
        with pytest.raises(WorldBusy), holding(tmp_path / "lock", 0):
            pass
    with holding(tmp_path / "lock", 5):
        os.close(stay)
        os.close(go)
        assert ended()
        with pytest.raises(WorldBusy), holding(tmp_path / "lock", 0):
            pass


def test_the_lock_is_the_one_that_earlier_versions_took(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / "lock").open("w") as earlier:
        fcntl.flock(earlier, fcntl.LOCK_EX)
        earlier.write("process 7")
        earlier.flush()
        with pytest.raises(WorldBusy, match="held by process 7"), holding(tmp_path / "lock", 0):
            pass
    with holding(tmp_path / "lock", 0), (tmp_path / "lock").open("r+") as earlier, pytest.raises(BlockingIOError):
        fcntl.flock(earlier, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("victim")
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(NotStored, match="lock: cannot be written"), holding(tmp_path / "lock", 1):
        pass
    assert (tmp_path / "victim").read_text() == "victim"


def test_a_fork_and_an_answer_wait_for_no_step(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", author=Slow())
    world.step()
    lock = str(tmp_path / "w" / "world.lock")
    code = "import pathlib, sys\nfrom yggdrasil.engine.cycle.lock import holding\n"
    code += "with holding(pathlib.Path(sys.argv[1]), 1):\n    print('held', flush=True)\n    input()\n"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, lock], **pipes) as other:  # pyright: ignore
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        patient = scripted(tmp_path / "w", wait=0.0)
        assert patient.fork(at=1, name="aside").history()[0].step == 1
        with pytest.raises(WorldBusy):
            patient.step()
        other.communicate("\n")
    assert world.branches() == ["main", "aside"]
    assert patient.step().step == 2


def test_while_many_steps_run_a_fork_gets_through_and_one_head_comes_out(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", author=Slow())
    world.step()
    runner = threading.Thread(target=lambda: list(scripted(tmp_path / "w", author=Slow()).steps(count=4)))
    BEGUN.clear()
    GO_ON.clear()
    runner.start()
    assert BEGUN.wait(60), "the first of four steps is under way"
    other = scripted(tmp_path / "w", author=Slow(), wait=30.0)
    aside = other.fork(at=1, name="aside")
    GO_ON.set()
    aside.step()
    assert other.step().status == "whole"
    runner.join()
    assert [s.step for s in world.history()] == [1, 2, 3, 4, 5, 6]
    assert [s.step for s in world.branch("aside").history()] == [1, 2]
    world.replay()
