"""Each stage swapped for a pipeline, an agent with tools, or an agent inside a pipeline: order and contract stay."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, says
from tests.agent.scripted import calls as turn_of_calls
from tests.levels.scripted import Broken, Paint, See, scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.language_model import Turn
from yggdrasil.contract import Block
from yggdrasil.engine.cycle.cycle_stages import BLOCKS
from yggdrasil.engine.cycle.errors import CreatorFailure
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Image, Text

ORDER = ["philosopher", "author", "update", "development", "architect", "creator", "philosopher", "author", "update"]
FACT = [{"op": "add_fact", "text": "The fox is awake."}]
ANSWERS: dict[str, Any] = {
    "development": {"kind": "gift", "place": "Fjord", "text": "Olaf finds a red fox under the old boat."},
    "architect": {"prompt": "a red fox on the shore"},
    "creator": {"scene": {"text": "a poem of a fox"}},
    "philosopher": {"scene": {"text": "a fox", "labels": {}}},
    "author": {"sentence1": "The fox woke.", "sentence2": "Olaf laughed.", "mood": "merry"},
    "update": {"operations": FACT},
}


class Say(Block, type="test_audit/say"):
    """Answer any prompt with one text."""

    said: str = "A fox wakes."

    def forward(self, prompt: Text) -> Text:
        return self.said


class Retell(Block, type="test_audit/retell"):
    """Turn one text into another, so that a pipeline has a second graph."""

    def forward(self, text: Text) -> Text:
        return text + " Again."


class Caption(Block, type="test_audit/caption"):
    """Caption one picture."""

    def forward(self, image: Image) -> Text:
        return f"{image.width} wide"


class Facts(Block, type="test_audit/facts"):
    """Give operations."""

    def forward(self, chronicle: ygg.ports.Json) -> ygg.ports.Json:
        return FACT


class ByPicture(Scripted, type="test_audit/by_picture", init=False):
    """Call its one tool on the picture that the task names (or on a prompt), then answer what the tool said."""

    makes: bool = False

    def chat(self, messages: Any, *, tools: Any = None, schema: Any = None, **rest: Any) -> Turn:
        told = [m["content"] for m in messages if m["role"] == "tool"]
        if not told:
            sha = re.search(r"[0-9a-f]{64}", json.dumps(messages))
            argument = {"prompt": "a fox"} if self.makes else {"image": sha.group() if sha else ""}
            return turn_of_calls(("c", tools[0]["function"]["name"], argument))
        if schema is None:
            return says("ready")
        result = json.loads(told[-1])
        answer = {**result["image"], "prompt": "a fox"} if self.makes else result
        return says(json.dumps({"scene": answer}))


class Obedient(Scripted, type="test_audit/obedient", init=False):
    """Says what was written down, with the first kind of event that the schema leaves open."""

    def chat(self, messages: Any, *, tools: Any = None, schema: Any = None, **rest: Any) -> Turn:
        turn = super().chat(messages, tools=tools, schema=schema, **rest)
        kinds = (schema or {}).get("properties", {}).get("kind", {}).get("enum")
        return says(json.dumps({**json.loads(turn.text), "kind": kinds[0]})) if kinds else turn


def agent(name: str) -> Agent:
    return Agent(Obedient([says(json.dumps(ANSWERS[name]))]))


def plain(name: str) -> Block:
    """A pipeline of one or two graphs of plain blocks; no agent, no special ports."""
    first: dict[str, Block] = {"creator": Paint(), "philosopher": Caption(), "update": Facts()}
    block = first.get(name, Say())
    pipeline = ygg.Pipeline("p").add(ygg.Graph("one").add(block, "only"), "one")
    if name in ("development", "author"):
        pipeline.add(ygg.Graph("two").add(Retell(), "only"), "two")
        pipeline.connect("one.text", "two.text").connect("two.text", "self.text")
    return pipeline


BODIES = {
    "pipeline": plain,
    "agent": agent,
    "agent in a pipeline": lambda name: ygg.Pipeline("p").add(ygg.Graph("g").add(agent(name), "agent"), "g"),
}


@pytest.mark.parametrize("body", list(BODIES))
@pytest.mark.parametrize("name", list(ANSWERS))
def test_a_swapped_stage_leaves_order_and_state_as_they_were(name: str, body: str) -> None:
    parts: dict[str, Any] = {name: BODIES[body](name)}
    if name in ("creator", "philosopher", "architect"):
        parts["author"] = Say(said="The fox woke.")
    world = scripted(**parts, genre="tale")
    for number in (1, 2):
        step = world.step()
        assert [s.name for s in step.stages] == ORDER
        assert [s.status for s in step.stages] == ["skipped"] * 3 + ["ran"] * 6
        assert sorted(step.state) == sorted(BLOCKS) and all(step.state.values())
        assert step.status == "whole" and len(world.content().story) == number
    if name == "update":
        assert world.content().facts[0] == FACT[0]["text"]
    if (name, body) == ("author", "pipeline"):
        assert world.content().story[0] == "A fox wakes. Again."
    world.replay()
    world.close()


def test_a_philosopher_that_is_an_agent_looks_through_its_tool_at_the_real_picture() -> None:
    told: list[str] = []
    for seed in (1, 2):
        looker = Agent(ByPicture(), {"see": See()})
        world = scripted(philosopher=looker, author=Say(), seed=seed)
        told.append(world.step().perception["scene"]["text"])
        world.close()
    assert all(text.startswith("colour ") for text in told) and told[0] != told[1]


def test_a_creator_that_is_an_agent_makes_a_picture_with_its_tool() -> None:
    world = scripted(creator=Agent(ByPicture(makes=True), {"paint": Paint()}))
    step = world.step()
    (picture,) = step.pictures
    assert Path(picture["path"]).read_bytes().startswith(b"\x89PNG") and picture["prompt"] == "a fox"
    assert step.status == "whole"
    world.replay()


class Picky(Block, type="test_audit/picky", role="Tool"):
    """Paint everything but the sky."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        if "sky" in prompt:
            raise RuntimeError("no sky today")
        return Paint().run(prompt=prompt, seed=seed).image


class PlanTwo(Block, type="test_audit/plan_two"):
    """Plan two pictures."""

    def forward(self, intent: ygg.ports.Json) -> ygg.ports.Json:
        return {"paints": [{"prompt": "a hut", "slot": "scene"}, {"prompt": "a sky", "slot": "above"}]}


@pytest.mark.parametrize("body", [Picky, lambda: ygg.Pipeline("p").add(ygg.Graph("g").add(Picky(), "b"), "g")])
def test_a_plain_creator_that_fails_in_part_goes_on_and_the_history_says_so(body: Any) -> None:
    world = scripted(creator=body(), architect=PlanTwo())
    shown = (world.step(), world.show())[1]["steps"][0]
    assert list(shown["artifacts"]) == ["scene"] and list(shown["failures"]) == ["above"]
    assert "no sky today" in shown["failures"]["above"]["message"]
    assert shown["status"] == "whole" and list(shown["perception"]) == ["scene"]


@pytest.mark.parametrize("body", [Broken, lambda: ygg.Pipeline("p").add(ygg.Graph("g").add(Broken(), "b"), "g")])
def test_a_plain_creator_that_fails_wholly_stops_the_episode(body: Any) -> None:
    world = scripted(creator=body())
    with pytest.raises(CreatorFailure, match="the brush is lost") as failure:
        world.step()
    assert list(failure.value.failures) == ["scene"] and world.history() == []
    shown = world.show()
    assert [s["status"] for s in shown["unfinished"]["stages"][3:]] == ["ran", "ran", "failed"]
    assert "the brush is lost" in shown["unfinished"]["stages"][-1]["reason"]["args"]["message"]


def test_a_world_of_swapped_stages_is_saved_and_goes_on_the_same(tmp_path: Path) -> None:
    def made() -> World:
        parts: dict[str, Any] = {name: plain(name) for name in ANSWERS}
        return scripted(**parts, genre="tale")

    straight = made()
    list(straight.steps(count=2))
    world = made()
    world.step()
    ygg.save(world, tmp_path / "w")
    world.close()
    loaded = ygg.load(tmp_path / "w")
    assert isinstance(loaded, World)
    loaded.step()
    assert [s.record.digest for s in loaded.history()] == [s.record.digest for s in straight.history()]
