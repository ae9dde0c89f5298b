"""A turn of a language model is a run, whatever block of the role it is: told, counted and stopped as any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

import pytest

from tests.agent.scripted import Fine, Scripted, calls, says
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.language_model import LanguageModel, Turn, Usage
from yggdrasil.blocks.llm.probe import calls_tool
from yggdrasil.contract import Block, ConfigError, Event, here, listening
from yggdrasil.contract.block_operations import operate
from yggdrasil.contract.spending import counting
from yggdrasil.ports import Messages, Text


class Plain(Block, role="LLM"):
    """A stranger's model: it takes messages, gives text, and is of no class of ours."""

    def forward(self, messages: Messages) -> Text:
        return f'{{"n": {len(str(messages[-1]["content"]).splitlines())}}}'


class Priced(TypedDict):
    text: Text
    usage: Any


class Metered(Block, role="LLM"):
    """A stranger's model that says what it cost."""

    def forward(self, messages: Messages) -> Priced:
        return {"text": "dear", "usage": {"prompt": 7, "completion": 2, "cost": 0.5}}


class Unsure(LanguageModel):
    """A model that must be asked whether it calls tools."""

    asked: int = 0

    def calls_tools(self) -> bool:
        self.asked += 1
        return self.asked > 1 or calls_tool(self)

    def chat(self, messages: Any, *, tools: Any = None, **_: Any) -> Turn:
        here().token("hidden " if "Oslo" in messages[-1]["content"] else "shown ")
        return Turn("well", [], Usage(100, 1, 0.25), "stop")


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    events: list[Event] = []
    with listening(events.append, inline=True):
        yield events


def told(events: list[Event], path: str) -> list[str]:
    return [event.kind for event in events if event.path == path]


def test_every_turn_is_started_counted_and_finished_at_its_place(heard: list[Event]) -> None:
    agent = Agent(Scripted([calls(("c", "fine", {})), says("done")]), [Fine()])
    out = agent.run("Go on.")
    assert told(heard, "agent/llm") == ["started", "token", "usage", "finished"] * 2
    used = {"prompt": 10, "completion": 5, "cost": 0.0, "model": "scripted"}
    assert [e.data for e in heard if e.kind == "usage"] == [used] * 2
    assert out.status["tokens"] == 30


def test_a_failed_turn_says_so_at_its_place(heard: list[Event]) -> None:
    class Fails(Plain):
        def forward(self, messages: Messages) -> Text:
            raise ValueError("no words")

    with pytest.raises(ValueError, match="no words"):
        Agent(Fails()).run("Speak.")
    assert told(heard, "agent/llm") == ["started", "failed"]


def test_any_block_of_the_role_is_asked_by_its_ports() -> None:
    task = {"name": "count", "context": {}, "schema": {"type": "object", "required": ["n"]}}
    assert Agent(Plain()).run("Hello").status["state"] == "done"
    assert Agent(Plain()).run(task=task).result == {"n": 3}, "what cannot be bound is told the schema in words"
    out = Agent(Metered()).run("Hello")
    assert (out.response, out.status["tokens"], out.status["cost"]) == ("dear", 9, 0.5)
    for other in (Fine(), None, "a name that is none"):
        with pytest.raises(ConfigError):
            Agent(other)  # type: ignore[arg-type]


def test_the_probe_is_paid_and_told_but_its_words_are_nobodys_answer(heard: list[Event]) -> None:
    out = Agent(Unsure(), [Fine()]).run("Speak.")
    used = [(e.path, e.data["cost"]) for e in heard if e.kind == "usage"]
    assert used[0] == ("agent/llm/probe", 0.25)
    assert out.status["cost"] == sum(cost for _, cost in used) and out.status["tokens"] == 101 * len(used)
    assert "hidden " not in [e.data["text"] for e in heard if e.kind == "token"]
    assert [e.data["code"] for e in heard if e.kind == "note"] == ["tools_in_words"]


def test_an_object_that_is_filled_is_a_turn_that_is_told_and_counted(heard: list[Event]) -> None:
    model = Scripted([says('{"n": 1}')])
    with counting() as spent:
        assert model.fill([{"role": "user", "content": "Count."}], {"type": "object"}) == {"n": 1}
    assert [e.kind for e in heard] == ["started", "token", "usage", "finished"] and spent.tokens == 15


def test_a_limit_that_is_met_is_told(heard: list[Event]) -> None:
    again = calls(("c", "fine", {}))
    out = Agent(Scripted([again, again, again]), [Fine()], limits={"steps": 2}).run("Go on.")
    assert out.status["state"] == "limit_reached"
    notes = [e.data for e in heard if e.kind == "note"]
    assert [(n["code"], n["args"]) for n in notes] == [("limit_reached", {"kind": "steps", "limit": 2})]


class Scoring(Scripted, init=False):
    """A model that likes long candidates."""

    def choose(self, prefix: str, candidates: list[str]) -> list[float]:
        return [float(len(candidate)) for candidate in candidates]


def test_a_models_operations_are_runs_with_ports_of_their_own(heard: list[Event]) -> None:
    assert operate(Scoring(), "choose", "llm", prefix="a", candidates=["x", "yy"]) == [1.0, 2.0]
    assert told(heard, "llm") == ["started", "finished"]
    with pytest.raises(ConfigError, match="has no operation 'choose'"):
        operate(Plain(), "choose", prefix="a", candidates=["x"])


def test_a_count_holds_all_that_is_spent_inside_it_and_counts_may_be_nested() -> None:
    with counting() as outer:
        Metered().run(messages=[])
        with counting() as inner:
            Metered().run(messages=[])
    assert (outer.tokens, inner.tokens, outer.cost) == (18, 9, 1.0)
