"""What was kept is never taken for something else by a command: a lost life is told, a read-only place is read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import ygg
from tests.levels.test_world_kept import files, lived

READING = [["show"], ["history"], ["validate"], ["replay"]]


@pytest.mark.parametrize("loss", ["emptied", "gone"])
@pytest.mark.parametrize("command", [*READING, ["step"], ["fork", "--at", "1", "--name", "x"]], ids=lambda c: c[0])
def test_n25_no_command_takes_a_lost_log_for_a_new_world(
    command: list[str], loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lived(tmp_path / "w")
    log = folder / "world.db"
    log.write_bytes(b"") if loss == "emptied" else log.unlink()
    before = files(folder)
    assert ygg(monkeypatch, command[0], str(folder), *command[1:]) == 1
    assert f"is {'empty' if loss == 'emptied' else 'gone'}, though a world lived here" in capsys.readouterr().err
    assert files(folder) == before


@pytest.mark.parametrize("command", READING, ids=lambda c: c[0])
def test_n47_commands_that_read_do_so_in_a_read_only_place_and_write_nothing(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lived(tmp_path / "w")
    before = files(folder)
    monkeypatch.setattr("yggdrasil.engine.cycle.database.is_writable", lambda path: False)
    assert ygg(monkeypatch, command[0], str(folder), *command[1:]) == 0
    assert files(folder) == before


def test_n47_a_step_says_that_the_place_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lived(tmp_path / "w")
    before = files(folder)
    monkeypatch.setattr("yggdrasil.engine.cycle.database.is_writable", lambda path: False)
    assert ygg(monkeypatch, "step", str(folder)) == 1
    told = capsys.readouterr().err
    assert "is read-only" in told and "make room" not in told and files(folder) == before


def mounted_read_only(folder: Path, *commands: str) -> dict[str, Any]:
    """What commands do with a folder that the system itself lets nobody write.

    Skips where the kernel or a container forbids to mount: no package mends that, and the tests above hold the same
    promise without a mount.
    """
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" || exit 77; exec "$@"'
    inside = ["unshare", *(["-r"] if os.geteuid() else []), "-m", "sh", "-c", mount, str(folder)]
    python = [sys.executable, "-m", "tests.cli.reading", *commands, str(folder)]
    if shutil.which("unshare") is None:
        pytest.skip("this system has no mounts of one process's own")
    done = subprocess.run([*inside, *python], capture_output=True, text=True, check=False)
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip("this system forbids to mount")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_n47_a_mount_that_is_read_only_is_read_by_every_command_that_reads_and_by_no_other(tmp_path: Path) -> None:
    folder = lived(tmp_path / "w")
    before = files(folder)
    done = mounted_read_only(folder, *(command for (command,) in READING), "step")
    code, told = done.pop("step")
    assert code == 1 and "is read-only" in told and "make room" not in told and "Traceback" not in told
    assert {command: (code, told) for command, (code, told) in done.items() if code} == {}
    assert files(folder) == before
