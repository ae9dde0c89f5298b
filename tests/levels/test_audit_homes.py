"""A world off the shelf lives in a temporary home until it is saved; then its pictures keep their endings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, says
from tests.agent.scripted import calls as turn_of_calls
from tests.levels.scripted import Paint, scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.language_model import Turn
from yggdrasil.levels.world.world import World


def test_a_picture_keeps_its_ending_when_its_world_moves(tmp_path: Path) -> None:
    world = scripted()
    before = world.step().pictures[0]
    ygg.save(world, tmp_path / "home")
    world.copy_life(tmp_path / "copy")
    for home in ("home", "copy"):
        (picture,) = (tmp_path / home / "artifacts").glob("??/*")
        assert picture.name == Path(before["path"]).name == f"{before['sha256']}.png"
    assert world.history()[0].pictures[0]["path"].startswith(str(tmp_path / "home"))


class TwoPictures(Scripted, type="test_audit/two_pictures", init=False):
    """Paint two pictures and answer with the first; the second stands in the conversation only."""

    def chat(self, messages: Any, *, tools: Any = None, schema: Any = None, **rest: Any) -> Turn:
        told = [m["content"] for m in messages if m["role"] == "tool"]
        if not told:
            return turn_of_calls(("a", "paint", {"prompt": "a"}), ("b", "paint", {"prompt": "bb"}))
        return says(json.dumps({"scene": json.loads(told[0])["image"]}) if schema else "ready")


def test_what_an_agent_only_talked_of_travels_with_its_world_and_is_not_pruned(tmp_path: Path) -> None:
    world = scripted(creator=Agent(TwoPictures(), {"paint": Paint()}))
    world.step()
    ygg.save(world, tmp_path / "w")
    assert len(list((tmp_path / "w" / "artifacts").glob("??/*.png"))) == 2
    stray = world.artifacts.put(b"stray", "text/plain")
    assert world.prune() == [stray.sha256]


@pytest.mark.system
@pytest.mark.models
def test_a_world_from_the_shelf_steps_at_once_and_leaves_the_shelf_as_it_was(tmp_path: Path) -> None:
    from yggdrasil.store.shelf import on_shelf

    shelf = on_shelf("storytelling")
    before = sorted(p.name for p in shelf.rglob("*"))
    world = ygg.load("storytelling")
    assert isinstance(world, World)
    world.beginning = {"places": [{"name": "Vik", "scene": "sea"}], "characters": [{"name": "Nora", "role": "smith"}]}
    step = world.step(action="A ship arrives")
    home = world.home
    assert step.status == "whole" and step.action == "A ship arrives" and home.is_dir()
    assert shelf not in home.parents
    assert sorted(p.name for p in shelf.rglob("*")) == before
    (again,) = world.steps(count=1)
    ygg.save(world, tmp_path / "w")
    assert world.home == tmp_path / "w" and len(world.history()) == 2
    shown = world.show()["steps"][1]
    assert (tmp_path / "w" / shown["pictures"][0]["path"]).is_file()
    assert shown["chronicle"] == again.chronicle
    world.close()
