"""Several models as one: the next is asked where one fails or refuses, and the run says which and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.blocks.llm.fallback import Fallback, NoModelAnswered
from yggdrasil.blocks.llm.language_model import LanguageModel, Turn
from yggdrasil.contract.errors import Cancelled, NotStored, Paused
from yggdrasil.ports import Messages, Text
from yggdrasil.testing import ScriptedModel, calls, says


class Talks(ScriptedModel, type="test/talks", init=False):
    """Say ok."""


class Down(LanguageModel, type="test/down"):
    """Fail after some words."""

    words: str = ""

    def chat(self, messages: Any, **how: Any) -> Turn:
        if self.words:
            ygg.here().token(self.words)
        raise ygg.YggError("nobody answers")


def ping() -> str:
    """Answer."""
    return "pong"


def test_the_next_model_answers_and_the_run_tells_who_failed() -> None:
    agent = ygg.Agent([Down(), ScriptedModel([says("Here I am.")])])
    stream = agent.stream("Is anybody there?")
    notes = [event.data for event in stream if event.kind == "note"]
    assert stream.outputs.response == "Here I am."
    assert notes[0]["code"] == "model_failed" and notes[0]["args"] == {"model": "down", "why": "nobody answers"}
    assert stream.outputs.status["tokens"] == 15


def test_words_of_the_one_that_failed_are_no_part_of_the_answer() -> None:
    agent = ygg.Agent([Down(words="I th"), ScriptedModel([says("Here I am.")])])
    said = ""
    for event in agent.stream("Is anybody there?"):
        if event.kind == "text":
            said = event.data["text"] if event.data.get("again") else said + event.data["text"]
    assert said == "Here I am."


def test_a_refusal_goes_to_the_next_and_the_last_ones_stands() -> None:
    refusal = ScriptedModel([says("", finish="content_filter")])
    assert Fallback([refusal, ScriptedModel([says("A tale.")])]).run(messages=[]).text == "A tale."
    assert Fallback([Down(), refusal]).run(messages=[]).finish_reason == "content_filter"


def test_tools_are_called_by_a_model_that_calls_them() -> None:
    one = ScriptedModel([calls(("1", "ping", {})), says("It answers.")])
    words = ScriptedModel(native=False)
    agent = ygg.Agent([Down(), words, one], [ping])
    with pytest.raises(NoModelAnswered, match="it calls no tools by itself"):
        ygg.Agent([Down(), words], [ping]).run("Does it answer?")
    assert agent.run("Does it answer?").response == "It answers." and words.seen == []


def test_where_none_answers_the_error_names_each() -> None:
    with pytest.raises(NoModelAnswered, match="down: nobody answers; down: nobody answers"):
        ygg.Agent([Down(), Down()]).run("Is anybody there?")


def test_a_request_that_is_wrong_in_itself_is_asked_of_nobody_else() -> None:
    second = ScriptedModel()
    with pytest.raises(ygg.ConfigError):
        Fallback([ScriptedModel(), second]).run(messages=[], schema={"type": "odd"})
    assert second.seen == []


@pytest.mark.parametrize(("models", "told"), [([Talks()], "has 1 models"), ([Talks(), ygg.block(ping)], "no language")])
def test_fewer_than_two_or_what_is_no_model_is_refused(models: Any, told: str) -> None:
    with pytest.raises(ygg.ConfigError, match=told):
        Fallback(models)


def test_it_is_saved_and_loaded_in_its_order(tmp_path: Path) -> None:
    models = [Down(), *[Talks() for _ in range(10)]]
    ygg.save(ygg.Agent(models), tmp_path / "agent")
    loaded = ygg.load(tmp_path / "agent", ygg.Agent)
    kinds = [part.type_name for part in loaded.llm.children().values()]
    assert kinds == ["test/down", *["test/talks"] * 10]
    assert loaded.run("Is anybody there?").response == "ok"


def test_the_smallest_window_is_that_of_all() -> None:
    class Reads(ScriptedModel, init=False):
        context: int = 0

    assert Fallback([Reads(context=900), Reads(context=400), Down()]).context == 400


def test_models_are_named_as_one_is() -> None:
    endpoint = "openai:big@http://127.0.0.1:9/v1?retries=0&native_tools=true"
    model = ygg.LLM([endpoint, ScriptedModel([says("Small, but here.")])])
    assert json.dumps(model.run(messages=[{"role": "user", "content": "?"}]).text) == '"Small, but here."'


class Steers(LanguageModel, type="test/steers", init=False):
    """Raise what steers the run."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def chat(self, messages: Any, **how: Any) -> Turn:
        raise self.error


@pytest.mark.parametrize("error", [Cancelled("llm"), Paused("Which one?", id="q"), NotStored("the disk is full", "w")])
def test_what_steers_the_run_is_no_failure_of_a_model(error: BaseException) -> None:
    with pytest.raises(type(error)):
        ygg.LLM([Steers(error), ScriptedModel([says("Whole.")])]).run(messages=[{"role": "user", "content": "x"}])


def test_one_model_named_twice_is_refused() -> None:
    model = ScriptedModel([says("x")])
    with pytest.raises(ygg.ConfigError, match="twice"):
        ygg.LLM([model, model])


class Own(ygg.Block, type="test/own_llm", role="LLM"):
    """Answer by the ports alone."""

    fails: bool = False

    def forward(self, messages: Messages) -> Text:
        if self.fails:
            raise ValueError("no answer")
        return "schema" if "JSON object of this schema" in messages[-1]["content"] else "own"


def test_any_block_of_the_role_is_one_of_several(tmp_path: Path) -> None:
    assert ygg.Agent([Own(), ScriptedModel()]).run("?").response == "own"
    assert ygg.Agent([Down(), Own()]).run("?").response == "own"
    assert ygg.Agent([Own(fails=True), ScriptedModel([says("Here.")])]).run("?").response == "Here."
    told = [{"role": "user", "content": "?"}]
    assert Fallback([Own(), ScriptedModel()]).run(messages=told, schema={"type": "object"}).text == "schema"
    assert not Fallback([Own(), ScriptedModel([says("1")])]).calls_tools()
    with pytest.raises(ygg.ConfigError, match="blocks of role LLM"):
        Fallback([Own(), ygg.block(ping)])
