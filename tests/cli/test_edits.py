"""A world is edited, an edit taken back, a step done again and two branches compared, from a terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import yggdrasil
from tests.cli.command import ygg
from tests.levels.scripted import Fragile, scripted

FOX = [{"op": "add_fact", "text": "The fox is red.", "known_by": ["Olaf"]}]


@pytest.fixture
def w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A world of two steps in the folder ./w."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    world = scripted(tools={"paint": Fragile()})
    list(world.steps(count=2))
    yggdrasil.save(world, tmp_path / "w")
    world.close()
    return "w"


class Terminal:
    """Runs commands, and gives what each printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._caught = monkeypatch, capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        assert ygg(self._patch, *arguments) == code
        caught = self._caught.readouterr()
        return caught.err if code else caught.out

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


def test_a_world_is_edited_by_a_file_and_by_settings(w: str, run: Terminal) -> None:
    creature = {"op": "add", "kind": "creature", "name": "Kraken", "place": "Fjord", "fields": {"arms": 9}}
    Path("ops.json").write_text(json.dumps([*FOX, creature]), encoding="utf-8")
    told = run("edit", w, "ops.json", "--set", "weather=a storm").splitlines()
    assert told[0] == "edit: 3"
    assert told[2] == "In the world" and told[3] == "  new: Kraken — at Fjord; arms: 9"
    assert told[4:7] == ["  The fox is red. (known by: Olaf)", "  weather: a storm", ""]
    shown = run("show", w)
    assert "3. edit: add_fact, The fox is red.," in shown and "creature\n  Kraken — at Fjord; arms: 9" in shown
    assert "   3  edit" in run("history", w)
    assert run.json("show", w)["world"]["known_by"] == {"The fox is red.": ["Olaf"]}
    assert run.json("replay", w)["steps"] == 3


def test_operations_come_from_standard_input_and_go_back(
    w: str, run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(FOX[0])))
    made = run.json("edit", w, "-", "--set", "extra.hp=7", "--set", "title=2026")
    assert made["number"] == 3 and [op["op"] for op in made["operations"]] == ["add_fact", "set", "set"]
    world = run.json("show", w)["world"]
    assert world["extra"] == {"hp": 7} and world["title"] == "2026"
    assert run("undo", w).splitlines()[:1] == ["taken back, edit: 3"]
    assert "extra" not in run.json("show", w)["world"]
    assert "no edit to take back" in run("undo", w, code=1)
    Path("made.json").write_text(json.dumps(made), encoding="utf-8")
    assert run.json("edit", w, "made.json")["operations"] == made["operations"]
    assert run.json("undo", w)["undone"]["number"] == 5


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ("", [], "--set FIELD=VALUE"),
        ("[", ["ops.json"], "is no JSON"),
        ("3", ["ops.json"], "holds no operations"),
        ('[{"op": "explode"}]', ["ops.json"], "explode"),
        ('[{"op": "learn", "character": "Olav", "fact": "x"}]', ["ops.json"], "no fact 'x'"),
        ("", ["absent.json"], "absent.json"),
        ("", ["--set", "wether=rain"], "did you mean 'weather'"),
        ("", ["--set", "weather"], "FIELD=VALUE"),
        ("", ["--set", "clock=noon"], "integer"),
        ("", ["--set", "extra.x=NaN"], "no finite number"),
        ("", ["--set", "title=x", "--branch", "mian"], "did you mean 'main'"),
    ],
)
def test_an_edit_that_cannot_be_says_how_to_mend_it(
    text: str, arguments: list[str], told: str, w: str, run: Terminal
) -> None:
    Path("ops.json").write_text(text, encoding="utf-8")
    before = run.json("show", w)
    assert told in run("edit", w, *arguments, code=1)
    assert run.json("show", w) == before


def test_a_step_is_done_again_and_compared(w: str, run: Terminal) -> None:
    assert "2. 2: event 2" in run("again", w, "2", "--name", "other")
    shown = run.json("again", w, "2")
    assert shown["branch"] == "step-2-take-2" and [step["step"] for step in shown["steps"]] == [1, 2]
    run("edit", w, "--branch", "other", "--set", "weather=rain")
    told = run("diff", w, "main", "other").splitlines()
    assert told[0] == "main | other: part after step 1; main stands at 2, other stands at 3"
    assert "weather: — | rain" in told and any(line.startswith("fact only in main: 2: event 2") for line in told)
    assert any(line.startswith("step 2, scene: ") for line in told)
    found = run.json("diff", w, "main", "other")
    assert found["parted"] == 1 and found["pictures"][0]["slot"] == "scene"
    assert "did you mean 'other'" in run("diff", w, "main", "othr", code=1)
    assert "no whole step 7" in run("again", w, "7", code=1)


def test_a_step_that_fails_again_leaves_a_branch_that_goes_on(w: str, run: Terminal) -> None:
    Fragile.fails = True
    try:
        assert "yggdrasil step w --branch step-2-take-2" in run("again", w, "2", code=1)
    finally:
        Fragile.fails = False
    assert run.json("step", w, "--branch", "step-2-take-2")["steps"][-1]["step"] == 2
