"""What people read: only what is new after a step, no empty headings, settling folded, the unfinished step named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import yggdrasil
from tests.cli.command import ygg
from tests.levels.scripted import calls, scripted
from yggdrasil.cli.pages import changes_page
from yggdrasil.contract import Block
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json

RAISES: list[BaseException] = []


class Teller(Block, type="test_pages/teller"):
    """Tell, or raise what the test wants."""

    def forward(self, step: Json) -> Json:
        if RAISES:
            raise RAISES.pop()
        return {"text": f"tale {step}"}


class Mover(Block, type="test_pages/mover"):
    """Let Olaf go into a new cave, or ask for what the world refuses."""

    def forward(self, step: Json) -> Json:
        return [
            {"op": "add_place", "name": f"Cave {step}"},
            {"op": "move", "character": "Olaf", "place": f"Cave {step}"},
        ]


@pytest.fixture
def w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A world of two steps in the folder ./w."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LC_ALL", raising=False)
    world = scripted(author=Teller(), update=Mover())
    list(world.steps(count=2))
    yggdrasil.save(world, tmp_path / "w")
    world.close()
    return "w"


def test_a_step_prints_only_what_is_new(
    w: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "step", w, "--action", "a ship arrives") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:5] == ["3. tale 3", "   action: a ship arrives", "   intended: a ship arrives"]
    assert lines[6].startswith("   picture: w/artifacts/") and Path(lines[6].split()[1]).is_file()
    assert lines[8:11] == ["In the world", "  new: Cave 3", "  Olaf: at Cave 3"]
    assert lines[12:] == ["The world is in w", "Go on: yggdrasil step w"]
    assert "tale 1" not in lines and "Fjord" not in " ".join(lines)


def test_show_is_a_page_without_empty_headings(
    w: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "fork", w, "--at", "0", "--name", "aside") == 0
    assert ygg(monkeypatch, "show", w) == 0
    out = capsys.readouterr().out
    assert "\nwish: a fjord\n" in out and "\nPlaces\n  Fjord\n  Cave 1\n" in out and "\n  Olaf — at Cave 2\n" in out
    assert "\nbranches: main, aside\n" in out and "{" not in out and "Things" not in out
    assert ygg(monkeypatch, "show", w, "--branch", "aside") == 0
    out = capsys.readouterr().out
    assert "Nothing has happened yet." in out and "Go on: yggdrasil step w --branch aside" in out
    assert not any(head in out for head in ("Chronicle", "Pictures", "Things", "Facts"))


def test_an_unfinished_step_is_shown(
    w: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    RAISES.append(KeyboardInterrupt())
    assert ygg(monkeypatch, "step", w) == 130
    capsys.readouterr()
    assert ygg(monkeypatch, "show", w) == 0
    out = capsys.readouterr().out
    assert "step 3 is not finished: Author — stopped\nGo on: yggdrasil step w\n" in out
    assert ygg(monkeypatch, "history", w) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.split()[:3] == ["3", "Author", "stopped"] and last.endswith("  stopped by you")
    assert ygg(monkeypatch, "history", w, "--json") == 0
    row = json.loads(capsys.readouterr().out)[-1]
    assert (row["step"], row["status"], row["reason"]) == (
        3, "cancelled", {"code": "cancelled", "args": {"error": "KeyboardInterrupt", "message": ""}},
    )  # fmt: skip


def test_history_folds_settling_where_nothing_was_left(
    w: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = yggdrasil.load(f"./{w}")
    assert isinstance(world, World)
    world.step(state={"intent": {"text": "half"}})
    world.close()
    assert ygg(monkeypatch, "history", w) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "   1  settling: nothing left over" and lines[1].split()[:3] == ["1", "Development", "done"]
    assert len(lines) == 2 * 7 + 9 and sum("skipped" in line for line in lines) == 3
    assert "the state is dropped: plan" in lines[16]
    assert ygg(monkeypatch, "history", w, "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 27 and sum(row["status"] == "skipped" for row in rows) == 9


def test_operations_that_the_world_refused_are_named(
    w: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Mover, "forward", lambda self, step: [{"op": "remove", "kind": "place", "name": "Nowhere"}])
    assert ygg(monkeypatch, "step", w) == 0
    out = capsys.readouterr().out
    assert "   refused: " in out and "'Nowhere'" in out and "In the world" not in out


def test_replay_is_one_line(w: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran = list(calls.names)
    assert ygg(monkeypatch, "replay", w) == 0
    captured = capsys.readouterr()
    assert captured.out == "replayed exactly, no model was called; steps: 2\n" and captured.err == ""
    assert calls.names == ran


def test_changes_name_what_came_went_and_moved(capsys: pytest.CaptureFixture[str]) -> None:
    before = {
        "places": [{"name": "reef"}],
        "characters": [{"name": "Bess", "role": "merchant", "place": "reef"}],
        "items": [{"name": "anchor", "holder": "Bess"}, {"name": "map", "place": "reef"}, {"name": "key"}],
        "facts": ["old"],
    }
    after = {
        "places": [{"name": "reef"}],
        "characters": [{"name": "Bess", "role": "merchant", "place": "pier", "status": "wounded"}],
        "items": [{"name": "anchor", "holder": "", "place": ""}, {"name": "key"}, {"name": "coin", "holder": "Bess"}],
        "facts": ["old", "The reef is haunted."],
    }
    changes_page(before, after)
    assert capsys.readouterr().out.splitlines() == [
        "", "In the world", "  Bess: at pier; wounded", "  new: coin — held by Bess", "  anchor: —", "  map: gone",
        "  The reef is haunted.",
    ]  # fmt: skip
    changes_page(before, before)
    assert capsys.readouterr().out == ""


def test_a_russian_page_has_russian_labels(
    w: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from yggdrasil.cli.translations import russian

    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    russian.cache_clear()
    try:
        assert ygg(monkeypatch, "step", w) == 0
        assert ygg(monkeypatch, "show", w) == 0
        assert ygg(monkeypatch, "history", w) == 0
        assert ygg(monkeypatch, "show", "w1") == 1
    finally:
        monkeypatch.delenv("LC_ALL")
        russian.cache_clear()
    captured = capsys.readouterr()
    for words in ("Места", "Olaf — место: Cave 3", "задумано: ", "картина: ", "разбор прежнего: ничего не осталось"):
        assert words in captured.out
    for english in ("intended", "picture", "Places", "at Cave", "ran", "skipped", "done", "description"):
        assert english not in captured.out.replace("w/artifacts", "")
    assert "[1/1] Обновление мира: готово" in captured.err and "ошибка: w1: " in captured.err
