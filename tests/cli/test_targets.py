"""A mistyped folder or name gets the near ones, and no path of the installation is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

import yggdrasil
from tests.cli.command import ygg
from tests.levels.scripted import scripted
from yggdrasil.store.shelf import shelf_root


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the worlds ./w1 and grown/a wish, where the user stands."""
    for place in ("w1", "grown/a wish"):
        world = scripted()
        world.found()
        yggdrasil.save(world, tmp_path / place)
        world.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", [["show"], ["step"], ["history"], ["replay"], ["validate"]])
@pytest.mark.parametrize(
    ("typed", "meant"), [("w2", "./w1"), ("./w11", "./w1"), ("a wish", "grown/a wish"), ("grown/a wsh", "grown/a wish")]
)
def test_a_mistyped_folder_gets_the_near_worlds(
    command: list[str], typed: str, meant: str, here: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert ygg(monkeypatch, command[0], typed) == 1
    assert f"there is no such folder. did you mean '{meant}'?" in capsys.readouterr().err


def test_a_folder_far_from_any_name_gets_those_that_are_there(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "show", "zzzzzz") == 1
    assert "saved here: './w1', 'grown/a wish'" in capsys.readouterr().err
    assert ygg(monkeypatch, "show", "grown") == 1
    assert "grown: holds no saved block" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["describe", "run"])
def test_a_shelf_name_that_is_a_folder_here_is_told_as_a_path(
    command: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, command, "w1") == 1
    err = capsys.readouterr().err
    assert "there is no 'w1' on the shelf. did you mean './w1'?" in err
    assert ygg(monkeypatch, command, "paintr") == 1
    err += capsys.readouterr().err
    assert "did you mean 'painter'" in err and str(shelf_root()) not in err
    assert ygg(monkeypatch, command, "./w2") == 1
    assert "did you mean './w1'?" in capsys.readouterr().err


def test_a_type_that_is_not_installed_is_told_how_types_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "manifest.yaml").write_text("format: 1\nkind: block\ntype: me/nowhere\n")
    assert ygg(monkeypatch, "run", str(tmp_path / "mine")) == 1
    err = capsys.readouterr().err
    assert "no type 'me/nowhere' is installed. install the package that has it" in err
    assert "entry point of yggdrasil.blocks (docs/blocks.md)" in err
