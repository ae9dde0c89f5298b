"""An agent that plans is bound by the Creator's own tools, whatever their names; and a world of agents alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yggdrasil as ygg
from yggdrasil.levels.stage.stage import Stage
from yggdrasil.testing import ScriptedModel, says


def verse(about: str, lines: int = 2) -> str:
    """Write a verse."""
    return f"{lines} lines about {about}"


def paint(prompt: str) -> str:
    """Paint."""
    return prompt


def agent(**answer: Any) -> ygg.Agent[Any]:
    return ygg.Agent(ScriptedModel([says(json.dumps(answer))]))


def of_agents(home: Path, plan: dict[str, Any], creator: ygg.Creator) -> ygg.World:
    return ygg.World(
        home,
        seed=1,
        beginning={"characters": [{"name": "Ann"}]},
        development=agent(text="Ann sings.", kind="song", who=["Ann"], place="", thing="", item=""),
        architect=agent(**plan),
        philosopher=agent(song={"text": "a short song", "labels": {}}),
        author=agent(text="Ann sang of the sea.", who=[], place="", thing="", mood=""),
        update=agent(operations=[{"op": "add_fact", "text": "Ann can sing."}]),
        creator=creator,
    )


def bound_by(world: ygg.World) -> dict[str, Any]:
    model: Any = world.stages["architect"].body.children()["llm"]
    return model.seen[-1]["schema"]["properties"]


def test_a_world_of_agents_plans_a_tool_of_its_own(tmp_path: Path) -> None:
    plan = {"calls": [{"slot": "song", "tool": "verse", "arguments": {"about": "the sea"}}]}
    world = of_agents(tmp_path / "w", plan, ygg.Creator({"verse": verse}))
    step = world.step()
    assert step.status == "whole" and step.chronicle == "Ann sang of the sea."
    assert step.plan["song"]["tool"] == "verse" and step.plan["song"]["arguments"]["about"] == "the sea"
    assert "2 lines about the sea" in json.dumps(step.artifacts)
    assert set(bound_by(world)) == {"calls"}
    assert bound_by(world)["calls"]["items"]["anyOf"][0]["properties"]["tool"] == {"const": "verse"}


def test_a_painter_of_prompts_is_planned_in_the_short_form(tmp_path: Path) -> None:
    plan = {"paints": [{"prompt": "a fox", "slot": "song"}]}
    world = of_agents(tmp_path / "w", plan, ygg.Creator([paint]))
    assert world.step().plan["song"]["arguments"]["prompt"] == "a fox"
    assert set(bound_by(world)) == {"paints"}


def test_a_lone_tool_is_no_other_tool_and_takes_no_other_input() -> None:
    creator = Stage(ygg.block(paint), plays="creator")
    plan = {
        "a": {"tool": "paint", "arguments": {"prompt": "x", "seed": 1}},
        "b": {"tool": "sing", "arguments": {"prompt": "x"}},
        "c": {"tool": "paint", "arguments": {"promt": "x"}},
    }
    made = creator.run(state={"plan": plan})
    assert list(made["value"]) == ["a"]
    failures = made["beside"]["failures"]
    assert "calls 'sing', which is no tool here" in failures["b"]["message"]
    assert "no input 'promt'. did you mean 'prompt'?" in failures["c"]["message"]
