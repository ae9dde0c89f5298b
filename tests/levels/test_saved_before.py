"""Worlds saved by the version before sessions load, verify, replay, and step on exactly as that version did.

The folders in saved_before/ were made and stepped on by that version (d0445a5); went_on.json is what it told.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tests.agent.scripted
import tests.levels.scripted
from tests.levels.scripted import Conversing, remembered
from yggdrasil.agent.agent import Agent
from yggdrasil.contract import Block
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json, Text
from yggdrasil.store.load import load
from yggdrasil.store.save import save

SAVED = Path(__file__).parent / "saved_before"
WENT_ON: dict[str, Any] = json.loads((SAVED / "went_on.json").read_text())
_ = (tests.agent.scripted, tests.levels.scripted)


class Calls(Block, type="test_saved/calls"):
    """Plan these calls, whatever is intended."""

    plan: dict[str, Any] = {}

    def forward(self, intent: Json) -> Json:
        return self.plan


class Upper(Block, type="test_saved/upper"):
    """Say it louder."""

    more: str = "!"

    def forward(self, text: Text) -> Text:
        return text.upper() + self.more


class Long(Block, type="test_saved/long"):
    """Tell how long it is."""

    def forward(self, text: Text) -> int:
        return len(text)


class Steer(Conversing, type="test_saved/steer"):
    """Let an agent decide what happens."""


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


def all_told(world: World) -> list[Any]:
    """As `told`, with the text or hash of every artifact."""
    found = []
    for step in world.history():
        artifacts = {slot: made.get("sha256", made.get("text")) for slot, made in step.artifacts.items()}
        found.append([step.step, step.chronicle, artifacts, step.record.digest])
    return found


@pytest.mark.models
def test_a_world_of_shelf_items_with_a_voice_and_a_branch_saved_light_before_goes_on_alike(tmp_path: Path) -> None:
    world, then = opened("spoken", tmp_path / "w"), WENT_ON["spoken"]
    assert not (tmp_path / "w" / "weights").exists(), "it names its tools on the shelf by reference and digest"
    assert world.verify()["branches"] == {"main": 2, "other": 2} and all_told(world) == then["main"][:2]
    assert all_told(world.branch("other")) == then["other"]
    assert world.replay().artifacts == 2
    world.step()
    world.step(action="Onward")
    for now, before in zip(all_told(world), then["main"], strict=True):
        assert [now[:2], now[2]["scene"]] == [before[:2], before[2]["scene"]]
    assert {a["media_type"] for s in world.history() for a in s.artifacts.values()} == {"image/png", "audio/wav"}
    assert world.content().digest == then["content"] and len(world.replay().steps) == 4


def test_a_world_whose_agent_has_tools_saved_before_goes_on_alike_and_remembers_their_answers(tmp_path: Path) -> None:
    world, then = opened("tools", tmp_path / "w"), WENT_ON["tools"]
    assert world.verify()["branches"] == {"main": 2} and all_told(world) == then["main"][:2]
    assert [s.intent["text"] for s in world.replay().steps] == ["1: first", "2: second"]
    world.step()
    world.step(action="Onward")
    assert all_told(world) == then["main"] and world.content().digest == then["content"]
    messages = remembered(world, "development/body/agent")["messages"]
    assert [m["content"] for m in messages if m["role"] == "tool"] == ["did E", "did F", "did G"]
    assert [m["content"] for m in messages if m["role"] == "user"] == ["Hello", "step 2", "step 3", "Onward"]
    assert len(world.replay().steps) == 4


def test_a_painting_graph_imported_and_saved_before_paints_the_same_picture() -> None:
    painting = load(SAVED / "painting")
    picture = painting.run(prompt="fox in snow", seed=3, steps=2)["image"]
    assert hashlib.sha256(picture.tobytes()).hexdigest() == WENT_ON["painting"]


def test_a_world_of_settings_failed_calls_and_branches_of_branches_saved_before_goes_on_alike(tmp_path: Path) -> None:
    world, then = opened("set", tmp_path / "w"), WENT_ON["set"]
    third = world.branch("third")
    assert world.verify() == {"branches": {"main": 2, "other": 2, "third": 3}}
    assert (world.genre, world.setting) == ("tale", {"things": ["fox", "raven"], "scenes": ["a fox at night"]})
    assert (world.seed, world.fields, world.language, world.wait) == (2**53 - 1, ["mood"], "ru", 5.0)
    for branch in (world, world.branch("other"), third):
        assert len(branch.replay().steps) == len(branch.history())
    world.step()
    world.step(action="Onward")
    third.step()
    assert {name: all_told(world.branch(name)) for name in ("main", "other", "third")} == {
        name: then[name] for name in ("main", "other", "third")
    }
    assert world.content().digest == then["content"] and world.verify()["branches"]["third"] == 4


def test_a_pipeline_of_a_loop_of_a_graph_saved_before_gives_the_same() -> None:
    assert load(SAVED / "pipeline").run(text="hi", rounds=3) == WENT_ON["pipeline"]


def test_a_language_model_saved_before_says_the_same() -> None:
    said = load(SAVED / "llm").run(messages=[{"role": "user", "content": "the fox"}], max_tokens=8, seed=1)
    assert said.text == WENT_ON["llm"]


def test_a_graph_that_sounds_imported_and_saved_before_sounds_the_same() -> None:
    clip, then = load(SAVED / "sounding").run(prompt="fox", seed=3, steps=2)["audio"], WENT_ON["sounding"]
    assert clip.rate == then["rate"]
    np.testing.assert_allclose(np.asarray(clip.samples), then["samples"], atol=2e-4)
