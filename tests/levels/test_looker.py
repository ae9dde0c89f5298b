"""A Philosopher that is an agent sees the artifacts, slot by slot, and hears nothing of what was ordered."""

from __future__ import annotations

import json
from typing import Any

import pytest

import yggdrasil as ygg
from tests.levels.scripted import Paint, scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.contract import Block
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.looker import NoEyes
from yggdrasil.ports import Json
from yggdrasil.testing import ScriptedModel, says

SEEN = {"text": "a red field", "labels": {}}


class Seeing(ScriptedModel):
    """Say the same of the one slot that is asked for."""

    def chat(self, messages: Any, *, schema: Any = None, **rest: Any) -> Any:
        (slot,) = schema["properties"]
        self.turns = [says(json.dumps({slot: SEEN}))]
        return super().chat(messages, schema=schema, **rest)


class Blind(ScriptedModel):
    senses = False


class Both(Block):
    """Plan two pictures and a text."""

    def forward(self, intent: Json) -> Json:
        order = {"prompt": "a secret order", "seed": 1}
        plan = {slot: {"tool": "paint", "arguments": order} for slot in ("one", "two")}
        return {**plan, "song": {"tool": "sing", "arguments": {}}}


@ygg.block
def sing() -> str:
    """Sing."""
    return "la la"


def test_the_pictures_reach_the_model_each_in_its_own_question_and_the_order_does_not() -> None:
    model = Seeing()
    world = scripted(
        philosopher=Agent(model), architect=Both(), creator=Creator({"paint": Paint(), "sing": sing}), author=Say()
    )
    step = world.step()
    assert step.status == "whole"
    assert step.perception == {"one": SEEN, "two": SEEN, "song": {"text": "la la", "labels": {}}}
    for asked, slot in zip(model.seen, ("one", "two"), strict=True):
        parts = asked["messages"][-1]["content"]
        assert [part["type"] for part in parts][:2] == ["text", "image"]
        assert parts[1]["image"] == step.artifacts[slot]["sha256"] and "secret" not in str(asked["messages"])
        assert list(asked["schema"]["properties"]) == asked["schema"]["required"] == [slot]


class Say(Block):
    """Say something."""

    def forward(self, perception: Json) -> Json:
        return {"text": "told"}


def test_a_model_without_eyes_is_refused_by_name() -> None:
    world = scripted(philosopher=Agent(Blind()))
    with pytest.raises(NoEyes, match=r"cannot look at scene.*a tool that looks"):
        world.step()


class Sings(Block):
    """Plan a song."""

    def forward(self, intent: Json) -> Json:
        return {"song": {"tool": "sing", "arguments": {}}}


def test_of_texts_alone_it_is_asked_at_once_and_the_schema_names_them() -> None:
    answer = says(json.dumps({"song": SEEN}))
    model = ScriptedModel([answer])
    given: dict[str, Any] = {"architect": Sings(), "creator": Creator({"sing": sing}), "author": Say()}
    assert scripted(philosopher=Agent(model), **given).step().perception == {"song": SEEN}
    assert model.seen[0]["schema"]["required"] == ["song"] and "la la" in str(model.seen[0]["messages"])
    assert "tool" not in model.seen[0]["messages"][-1]["content"]
