"""One clean stream: the answer's words alone, results as far as they are written, the same at every level."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from pydantic import BaseModel

import yggdrasil as ygg
from tests.agent.scripted import Fine, calls, says
from yggdrasil.testing.model import ScriptedModel


class Person(BaseModel):
    name: str
    age: int


class Tale(BaseModel):
    title: str
    text: str


class InPieces(ScriptedModel, init=False):
    """A scripted model whose tokens are three letters each."""

    def chat(self, messages: Any, **asked: Any) -> Any:
        turn = self.turns[min(sum(m["role"] == "assistant" for m in messages), len(self.turns) - 1)]
        for at in range(0, len(turn.text), 3):
            ygg.here().token(turn.text[at : at + 3])
        return turn


class Silent(ScriptedModel, init=False):
    """A scripted model that streams nothing."""

    def chat(self, messages: Any, **asked: Any) -> Any:
        return self.turns[min(sum(m["role"] == "assistant" for m in messages), len(self.turns) - 1)]


def words(events: Iterable[ygg.Event], path: str = "agent") -> list[str]:
    """The answer as a reader has it who begins anew where he is told to."""
    said: list[str] = []
    for event in events:
        if event.kind == "text" and event.path == path:
            said = ([] if event.data.get("again") else said) + [event.data["text"]]
    return said


LONG = "The fox ran over the ice and was gone."


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("tools", [[], [Fine()]])
def test_an_answer_comes_word_by_word_and_is_nothing_but_the_answer(native: bool, tools: list[Any]) -> None:
    bound = not native and tools
    said = f'{{"tool": "answer", "text": "{LONG}"}}' if bound else LONG
    stream = ygg.Agent(InPieces([says(said)], native=native), tools).stream("Tell.")
    told = words(stream)
    assert "".join(told) == LONG == stream.outputs.response
    assert len(told) > 5


def test_a_model_that_streams_nothing_says_its_answer_at_once() -> None:
    assert words(ygg.Agent(Silent([says(LONG)])).stream("Tell.")) == [LONG]


def test_words_before_a_tool_call_are_void_once_the_answer_begins() -> None:
    turns = [calls(("c", "fine", "{}"))._replace(text="Let me look."), says(LONG)]
    events = list(ygg.Agent(InPieces(turns), [Fine()]).stream("Tell."))
    assert "".join(words(events)) == LONG
    kinds = [e.kind for e in events if e.kind in ("text", "tool_call", "tool_result") and e.path == "agent"]
    assert kinds.index("tool_call") < kinds.index("tool_result") < len(kinds) - 1
    assert [e.data["text"] for e in events if e.kind == "text"][:4] == ["Let", " me", " lo", "ok."]


def test_a_bound_turn_that_calls_a_tool_says_nothing() -> None:
    turns = [says('{"tool": "fine"}'), says(f'{{"tool": "answer", "text": "{LONG}"}}')]
    events = list(ygg.Agent(InPieces(turns, native=False), [Fine()]).stream("Tell."))
    assert "".join(e.data["text"] for e in events if e.kind == "text") == LONG
    assert [e.data["tool"] for e in events if e.kind == "tool_call"] == ["fine"]


def test_a_result_is_told_as_far_as_it_is_written() -> None:
    stream = ygg.Agent(InPieces([says('{"name": "Ann", "age": 40}')])).stream("Who?", result=Person)
    told = [event.data["result"] for event in stream if event.kind == "partial"]
    assert told[0] == {}
    assert {"name": "An"} in told
    assert told[-1] == {"name": "Ann", "age": 40}
    assert stream.outputs.result == Person(name="Ann", age=40)
    again = ygg.Agent(InPieces([says('{"name": "Ann", "age": 40}')])).stream("Who?", result=Person)
    assert words(again) == []


def test_the_text_field_of_a_result_is_told_as_words() -> None:
    said = f'{{"title": "The fox", "text": "{LONG}"}}'
    told = words(ygg.Agent(InPieces([says(said)])).stream("Tell.", result=Tale))
    assert "".join(told) == LONG
    assert len(told) > 3
    bare = words(ygg.Agent(InPieces([says(f'{{"result": "{LONG}"}}')])).stream("Tell.", result=str))
    assert "".join(bare) == LONG


def test_a_list_is_told_without_its_wrapping() -> None:
    stream = ygg.Agent(InPieces([says('{"result": ["a", "b"]}')])).stream("Which?", result=list[str])
    told = [event.data["result"] for event in stream if event.kind == "partial"]
    assert ["a"] in told
    assert told[-1] == ["a", "b"]


def test_a_result_in_words_with_tools_at_hand_is_never_raw_json() -> None:
    stream = ygg.Agent(InPieces([says('{"name": "Ann", "age": 40}')]), [Fine()]).stream("Who?", result=Person)
    assert words(stream) == []
    assert stream.outputs.result.name == "Ann"


def test_escapes_and_emoji_survive_the_pieces() -> None:
    said = '{"title": "x", "text": "\\u0414а \\ud83e\\udd8a \\"yes\\"\\nend"}'
    told = words(ygg.Agent(InPieces([says(said)])).stream("Tell.", result=Tale))
    assert "".join(told) == 'Да 🦊 "yes"\nend'


def test_a_repaired_answer_begins_anew() -> None:
    bad, good = '{"title": "x", "text": "one two three"}', f'{{"title": "y", "text": "{LONG}"}}'

    def named_y(tale: Tale) -> None:
        if tale.title != "y":
            raise ygg.Retry("call it y")

    agent = ygg.Agent(InPieces([says(bad), says(good)]))
    events = list(agent.stream("Tell.", result=Tale, validate=named_y))
    assert "".join(words(events)) == LONG
    assert [e.data["code"] for e in events if e.kind == "note"] == ["answer_refused"]


def test_a_limit_is_told_by_its_kind() -> None:
    agent = ygg.Agent(InPieces([calls(("c", "fine", "{}"))]), [Fine()], limits=ygg.Limits(steps=1))
    stream = agent.stream("Go.")
    assert [e.data["args"] for e in stream if e.kind == "note"] == [{"kind": "steps", "limit": 1}]
    assert stream.outputs.status["kind"] == "steps"


def test_it_is_the_same_in_a_graph_a_pipeline_and_by_async_for() -> None:
    agent = ygg.Agent(InPieces([says(LONG)]))

    @ygg.graph
    def drawn(prompt: str) -> Any:
        return agent(prompt=prompt).response

    pipeline = ygg.Pipeline()
    pipeline.add(drawn)
    for level in (drawn, pipeline):
        told = [e for e in level.stream(prompt="Tell.") if e.kind == "text"]
        assert "".join(e.data["text"] for e in told) == LONG
        assert {e.path.rpartition("/")[2] for e in told} == {"agent"}

    async def read(level: ygg.Block) -> tuple[str, str]:
        said = "".join([e.data["text"] async for e in level.astream(prompt="Tell.") if e.kind == "text"])
        return said, str(next(iter((await level.arun(prompt="Tell.")).values())))

    assert asyncio.run(read(drawn)) == (LONG, LONG)
    assert asyncio.run(read(agent)) == (LONG, LONG)


def test_an_awaited_run_that_is_cancelled_is_stopped() -> None:
    class Waits(ygg.Block):
        def forward(self) -> str:
            began.set()
            ygg.here().cancel.wait(60)
            ygg.here().check()
            return "never"

    async def cut() -> None:
        task = asyncio.create_task(Waits().arun())
        await asyncio.to_thread(began.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    import threading

    began = threading.Event()
    asyncio.run(cut())
