"""Worlds saved by the version before sessions load, verify, replay, and step on exactly as that version did.

The folders in saved_before/ were made and stepped on by that version (d0445a5); went_on.json is what it told.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import tests.agent.scripted
import tests.levels.scripted
from tests.levels.scripted import remembered
from yggdrasil.agent.agent import Agent
from yggdrasil.levels.world.world import World
from yggdrasil.store.load import load
from yggdrasil.store.save import save

SAVED = Path(__file__).parent / "saved_before"
WENT_ON: dict[str, Any] = json.loads((SAVED / "went_on.json").read_text())
_ = (tests.agent.scripted, tests.levels.scripted)


def opened(name: str, folder: Path) -> World:
    shutil.copytree(SAVED / name, folder)
    world = load(folder)
    assert isinstance(world, World)
    return world


def told(world: World) -> list[Any]:
    return [[s.step, s.chronicle, [p["sha256"] for p in s.pictures], s.record.digest] for s in world.history()]


@pytest.mark.parametrize("name", ["forked", "conversing", "asking", "unfinished"])
def test_a_world_saved_before_loads_verifies_replays_and_steps_on_alike(name: str, tmp_path: Path) -> None:
    world, then = opened(name, tmp_path / "w"), WENT_ON[name]
    assert world.verify() == then["verify"]
    before = told(world)
    assert before == then["main"][: len(before)]
    assert name == "asking" or world.replay().steps
    if name == "asking":
        world.answer(world.questions()[-1]["id"], "large")
    world.step()
    if name != "asking":
        world.step(action="Onward")
    assert told(world) == then["main"] and world.content().digest == then["content"]
    assert [s.intent["text"] for s in world.history()] == then["intents"]
    assert len(world.replay().steps) == len(then["main"])
    save(world, tmp_path / "again")
    world.close()
    again = load(tmp_path / "again")
    assert isinstance(again, World) and told(again) == then["main"]
    if name != "asking":
        assert again.step().step == then["main"][-1][0] + 1


def test_both_branches_of_a_world_saved_before_remember_their_own(tmp_path: Path) -> None:
    world = opened("forked", tmp_path / "w")
    assert (tmp_path / "w" / "cursor.db").exists(), "the version before kept one; it is ignored and does no harm"
    other = world.branch("other")
    other.step()
    assert told(other) == WENT_ON["forked"]["other"]
    assert world.step().intent["text"] == "step 1, A ship, step 3, step 4"
    assert world.fork(at=0, name="anew").step().intent["text"] == "step 1"


def test_an_agent_at_two_places_of_a_world_saved_before_keeps_its_one_memory(tmp_path: Path) -> None:
    world = opened("conversing", tmp_path / "w")
    world.step(action="Again")
    messages = remembered(world, "author/body/agent")["messages"]
    said = [m["content"] for m in messages if m["role"] == "user"]
    assert said == ["Hello", "step 1", "step 2", "step 2", "Go on", "step 3", "Again", "step 4"]
    assert remembered(world, "development/body/agent") is None


def test_an_agent_saved_before_remembers_its_conversation() -> None:
    agent = load(SAVED / "agent")
    assert isinstance(agent, Agent)
    agent.run("third")
    assert [m["content"] for m in agent.memory.messages] == WENT_ON["agent"]
