"""Two commands on one world at once: both do their work, one after the other, and neither sees half a step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yggdrasil as ygg
from tests.levels.scripted import scripted
from yggdrasil.levels.world.world import World

ROOT = Path(__file__).parents[2]
MAIN = "import tests.levels.scripted; from yggdrasil.cli import main; main()"


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-2000:]
    return json.loads(out)


def test_two_commands_step_one_world(tmp_path: Path) -> None:
    folder = str(tmp_path / "w")
    world = scripted()
    world.found()
    ygg.save(world, folder)
    world.close()
    steppers = [started("step", folder, "--count", "6", "--action", name, "--json") for name in ("one", "two")]
    forker = started("fork", folder, "--at", "0", "--name", "aside", "--json")
    reader = started("show", folder, "--json")
    shown = [ended(process) for process in steppers]
    assert ended(forker) == {"branch": "aside", "at": 0}
    assert all(step["status"] == "whole" for step in ended(reader)["steps"])
    loaded = ygg.load(folder)
    assert isinstance(loaded, World)
    history = loaded.history()
    assert [s.step for s in history] == list(range(1, 13)) and {s.status for s in history} == {"whole"}
    assert sorted(s.action for s in history if s.action) == ["one", "two"]
    assert len(loaded.content().story) == 12 and max(len(s["steps"]) for s in shown) == 12
    assert loaded.branches() == ["main", "aside"] and loaded.branch("aside").history() == []
    loaded.replay()


def test_show_and_history_of_a_branch(tmp_path: Path) -> None:
    folder = str(tmp_path / "w")
    world = scripted()
    list(world.steps(count=2))
    world.fork(at=1, name="ветвь").step(action="else")
    ygg.save(world, folder)
    world.close()
    shown, rows = (ended(started(c, folder, "--branch", "ветвь", "--json")) for c in ("show", "history"))
    assert shown["branch"] == "ветвь" and [s["action"] for s in shown["steps"]] == [None, "else"]
    assert {row["step"] for row in rows} == {1, 2} and rows[-1]["status"] == "ran"
    assert ended(started("replay", folder, "--branch", "ветвь", "--json"))["steps"] == 2
