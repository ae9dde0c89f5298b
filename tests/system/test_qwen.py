"""The opt-in model of 1.1 GB on llama.cpp, for real: pulled, checked, driven as an agent with tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from yggdrasil import World
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.llamacpp import LlamaCpp
from yggdrasil.contract import Block, FileRef, listening
from yggdrasil.levels.world.tools import ReadPlace, Recall
from yggdrasil.plugins.scenery import GROUNDS
from yggdrasil.ports import Text
from yggdrasil.store.catalogue import model
from yggdrasil.store.model_pull import pull

NAME = "qwen2.5-coder-1.5b"
WORLD = {
    "places": [
        {"name": "Vik", "description": "A harbour of black stones.", "scene": "sea"},
        {"name": "Mill", "description": "An old mill on a hill.", "scene": "meadow"},
    ],
    "characters": [
        {"name": "Eirik", "role": "smith", "place": "Vik"},
        {"name": "Nora", "role": "trader", "place": "Mill"},
    ],
    "items": [],
    "facts": ["The sea has been still for a year."],
}  # fmt: skip
CONTEXT: dict[str, Any] = {
    "wish": "a norse fishing village in winter", "language": "en", "style": "", "step": 1, "scenes": list(GROUNDS),
    "world": WORLD, "story": [], "past": [], "things": ["boat", "whale", "lantern", "key"],
}  # fmt: skip

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def qwen() -> Iterator[LlamaCpp]:
    (path,) = pull(NAME).values()
    block = LlamaCpp(native_tools=False)
    block.files["weights"] = FileRef(model(NAME).files[0].sha256, path, NAME)
    yield block
    block.close()


def test_development_calls_a_tool_and_plans(qwen: LlamaCpp) -> None:
    called: list[str] = []
    agent = Agent(qwen, [ReadPlace(), Recall()], guide="tale")
    with listening(lambda e: called.append(e.data["tool"]) if e.kind == "tool_call" else None):
        plan = agent.run(task={"name": "development", "context": CONTEXT}).result
    assert called == ["read_place"]
    assert plan["place"] in ("Vik", "Mill")
    assert plan["thing"] in CONTEXT["things"]
    assert plan["text"].isascii()
    assert plan["text"][-1] in ".!?"


def test_the_author_tells_what_is_there(qwen: LlamaCpp) -> None:
    labels = {"place": "sea", "things": [{"name": "whale", "confidence": 0.97}]}
    seen = {"picture": {"text": "a whale", "labels": labels}}
    intent = {"text": "Eirik mends a boat.", "kind": "work", "who": ["Eirik"], "place": "Vik", "thing": "boat"}
    context = {**CONTEXT, "intent": intent, "perception": seen}
    chronicle = Agent(qwen, guide="tale").run(task={"name": "author", "context": context}).result
    assert "whale" in chronicle["text"]
    assert chronicle["thing"] == "whale"


def test_an_agent_uses_a_tool_to_answer(qwen: LlamaCpp) -> None:
    class Tide(Block, role="Tool"):
        """Tell when the tide comes to a harbour."""

        def forward(self, harbour: Text) -> Text:
            return f"The tide comes to {harbour} at seven."

    agent = Agent(qwen, [Tide()], instructions="Answer in one sentence. Look things up with a tool first.")
    out = agent.run("When does the tide come to Vik?")
    assert [m["role"] for m in agent.memory.messages].count("tool") >= 1
    assert "seven" in out.response or "7" in out.response


def test_warm_and_cold_give_the_same_bytes(qwen: LlamaCpp) -> None:
    ask = [{"role": "user", "content": "Name a fish."}]
    first = qwen.chat(ask, max_tokens=8, seed=3).text
    longer = [*ask, {"role": "assistant", "content": first}, {"role": "user", "content": "And a bird?"}]
    warm = qwen.chat(longer, max_tokens=12, seed=3).text
    qwen.close()
    assert qwen.chat(longer, max_tokens=12, seed=3).text == warm
    assert qwen.chat(ask, max_tokens=8, seed=3).text == first


def test_a_world_is_told_in_one_turn_a_stage() -> None:
    pull(NAME)
    called: list[str] = []
    world = World.from_template("storytelling", wish="a norse fishing village in winter", seed=7, llm=NAME)
    with listening(lambda e: called.append(e.data["tool"]) if e.kind == "tool_call" else None):
        step = world.step()
    assert called == ["paint"]
    assert step.pictures
    assert step.chronicle[-1] in ".!?"
    assert len(step.chronicle.split()) >= 8
    assert [s.name for s in step.stages if s.status == "ran"][-1] == "update"
