"""What a model thinks is told apart, whole or in pieces, and is no part of its answer, of a result, or of memory."""

from __future__ import annotations

from typing import Any

import pytest

import yggdrasil as ygg
from tests.blocks.endpoint.stand_in import chunk, sending, standing_in, usage
from yggdrasil.blocks.llm.language_model import LanguageModel, Turn, Usage
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.blocks.llm.thoughts import Pieces, without_thoughts
from yggdrasil.contract import Block, here
from yggdrasil.ports import Messages, Text
from yggdrasil.testing.model import ScriptedModel, says


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("written", "thought", "answer"),
    [
        ("<think>so 3?</think>\n\nfour", "so 3?", "four"),
        ("\n<think>\na < b</think>ok", "\na < b", "ok"),
        ("<think>a</think>\n<thinking>b</thinking> the tag <think> stays", "ab", "the tag <think> stays"),
        ("<think>cut in the mid", "cut in the mid", ""),
        ("<think>all</think>\n", "all", ""),
        (" <th", "", " <th"),
        (" 2 < 3", "", " 2 < 3"),
    ],
)
def test_tags_are_parted_wherever_they_are_cut(written: str, thought: str, answer: str, size: int) -> None:
    pieces = Pieces()
    told = [part for at in range(0, len(written), size) for part in pieces.take(written[at : at + size])]
    told += pieces.rest()
    assert "".join(text for kind, text in told if kind == "thought") == thought
    assert "".join(text for kind, text in told if kind == "token") == answer == without_thoughts(written)


def test_a_thought_that_a_template_began_ends_on_a_line_of_its_own() -> None:
    assert without_thoughts("so 3?\n</think>\n\nfour") == "four"
    assert without_thoughts("split at '</think>' as text") == "split at '</think>' as text"


def test_an_agents_thoughts_are_events_of_their_own() -> None:
    agent = ygg.Agent(ScriptedModel([says("<think>so 3?</think>\nthree")]))
    with agent.stream("how many?") as stream:
        told = [(event.kind, event.data["text"]) for event in stream if event.kind in ("thought", "token", "text")]
        assert stream.outputs.response == "three"
    assert told == [("thought", "so 3?"), ("token", "three"), ("text", "three")]
    assert [said["content"] for said in agent.memory.messages] == ["how many?", "three"]


def test_a_result_stands_after_the_thought() -> None:
    model = ScriptedModel([says('<think>so {3}?</think>{"result": 3}')])
    assert ygg.Agent(model).run("how many?", result=int).result == 3
    assert model.fill([{"role": "user", "content": "?"}], {"type": "object"}) == {"result": 3}


class Ports(Block, type="test/thinking_ports", role="LLM"):
    """Answer, without a word of the framework's models."""

    def forward(self, messages: Messages) -> Text:
        for piece in ("<thi", "nk>hm</th", "ink>ye", "s"):
            here().token(piece)
        return "<think>hm</think>yes"


class Slow(LanguageModel, type="test/thinking_slow"):
    """Think in pieces."""

    def chat(self, messages: Any, **how: Any) -> Turn:
        for letter in "<think>hm</think>yes":
            here().token(letter)
        return Turn("<think>hm</think>yes", [], Usage(1, 1), "stop")


@pytest.mark.parametrize("model", [Ports(), Slow()])
def test_any_block_of_the_role_is_heard_so(model: Block) -> None:
    with ygg.Agent(model).stream("?") as stream:
        told = [(event.kind, event.data["text"]) for event in stream if event.kind in ("thought", "text")]
        assert stream.outputs.response == "yes"
    assert "".join(text for kind, text in told if kind == "thought") == "hm"
    assert "".join(text for kind, text in told if kind == "text") == "yes"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_an_endpoints_field_of_thoughts_is_told_too(field: str) -> None:
    with standing_in() as server:
        wire = chunk({field: "so "}) + chunk({field: "3?"}) + chunk({"content": "three"}) + chunk({}, "stop") + usage()
        server.answer = sending(200, "text/event-stream", wire)
        with ygg.Agent(OpenAIModel(model="m", base_url=server.url)).stream("how many?") as stream:
            told = [(event.kind, event.data["text"]) for event in stream if event.kind in ("thought", "token")]
            assert stream.outputs.response == "three"
    assert told == [("thought", "so "), ("thought", "3?"), ("token", "three")]
