"""SIGKILL in the middle of every stage: the next start goes on, nothing runs twice, nothing half done is seen."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.levels import growing_world, killed_world
from tests.levels.scripted import scripted
from yggdrasil.engine.cycle.errors import WorldBusy

STAGES = ["development", "architect", "creator", "philosopher", "author", "update"]
ROOT = Path(__file__).parents[2]


PRELOADED = ["tests.levels.killed_world"]


def run(home: Path, word: str, target: Callable[[Path, Path, str], None] = killed_world.main) -> int | None:
    """Step the world in a process of its own; gives how that ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=target, args=(home, home.parent / "ran.txt", word))
    process.start()
    process.join(120)
    return process.exitcode


def test_killed_at_every_stage_the_world_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "w"
    for number, stage in enumerate(STAGES):
        assert run(home, stage) == -signal.SIGKILL
        reader = scripted(home)
        assert reader.history() == [] and reader.content().story == [] and reader.show()["steps"] == []
        waiting = reader.unfinished()
        assert waiting is not None and waiting.action == "x"
        ran = [s.name for s in waiting.stages if s.status == "ran"]
        assert ran == STAGES[:number]
        reader.close()
    assert run(home, "") == 0
    done = Counter((tmp_path / "ran.txt").read_text().splitlines())
    once = ["development", "architect", "author", "update"]
    assert [done[f"effect {s}"] for s in once] == [1] * 4 and [done[f"end {s}"] for s in once] == [1] * 4
    assert done["paint a"] == done["paint b"] == 1
    assert done["effect philosopher"] == done["look"] == 2
    reader = scripted(home)
    (step,) = reader.history()
    assert [s.name for s in step.stages if s.status == "ran"] == STAGES and step.status == "whole"
    assert reader.content().story == ["told"]
    reader.replay()


def test_f1_killed_between_the_answers_each_effect_happens_once(tmp_path: Path) -> None:
    home = tmp_path / "w"
    assert run(home, "", killed_world.ask_and_die) == -signal.SIGKILL
    assert run(home, "red", killed_world.ask_and_die) == -signal.SIGKILL
    assert run(home, "large", killed_world.ask_and_die) == 0
    assert (tmp_path / "ran.txt").read_text().split() == ["E", "image", "F"]
    reader = scripted(home)
    assert reader.history()[0].artifacts["scene"]["text"] == "red large"
    reader.replay()


def test_the_second_process_is_told_who_holds_the_world(tmp_path: Path) -> None:
    home = tmp_path / "w"
    world = scripted(home, wait=0.2)
    world.step()
    code = (
        "import sys, pathlib\n"
        "from yggdrasil.engine.cycle.lock import holding\n"
        f"with holding(pathlib.Path({str(home / 'world.lock')!r}), 1):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:  # pyright: ignore
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WorldBusy, match=f"process {other.pid} on"):
            world.step()
        assert len(world.history()) == 1 and world.show()["steps"]
        other.stdin.write("\n")
        other.stdin.flush()
        patient = scripted(home, wait=20.0)
        assert patient.step().step == 2


def test_killed_at_ten_random_moments_nothing_acknowledged_is_lost_or_done_twice(tmp_path: Path) -> None:
    steps, found, _ = growing_world.kills(tmp_path, 10, seed=1, longest=0.6)
    assert found == []
    assert steps > 0
