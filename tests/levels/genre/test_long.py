"""A long story: what was planted early is told when its subject comes up, the window is never overflowed, and a world
that was led one way goes on by another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.levels.genre.capable import Capable, told, world_of
from tests.levels.genre.test_free import bounds
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.window import tokens_of
from yggdrasil.store.exchange_models import exchanged

STEPS = 150
NEEDLES = {
    3: ("what became of the silver key?", "Maud hid a silver key under the mill."),
    40: ("they come to the bridge", "Eirik sawed the old bridge half through."),
    90: ("a swarm of bees", "The cheesemaker speaks with bees."),
}


def moment(step: int) -> str:
    return f"Day {step}. " + "The tide stood high and the wind went round, and nobody slept in the village. " * 6


@pytest.fixture(scope="module")
def lived() -> dict[str, Any]:
    """What a world holds that has lived 150 steps, in which three things were found out."""
    days = range(1, STEPS + 1)
    facts = [NEEDLES[day][1] if day in NEEDLES else f"On day {day} the tide stood at {day} fathoms." for day in days]
    summaries = {str(day - 1): f"Day {day}: nothing but wind." for day in days}
    story = [moment(day) for day in days]
    return {"story": story, "facts": facts, "summaries": summaries, "places": [{"name": "Pier"}]}


@pytest.mark.parametrize("window", [8_000, 32_000])
def test_what_was_planted_is_told_when_it_comes_up(tmp_path: Path, lived: dict[str, Any], window: int) -> None:
    llm = Capable(context=window)
    world = world_of(llm, tmp_path, beginning=lived)
    for subject, needle in NEEDLES.values():
        asked = len(llm.requests)
        world.step(subject)
        assert needle in told(llm.requests[asked])
        whole = [moment(day) in told(llm.requests[asked]) for day in range(1, STEPS + 1)]
        assert all(whole) if window == 32_000 else not all(whole) and whole[-1]
    assert len(llm.requests) == 3 * 4
    for request in llm.requests:
        schema = tokens_of(str(request["schema"]))
        assert tokens_of(told(request)) + schema + request["max_tokens"] <= window


def test_the_beginning_of_a_request_stays_while_the_story_grows(tmp_path: Path, lived: dict[str, Any]) -> None:
    """So that a prefix cache holds: from one step to the next Development is told the same, and then more."""
    llm = Capable(context=32_000)
    world = world_of(llm, tmp_path, beginning=lived)
    world.step()
    world.step()
    first, second = (told(request) for request in llm.requests[::4])
    same = next(at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    assert same > len("".join(lived["story"]))


class Small(Capable):
    """Says that it is a small model."""

    parameter_count = 1_500_000_000


def test_a_world_led_one_way_goes_on_by_another(tmp_path: Path) -> None:
    small, large = Small(), Capable()
    world = world_of(small, tmp_path / "w")
    agent = Agent(small)
    for name in ("development", "architect", "author", "update"):
        world.stages[name] = agent
    world.step()
    assert all("maxLength" in bounds(request["schema"]) for request in small.requests[:2]), "briefly"
    world.close()
    other = exchanged(world, llm=large)  # pyright: ignore[reportArgumentType]
    other.live_at(tmp_path / "w")
    other.note("llm: large")
    step = other.step()
    assert step.step == 2 and not any(bounds(request["schema"]) for request in large.requests), "in full"
    assert [note["text"] for note in other.show()["notes"]] == ["llm: large"]
    asked = len(small.requests), len(large.requests)
    replayed = other.replay()
    assert len(replayed.steps) == 2 and replayed.digest == other.content().digest
    assert (len(small.requests), len(large.requests)) == asked
