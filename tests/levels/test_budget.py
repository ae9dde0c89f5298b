"""Tokens and cost stand with each step; a budget stops a step with a question, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.levels.genre.capable import Capable, world_of
from tests.levels.scripted import scripted
from yggdrasil.blocks.llm.language_model import TurnOut
from yggdrasil.cli.world_commands import bound
from yggdrasil.contract import ConfigError, Paused
from yggdrasil.levels.world.budget import Budget
from yggdrasil.ports import Json, Messages


class Priced(Capable):
    """Takes a hundred tokens a request, at a cost."""

    def forward(self, messages: Messages, schema: Json | None = None) -> TurnOut:  # pyright: ignore
        turn = super().forward(messages, schema=schema)
        return {**turn, "usage": {"prompt": 90, "completion": 10, "cost": 0.5}}


def priced(home: Path, **settings: Any) -> tuple[ygg.World, Priced]:
    llm = Priced()
    return world_of(llm, home, **settings), llm


def test_a_step_says_what_it_took(tmp_path: Path) -> None:
    world, llm = priced(tmp_path)
    step = world.step()
    assert step.spent == {"tokens": 400, "cost": 2.0} == step.to_json()["spent"]
    assert {s.name: s.spent.get("tokens") for s in step.stages if s.spent} == dict.fromkeys(
        ("development", "architect", "author", "update"), 100
    )
    assert world.show()["steps"][0]["spent"]["tokens"] == 400
    assert len(llm.requests) == 5 and len(world.replay().steps) == 1


def test_a_free_step_says_nothing_of_it(tmp_path: Path) -> None:
    step = scripted(tmp_path / "w").step()
    assert step.spent == {"tokens": 0, "cost": 0} and "spent" not in step.to_json()


@pytest.mark.parametrize("bound", [{"step_tokens": 200}, {"step_cost": 1.0}, {"tokens": 300}, {"cost": 1.5}])
def test_a_budget_stops_with_a_question_and_goes_on_when_it_is_answered(tmp_path: Path, bound: dict[str, Any]) -> None:
    """The founding took 100 tokens of the world's; the step's own second request meets each of the bounds."""
    world, llm = priced(tmp_path, budget=bound)
    with pytest.raises(Paused, match="its budget is"):
        world.step()
    assert len(llm.requests) == 3, "found, development, architect"
    (question,) = world.questions()
    assert not question["answered"]
    left = world.unfinished()
    assert left is not None and left.intent and left.plan, "what was paid is kept"
    with pytest.raises(Paused):
        world.step()
    assert len(llm.requests) == 3
    world.answer(question["id"], "yes")
    step = world.step()
    assert step.step == 1 and step.status == "whole" and len(llm.requests) == 5, "asked once a step"


def test_a_step_goes_on_under_a_larger_budget(tmp_path: Path) -> None:
    world, _ = priced(tmp_path, budget={"step_tokens": 200})
    with pytest.raises(Paused):
        world.step()
    world.budget = Budget(step_tokens=1000)
    assert world.step().status == "whole"
    assert world.step().status == "whole"


def test_a_budget_is_saved_and_one_that_is_none_is_refused(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", budget={"tokens": 10})
    ygg.save(world, tmp_path / "kept")
    assert ygg.load(tmp_path / "kept", ygg.World).budget == Budget(tokens=10)
    with pytest.raises(ConfigError, match="budget"):
        scripted(tmp_path / "x", budget={"tokns": 10})


def test_the_command_sets_bounds_beside_those_that_are_there(tmp_path: Path) -> None:
    world, _ = priced(tmp_path, budget=Budget(cost=3))
    bound(world, ["step_tokens=200", "tokens=900"])
    assert world.budget == Budget(step_tokens=200, tokens=900, cost=3)
    bound(world, ["tokens=0"])
    assert world.budget == Budget(step_tokens=200, cost=3)
    for wrong, said in (("toks=1", "no budget 'toks'"), ("tokens=many", "no number"), ("tokens=1.5", "cannot be 1.5")):
        with pytest.raises(ConfigError, match=said):
            bound(world, [wrong])
