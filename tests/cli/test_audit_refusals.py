"""What the command refuses before it writes anything: missing models, no wish, no name, a mere template."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import ygg
from tests.levels.scripted import scripted
from yggdrasil.cli import world_commands
from yggdrasil.contract import WeightsError
from yggdrasil.levels.world.world import World
from yggdrasil.store.shelf import shelf_root


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, and an empty store of models beside it."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YGGDRASIL_HOME", str(tmp_path / "store"))
    return folder


class Terminal(io.StringIO):
    """Somebody at a terminal who types what is given."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("at", [["--at", "w"], []])
@pytest.mark.parametrize("stdin", [io.StringIO, lambda: Terminal("n\n")], ids=["pipe", "no"])
def test_without_models_and_without_yes_nothing_is_fetched_or_written(
    stdin: Any, at: list[str], empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr("yggdrasil.cli.model_commands.pull", refuse)
    monkeypatch.setattr("sys.stdin", stdin())
    assert ygg(monkeypatch, "new", "a desert caravan city", "--steps", "1", "--json", *at) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["type"] == "MissingFile"
    assert "98.4 MB" in captured.err and "licence Apache-2.0" in captured.err and "SmolLM2-135M" in captured.err
    assert "--yes" in captured.err and "Traceback" not in captured.err
    assert list(empty.iterdir()) == []
    written = [path.relative_to(empty.parent).parts[:2] for path in empty.parent.rglob("*") if path.is_file()]
    assert set(written) <= {("store", "digests")}, "what was read of the shelf may be noted, nothing else"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["", "--at", "w"], "the wish is empty"),
        (["  ", "--name", "x"], "the wish is empty"),
        (["a wish", "--name", "..", "--at", "w"], "cannot be named '..'"),
        ([".."], "cannot be named '..'"),
        (["a wish", "--llm", "openai:model", "--at", "w"], "openai:MODEL@BASE_URL"),
        (["a wish", "--llm", "openai:m@http://u:hunter2@h/v1", "--at", "w"], "no user, password"),
        (["a wish", "--llm", "nonsense", "--at", "w"], "names no language model"),
        (["a wish", "--painter", "paintr", "--at", "w"], "did you mean 'painter'"),
    ],
)
def test_a_wrong_beginning_is_refused_before_any_write(
    arguments: list[str], told: str, empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "new", *arguments, "--steps", "0", "--yes") == 1
    captured = capsys.readouterr()
    assert told in captured.err and "hunter2" not in captured.err and captured.out == ""
    assert list(empty.iterdir()) == [] and [p.name for p in empty.parent.iterdir()] == ["empty"]


@pytest.mark.parametrize(
    "command",
    [
        ["step"], ["show"], ["replay"], ["fork", "--at", "0", "--name", "b"],
        ["edit", "--set", "title=x"], ["undo"], ["again", "1", "--yes"], ["diff", "main", "main"],
    ],
)  # fmt: skip
def test_a_template_is_no_world_to_step(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(shelf_root() / "worlds" / "storytelling")
    assert ygg(monkeypatch, command[0], folder, *command[1:]) == 1
    assert "is a template" in capsys.readouterr().err


def test_a_failed_fetch_leaves_no_world(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(name: str, **_: object) -> None:
        raise WeightsError(f"cannot fetch {name}", where="index", mend="check the network")

    monkeypatch.setattr("yggdrasil.cli.model_commands.pull", fails)
    assert ygg(monkeypatch, "new", "a desert caravan city", "--yes", "--at", "w") == 1
    assert "cannot fetch smollm2-135m" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


def test_two_new_worlds_of_one_wish_never_share_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def made(name: str, /, **chosen: Any) -> World:
        """A world that is made while another process takes the folder that was free a moment ago."""
        (tmp_path / "grown" / "a wish").mkdir(parents=True)
        return scripted(name=chosen["name"], wish=chosen["wish"])

    monkeypatch.setattr(world_commands, "from_template", made)
    assert ygg(monkeypatch, "new", "a wish", "--steps", "0", "--json") == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(tmp_path / "grown" / "a wish-2")
    assert list((tmp_path / "grown" / "a wish").iterdir()) == []
    monkeypatch.setattr(world_commands, "from_template", lambda name, /, **chosen: scripted(wish=chosen["wish"]))
    assert ygg(monkeypatch, "new", "other", "--steps", "0", "--at", "grown/a wish-2") == 1
    assert "a world is there already" in capsys.readouterr().err
