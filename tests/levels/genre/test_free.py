"""A capable model is asked plainly: one request a stage, no bound that it does not need, nothing cut on the way."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.levels.genre.capable import Capable, prose, told, world_of
from tests.levels.scripted import Paint
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.led import guided_past
from yggdrasil.levels.genre.book import GenreError
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.world.tools import Recall


def bounds(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {key for key in schema if key in ("pattern", "maxLength", "format")}
        return own.union(*map(bounds, schema.values())) if schema else own
    return set[str]().union(*map(bounds, schema)) if isinstance(schema, list) else set()


def test_a_step_makes_one_request_a_stage(tmp_path: Path) -> None:
    llm = Capable()
    world = world_of(llm, tmp_path)
    world.found()
    assert len(llm.requests) == 1
    world.step()
    world.step()
    assert len(llm.requests) == 1 + 2 * 4, "development, architect, author, update: the seer is no language model"


def test_no_request_bounds_letters(tmp_path: Path) -> None:
    llm = Capable()
    world_of(llm, tmp_path).step("Maud rings the bell")
    assert llm.requests
    assert [bounds(request["schema"]) for request in llm.requests if bounds(request["schema"])] == []
    assert "teddy bear" not in json.dumps(llm.requests), "a vocabulary of our painter"


def test_long_prose_arrives_whole(tmp_path: Path) -> None:
    dialogue = "\n".join(f"— Line {n}, — said Maud, «and no more»." for n in range(20))
    prompt = "a tall lighthouse with teeth of rusted iron at night, " * 5

    def answer(path: str, schema: dict[str, Any], number: int) -> str:
        said = {".text": "The lamp turns. " * 140 + dialogue, ".calls.arguments.prompt": prompt}
        return said.get(path) or prose(path, schema, number)

    llm = Capable(answer)
    step = world_of(llm, tmp_path).step()
    assert step.chronicle == "The lamp turns. " * 140 + dialogue
    (call,) = step.record.state()["plan"].values()
    assert call["arguments"]["prompt"] == prompt
    assert len(llm.requests) == 5, "nothing valid is asked again"


@pytest.mark.parametrize("text", ["Маяк ест корабли. Ёлки!", "灯台が船を食べる。", "المنارة تأكل السفن"])
def test_any_language_keeps_its_letters(tmp_path: Path, text: str) -> None:
    llm = Capable(lambda path, schema, number: f"{text} {number}" if path == ".text" else prose(path, schema, number))
    step = world_of(llm, tmp_path, language="any").step()
    assert re.sub(r" \d+$", "", step.chronicle) == text


def test_an_action_reaches_development_alone(tmp_path: Path) -> None:
    llm = Capable()
    world_of(llm, tmp_path).step("the tortoise wakes")
    asked = ["the tortoise wakes" in told(request) for request in llm.requests]
    assert asked == [False, True, False, False, False]


def test_the_answer_may_be_as_long_as_the_genre_says(tmp_path: Path) -> None:
    llm = Capable()
    world_of(llm, tmp_path, setting={"length": "chapter"}).step()
    assert llm.requests[-1]["max_tokens"] >= 6000
    assert "a chapter with several scenes" in told(llm.requests[-2])


def test_a_length_that_the_genre_has_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(GenreError, match=r"no length 'paragraf'.*paragraph"):
        world_of(Capable(), tmp_path, setting={"length": "paragraf"}).step()


def test_a_free_world_replays_and_forks(tmp_path: Path) -> None:
    llm = Capable()
    world = world_of(llm, tmp_path)
    world.step()
    world.step()
    asked = len(llm.requests)
    assert len(world.replay().steps) == 2 and len(llm.requests) == asked
    other = world.fork(1, "aside")
    assert other.step().chronicle and len(world.history()) == 2


class Careless(Capable):
    """Calls a tool that there is not, or one with an argument of a wrong kind, until it is told."""

    learns: bool = False

    def _made(self, schema: dict[str, Any], path: str) -> Any:
        if path != ".calls" or (self.learns and "That cannot be taken" in told(self.requests[-1])):
            return super()._made(schema, path)
        return [{"slot": "picture", "tool": "paint", "arguments": {"prompt": 5}},
                {"slot": "scene", "tool": "paint", "arguments": {"prompt": "a lamp"}}]  # fmt: skip


def test_a_call_that_does_not_fit_is_told_back_once(tmp_path: Path) -> None:
    llm = Careless(learns=True)
    step = world_of(llm, tmp_path).step()
    assert len(llm.requests) == 6
    (call,) = step.plan.values()
    assert isinstance(call["arguments"]["prompt"], str)
    assert not step.failures


def test_one_that_still_does_not_fit_fails_alone(tmp_path: Path) -> None:
    class Odd(Careless):
        """Keeps calling a tool that there is not."""

        def _made(self, schema: dict[str, Any], path: str) -> Any:
            made = super()._made(schema, path)
            return [{**made[0], "tool": "brush", "slot": "lost"}, made[1]] if path == ".calls" else made

    llm = Odd()
    world = world_of(llm, tmp_path)
    world.stages["creator"] = Creator({"paint": Paint()})
    step = world.step()
    assert len(llm.requests) == 6
    assert set(step.record.state()["artifacts"]) == {"scene"}
    assert "brush" in str(step.failures["lost"])


def test_a_guide_says_that_it_passes_over_the_length() -> None:
    """Where a guide leads a small model, which writes a line or two, whatever the world was set to."""
    with pytest.warns(UserWarning, match="the length 'scene' changes nothing"):
        guided_past({"length": "scene"}, "author")


class Bound(Capable):
    """Calls no tool by itself, so that a schema binds it to one."""

    def calls_tools(self) -> bool:
        return False


def test_a_model_that_calls_no_tool_by_itself_looks_one_thing_up(tmp_path: Path) -> None:
    llm = Bound()
    world = world_of(llm, tmp_path)
    for stage in ("development", "author"):
        world.stages[stage] = Agent(llm, [Recall()], lead="free")
    world.step()
    assert len(llm.requests) == 1 + 4 + 2


def test_nothing_is_looked_up_in_a_world_that_is_not_there_yet(tmp_path: Path) -> None:
    llm = Bound()
    world = world_of(llm, tmp_path)
    world.stages["development"] = Agent(llm, [Recall()], lead="free")
    world.found()
    assert len(llm.requests) == 1
