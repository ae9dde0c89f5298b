"""World names in any script are found again, code point by code point, in another process (case I1)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import yggdrasil as ygg
from tests.levels.scripted import scripted
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.levels.world.world import World
from yggdrasil.state.names import folder_name

ROOT = Path(__file__).parents[2]
NAMES = ["Замок 21:9", "CON", "con.txt", "a. ", "Ярослав 🐉", "\u0439", "Ä" * 200, "A", "a"]
LIST = """
import json, sys, pathlib, yggdrasil as ygg, tests.levels.scripted
found = [ygg.load(folder) for folder in sorted(pathlib.Path(sys.argv[1]).iterdir())]
print(json.dumps([[world.name, world.show()["name"]] for world in found]))
"""


def test_every_name_is_found_again_in_a_new_process(tmp_path: Path) -> None:
    for name in NAMES:
        world = scripted(name=name)
        world.found()
        ygg.save(world, tmp_path / folder_name(name))
        world.close()
    done = subprocess.run(
        [sys.executable, "-c", LIST, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert sorted(shown for _, shown in found) == sorted(NAMES)
    assert all(name == shown for name, shown in found)


def test_the_second_unicode_form_of_a_name_is_told_that_the_world_exists(tmp_path: Path) -> None:
    worlds = [scripted(name=name, wish=name) for name in ("\u0439", "\u0438\u0306")]
    for number, world in enumerate(worlds):
        world.step(action=f"Action {number}")
    ygg.save(worlds[0], tmp_path / folder_name(worlds[0].name))
    with pytest.raises(LogError, match="branch 'main' would be lost"):
        ygg.save(worlds[1], tmp_path / folder_name(worlds[1].name))
    (folder,) = tmp_path.iterdir()
    assert ygg.load(folder).name == "\u0439"


def test_a_save_never_takes_back_what_the_same_world_lived(tmp_path: Path) -> None:
    world = scripted()
    world.step()
    ygg.save(world, tmp_path / "home")
    ygg.save(world, tmp_path / "backup")
    world.step()
    ygg.save(world, tmp_path / "backup")
    backup = ygg.load(tmp_path / "backup")
    assert isinstance(backup, World) and len(backup.history()) == 2
    backup.fork(at=1, name="aside").step()
    with pytest.raises(LogError, match="branch 'aside' up to step 2 would be lost"):
        ygg.save(world, tmp_path / "backup")
    other = scripted(beginning={"places": [{"name": "Moor"}]})
    other.found()
    with pytest.raises(LogError, match="another world lives here"):
        ygg.save(other, tmp_path / "backup")
    assert len(backup.branch("aside").history()) == 2
