"""What models, scripts and tools write in another shape than was meant: taken, mended once, or refused by name."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest
from pydantic import BaseModel

import yggdrasil as ygg
from tests.agent.scripted import calls, says
from yggdrasil.blocks.llm.language_model import as_turn
from yggdrasil.contract.faults import fault_text
from yggdrasil.ports import Json, Messages, Text
from yggdrasil.testing import ScriptedModel

CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
USER = {"role": "user", "content": "Hello."}


def look() -> str:
    """Look."""
    return "a fox"


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([{"role": "usr", "content": "?"}], r"messages\[0\] has the role 'usr'.*did you mean 'user'"),
        ([USER, {"role": "assistant"}, USER], r"messages\[1\] has no content"),
        ([{"role": "user", "content": 5}], r"messages\[0\] has the content 5"),
        ([{"role": "user", "content": [{"type": "text"}]}], r"messages\[0\] has the part 0"),
        ([USER, {"role": "tool", "tool_call_id": "9", "content": "x"}], r"messages\[1\] answers the call '9'"),
        ([USER, {"role": "assistant", "tool_calls": [{"name": "look"}]}], r"messages\[1\] has the call"),
        ([USER, {"role": "assistant", "tool_calls": [CALL]}, USER], r"messages\[2\] stands where the answer"),
        ([USER, {"role": "assistant", "tool_calls": [CALL]}], r"messages end before the call '1'"),
    ],
)
def test_a_conversation_of_another_shape_is_refused_where_it_is_wrong(messages: Any, told: str) -> None:
    model = ScriptedModel()
    with pytest.raises(ygg.PortError, match=told):
        ygg.Agent(model).run("Go on.", messages=messages)
    assert model.seen == []


def test_a_model_that_is_asked_without_an_agent_refuses_it_too() -> None:
    for odd in ({"role": "usr", "content": "?"}, {"role": "user", "content": 5}):
        with pytest.raises(ygg.PortError, match=r"messages\[1\] is .* no message"):
            ScriptedModel().run(messages=[USER, odd])


def test_a_conversation_with_calls_is_taken_their_arguments_as_text_or_object() -> None:
    model = ScriptedModel([says("one"), says("A fox.")])
    said = [{**CALL, "function": {"name": "look", "arguments": {"at": "sea"}}}]
    past = [USER, {"role": "assistant", "content": None, "tool_calls": said}]
    past += [{"role": "tool", "tool_call_id": "1", "content": "a fox"}]
    ygg.Agent(model, [look]).run(messages=past)
    assert model.seen[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"at": "sea"}'


@pytest.mark.parametrize(
    "odd", ['{"answer": "Paris"}', '{"tool": "answer", "answer": "Paris"}', "Paris", '{"tool": 5}']
)
def test_a_model_that_chooses_in_another_shape_is_told_once_and_then_refused(odd: str) -> None:
    mended = ScriptedModel([says(odd), says('{"tool": "answer", "text": "Paris."}')], native=False)
    assert ygg.Agent(mended, [look]).run("Where?").response == "Paris."
    assert "cannot be read" in mended.seen[-1]["messages"][-1]["content"]
    with pytest.raises(ygg.InvalidOutput):
        ygg.Agent(ScriptedModel([says(odd)], native=False), [look]).run("Where?")


class Point(BaseModel):
    x: float


@pytest.mark.parametrize(
    ("kind", "odd", "good", "result"),
    [
        (float, '{"result": NaN}', '{"result": 2.5}', 2.5),
        (float, '{"result": "inf"}', '{"result": 2.5}', 2.5),
        (Point, '{"x": Infinity}', '{"x": 1}', Point(x=1)),
        (list[Point], '{"result": [{"x": "nan"}]}', '{"result": [{"x": 1}]}', [Point(x=1)]),
        ({"type": "object", "properties": {"x": {"type": "number"}}}, '{"x": NaN}', '{"x": 1}', {"x": 1}),
    ],
)
def test_a_number_that_is_not_finite_is_no_result(kind: Any, odd: str, good: str, result: Any) -> None:
    model = ScriptedModel([says(odd), says(good)])
    assert ygg.Agent(model).run("How much?", result=kind).result == result
    assert "finite" in str(model.seen[-1]["messages"]) or len(model.seen) == 2
    with pytest.raises((ygg.RefusedOutput, ygg.InvalidOutput)):
        ygg.Agent(ScriptedModel([says(odd)])).run("How much?", result=kind)


class OwnTurn(TypedDict):
    text: Text
    tool_calls: Json


class Own(ygg.Block, role="LLM"):
    """A model of one's own that writes its calls as an endpoint does."""

    def forward(self, messages: Messages, tools: Json | None = None) -> OwnTurn:
        done = messages[-1]["role"] == "tool"
        return {"text": "A fox." if done else "", "tool_calls": [] if done else [CALL]}


def test_calls_as_an_endpoint_writes_them_are_taken_from_a_model_of_ones_own() -> None:
    assert ygg.Agent(Own(), [look]).run("What is there?").response == "A fox."
    with pytest.raises(ygg.PortError, match="names no tool"):
        as_turn({"text": "", "tool_calls": [{"id": "1"}]})


def test_an_address_in_a_fault_stays_without_its_secrets_and_a_path_goes() -> None:
    told = fault_text(ValueError("GET https://bo:pw@api.sea.no/v1/fish/7?key=abc gave 404, see /home/bo/sea/x.log"))
    assert told == "ValueError: GET https://api.sea.no/v1/fish/7?… gave 404, see <path>"
    assert "/home" not in fault_text(ValueError("file:///home/bo/x.txt and C:\\Users\\bo\\x.txt"))


def test_a_stream_tells_the_words_of_its_own_agent_unless_it_is_asked_for_all() -> None:
    cook = ygg.Agent(ScriptedModel([says("Fish soup.")]), about="Cooks.")

    def host() -> ygg.Agent:
        return ygg.Agent(ScriptedModel([calls(("c", "cook", {"prompt": "?"})), says("Soup it is.")]), {"cook": cook})

    def words(events: Any) -> str:
        return "".join(event.data["text"] for event in events if event.kind == "text")

    assert words(host().stream("Dinner?")) == "Soup it is."
    assert words(host().stream("Dinner?", words="all")) == "Fish soup.Soup it is."
