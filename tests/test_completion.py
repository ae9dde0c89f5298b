"""What an editor knows of the face: a user's script has no type error, a mistyped one has one on each wrong line."""

from __future__ import annotations

import inspect
import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import yggdrasil as ygg
from yggdrasil.agent.one_call import OneCall
from yggdrasil.contract import registry
from yggdrasil.contract.config import config_model
from yggdrasil.levels.choose import ChoiceBlock
from yggdrasil.levels.loop import LoopBlock
from yggdrasil.store import shelf_types
from yggdrasil.store.shelf import shelf
from yggdrasil.testing import ScriptedModel

SCRIPTS = Path(__file__).parent / "typed"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    """Script → the lines on which pyright, standing where a user would, has something to say."""
    folder = tmp_path_factory.mktemp("user")
    for name in ("right", "wrong"):
        shutil.copy(SCRIPTS / f"{name}.py.txt", folder / f"{name}.py")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "right.py", "wrong.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert told["summary"]["filesAnalyzed"] == 2, done.stderr
    lines: dict[str, set[int]] = {"right": set(), "wrong": set()}
    for one in told["generalDiagnostics"]:
        lines[Path(one["file"]).stem].add(one["range"]["start"]["line"] + 1)
    return lines


def test_a_users_script_has_no_type_error(found: dict[str, set[int]]) -> None:
    assert found["right"] == set()


def test_every_mistyped_line_is_one(found: dict[str, set[int]]) -> None:
    lines = (SCRIPTS / "wrong.py.txt").read_text(encoding="utf-8").splitlines()
    assert found["wrong"] == {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


def test_the_script_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    script = shutil.copy(SCRIPTS / "right.py.txt", tmp_path / "right.py")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    assert capsys.readouterr().out.splitlines()[-1] == "Five. world LLM A!!!!!!"


@pytest.mark.parametrize("cls", [ygg.Agent, ygg.Stage, ygg.World, ChoiceBlock, LoopBlock], ids=lambda cls: cls.__name__)
def test_the_typed_settings_of_a_constructor_are_those_of_the_class(cls: type[ygg.Block]) -> None:
    last = list(inspect.signature(cls.__init__, eval_str=True).parameters.values())[-1]
    (settings,) = get_args(last.annotation)
    hints, own = get_type_hints(settings), get_type_hints(cls)
    assert list(hints) == list(config_model(cls).model_fields)
    assert [name for name in hints if hints[name] != own[name] and own[name] not in get_args(hints[name])] == []


def test_a_class_tells_a_notebook_its_settings() -> None:
    class Sepia(ygg.Block):
        strength: float = 0.8

    assert str(inspect.signature(Sepia)) == "(*, strength: float = 0.8)"
    for name in registry.names():
        cls = registry.find(name)
        assert set(config_model(cls).model_fields) <= set(inspect.signature(cls).parameters), name


SHELF = {
    "painter": shelf_types.Painter,
    "illustrate": shelf_types.Illustrator,
    "illustrate-large": shelf_types.Illustrator,
    "upscaler": shelf_types.Upscaler,
    "seer": shelf_types.Seer,
    "voice": shelf_types.Voice,
    "embedder": shelf_types.Embedder,
}


@pytest.mark.parametrize("name", SHELF)
def test_what_a_type_checker_is_told_of_the_shelf_is_what_is_loaded(name: str) -> None:
    block, told = ygg.load(name), list(inspect.signature(SHELF[name].forward).parameters.values())[1:]
    assert isinstance(block, SHELF[name].__bases__)
    assert {p.name: p.default is p.empty for p in told} == {n: port.required for n, port in block.inputs.items()}


def test_every_item_of_the_shelf_is_typed() -> None:
    agents = {name for name, folder in shelf().items() if folder.parent.name == "agents"}
    worlds = {name for name, folder in shelf().items() if folder.parent.name == "worlds"}
    assert set(shelf()) - agents - worlds == set(SHELF)
    assert agents == {"storyteller", "chronicler"}


def test_a_run_of_an_agent_names_what_an_agent_takes() -> None:
    assert {*ygg.Agent(ScriptedModel()).inputs} - {"prompt"} <= OneCall.__annotations__.keys()
