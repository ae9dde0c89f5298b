"""A command that is stopped, or whose block fails, says so in a line, keeps what was finished and goes on later."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import yggdrasil
from tests.cli.command import ygg
from tests.levels.scripted import scripted
from yggdrasil.cli import main
from yggdrasil.contract import Block
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json

RAISES: list[BaseException] = []


class Teller(Block, type="test_audit/teller"):
    """Tell, or raise what the test wants."""

    def forward(self, perception: Json) -> Json:
        if RAISES:
            raise RAISES.pop()
        return {"text": "told"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    world = scripted(name="w", author=Teller())
    yggdrasil.save(world, tmp_path / "w")
    world.close()
    return tmp_path / "w"


def test_a_stopped_command_says_that_what_was_finished_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    RAISES.append(KeyboardInterrupt())
    assert ygg(monkeypatch, "step", str(folder)) == 130
    captured = capsys.readouterr()
    assert "stopped\n" in captured.err and "[1/1] Author: stopped" in captured.err
    assert f"what was finished is kept; go on: yggdrasil step {folder}" in captured.err
    assert "failed" not in captured.err and captured.out == ""
    world = yggdrasil.load(folder)
    assert isinstance(world, World)
    waiting = world.unfinished()
    assert waiting is not None and waiting.stages[-1].status == "cancelled"
    world.close()
    assert ygg(monkeypatch, "step", str(folder), "--json") == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert [s["status"] for s in step["stages"][3:]] == ["ran"] * 4 + ["cancelled", "ran", "ran"]


def test_an_error_of_a_strangers_block_is_a_line_with_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    RAISES.append(RuntimeError("no words [today]"))
    assert ygg(monkeypatch, "step", str(folder), "--json") == 1
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["what"] == "RuntimeError: no words [today]" and error["where"] == "w/author/body"
    assert "Traceback" not in captured.err and "w/author/body: RuntimeError: no words [today]" in captured.err
    monkeypatch.setenv("YGGDRASIL_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["yggdrasil", "step", str(folder)])
    RAISES.append(RuntimeError("no words"))
    with pytest.raises(RuntimeError, match="no words"):
        main()
