"""Servers a little unlike OpenAI's: what they refuse is left out from then on, and told once."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from PIL import Image as Pictures

from tests.agent.scripted import Fine
from tests.blocks.endpoint.stand_in import (
    StandIn,
    chunk,
    giving,
    one_after_the_other,
    said,
    send,
    sending,
    standing_in,
    usage,
)
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.endpoint.errors import EndpointError, EndpointRefused
from yggdrasil.blocks.endpoint.painter import EndpointPainter
from yggdrasil.blocks.endpoint.vlm import EndpointVLM
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.contract import ConfigError, listening
from yggdrasil.store.language_models import language_model

ASK = [{"role": "user", "content": "hi"}]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
Refuses = Callable[[dict[str, Any]], dict[str, Any] | None]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


def server(stand_in: StandIn, refuses: Refuses, *words: str, status: int = 400) -> None:
    """It answers 400 with what `refuses` gives for a request, and with the words where that is None."""

    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        refusal = refuses(body)
        if refusal is None:
            send(handler, 200, "text/event-stream", said(*(words or ("hello",))))
        else:
            send(handler, status, "application/json", json.dumps(refusal))

    stand_in.answer = answer


def unsupported(name: str, more: str = "") -> dict[str, Any]:
    message = f"Unsupported parameter: '{name}' is not supported with this model.{more}"
    return {"error": {"message": message, "param": name, "code": "unsupported_parameter"}}


def told(act: Callable[[], Any]) -> list[str]:
    notes: list[str] = []
    with listening(lambda e: notes.append(e.data["text"]) if e.kind == "note" else None):
        act()
    return notes


def newest(body: dict[str, Any]) -> dict[str, Any] | None:
    if "max_tokens" in body:
        return unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    if body.get("temperature", 1) != 1:
        message = "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) is."
        return {"error": {"message": message, "param": "temperature", "code": "unsupported_value"}}
    return None


def test_a_server_of_temperature_one_and_completion_tokens_is_learnt_once(stand_in: StandIn) -> None:
    server(stand_in, newest)
    block = OpenAIModel(model="m", base_url=stand_in.url)
    notes = told(lambda: block.chat(ASK, max_tokens=9))
    assert ["max_completion_tokens goes instead" in note for note in notes] == [True, False]
    assert stand_in.asked[-1]["max_completion_tokens"] == 9 and "temperature" not in stand_in.asked[-1]
    other = OpenAIModel(model="m", base_url=stand_in.url)
    asked = len(stand_in.asked)
    assert told(lambda: other.chat(ASK)) == [] and len(stand_in.asked) == asked + 1


REFUSALS = {
    "openai": lambda name: unsupported(name),
    "unnamed": lambda name: {"error": {"message": f"Unrecognized request argument supplied: {name}"}},
    "fastapi": lambda name: {"detail": [{"loc": ["body", name], "msg": "Extra inputs are not permitted"}]},
    "words": lambda name: {"message": f"unknown field `{name}`"},
}


@pytest.mark.parametrize("form", REFUSALS)
@pytest.mark.parametrize("field", ["seed", "stream_options", "temperature"])
@pytest.mark.parametrize("status", [400, 422])
def test_a_field_that_is_refused_in_any_form_is_left_out(stand_in: StandIn, form: str, field: str, status: int) -> None:
    server(stand_in, lambda body: REFUSALS[form](field) if field in body else None, status=status)
    assert OpenAIModel(model="m", base_url=stand_in.url).chat(ASK).text == "hello"
    assert field in stand_in.asked[0] and field not in stand_in.asked[1] and len(stand_in.asked) == 2


def bound_by(*forms: str) -> Refuses:
    def refuses(body: dict[str, Any]) -> dict[str, Any] | None:
        form = body.get("response_format", {}).get("type")
        if form is None or form in forms:
            return None
        message = f"'response_format.type' must be one of {forms}"
        return {"error": {"message": message, "param": "response_format"}}

    return refuses


@pytest.mark.parametrize(("forms", "asked"), [(("json_object",), 2), ((), 3)])
def test_without_a_bound_by_schema_a_json_object_is_asked_for_and_then_words(
    stand_in: StandIn, forms: tuple[str, ...], asked: int
) -> None:
    server(stand_in, bound_by(*forms), '{"name": "Mira"}')
    block = OpenAIModel(model="m", base_url=stand_in.url)
    notes = told(lambda: block.fill(ASK, SCHEMA))
    assert len(stand_in.asked) == asked and len(notes) == asked - 1
    last = stand_in.asked[-1]
    assert last.get("response_format") == ({"type": "json_object"} if forms else None)
    assert json.dumps(SCHEMA) in last["messages"][-1]["content"] and last["messages"][-1]["content"].startswith("hi")
    assert told(lambda: block.fill(ASK, SCHEMA)) == [] and len(stand_in.asked) == asked + 1


def test_an_eye_asks_in_words_for_what_a_server_cannot_bind(stand_in: StandIn) -> None:
    server(stand_in, bound_by(), '```json\n{"name": "a fox"}\n```')
    picture = Pictures.new("RGB", (2, 2))
    assert EndpointVLM(model="m", base_url=stand_in.url).run(image=picture, schema=SCHEMA).labels == {"name": "a fox"}
    assert stand_in.asked[-1]["messages"][-1]["content"][-1]["text"].endswith(json.dumps(SCHEMA))


@pytest.mark.parametrize(
    "error",
    [
        {"message": "max_tokens is too large: 99999. This model supports at most 4096", "param": "max_tokens"},
        {"message": "Invalid schema for response_format 'answer': a pattern", "param": "response_format"},
        {"message": "messages: the temperature of this talk is too hot", "param": "messages"},
        {"message": "temperature must be between 0 and 1", "param": "temperature"},
        {"message": "Bad Request"},
    ],
)
def test_a_refusal_for_another_reason_stands(stand_in: StandIn, error: dict[str, Any]) -> None:
    server(stand_in, lambda body: {"error": error})
    with pytest.raises(EndpointRefused, match="HTTP 400"):
        OpenAIModel(model="m", base_url=stand_in.url).chat(ASK, schema=SCHEMA)
    assert len(stand_in.asked) == 1


def calling(stand_in: StandIn, *refusals: str) -> None:
    """It refuses with these, one after the other, and then calls the tool."""
    left = list(refusals)
    call = {"index": 0, "id": "c", "function": {"name": "get_time", "arguments": '{"city": "Oslo"}'}}

    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if left:
            send(handler, 400, "application/json", json.dumps({"error": {"message": left.pop(0)}}))
        else:
            send(handler, 200, "text/event-stream", chunk({"tool_calls": [call]}) + chunk({}, "tool_calls") + usage())

    stand_in.answer = answer


def test_a_probe_that_is_refused_for_another_reason_is_no_answer(stand_in: StandIn) -> None:
    calling(stand_in, "the model is being loaded")
    block = OpenAIModel(model="m", base_url=stand_in.url)
    with pytest.raises(EndpointRefused, match="being loaded"):
        block.calls_tools()
    assert block.calls_tools() is True


def test_a_server_that_takes_no_tools_is_told_once(stand_in: StandIn) -> None:
    calling(stand_in, "tools are not supported")
    block = OpenAIModel(model="m", base_url=stand_in.url)
    assert len(told(lambda: block.calls_tools())) == 1
    assert block.calls_tools() is False and len(stand_in.asked) == 1


def test_all_agents_of_an_endpoint_ask_once_whether_its_model_calls_tools(stand_in: StandIn) -> None:
    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        call = {"index": 0, "id": "c", "function": {"name": "get_time", "arguments": '{"city": "Rome"}'}}
        probed = any("Oslo" in str(message["content"]) for message in body["messages"])
        told = chunk({"tool_calls": [call]}) + chunk({}, "tool_calls") + usage() if probed else said("ok")
        send(handler, 200, "text/event-stream", told)

    stand_in.answer = answer
    name = f"openai:m@{stand_in.url}"
    assert Agent(name).run("Hi.").response == "ok"
    assert len(stand_in.asked) == 1, "without tools nobody asks about them"
    agents = [Agent(name, [Fine()]) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert [out.response for out in pool.map(lambda agent: agent.run("Hi."), agents)] == ["ok"] * 4
    assert len(stand_in.asked) == 6 and stand_in.asked[-1]["tools"]
    assert all("authorization" not in headers for headers in stand_in.headers), "there is no secret to send"


def test_what_is_left_out_by_a_setting_is_never_sent(stand_in: StandIn) -> None:
    server(stand_in, lambda body: None)
    block = OpenAIModel(model="m", base_url=stand_in.url, without=["temperature", "seed", "stream_options"])
    block.chat(ASK)
    assert {"temperature", "seed", "stream_options"} & set(stand_in.asked[0]) == set()
    with pytest.raises(ConfigError, match="may be left out"):
        OpenAIModel(model="m", base_url=stand_in.url, without=["messages"])


def test_the_settings_of_an_endpoint_can_stand_in_its_name(stand_in: StandIn) -> None:
    named = f"openai:gpt@{stand_in.url}?limit=max_completion_tokens&without=temperature,seed&timeout=7&retries=0"
    block = language_model(named)
    assert isinstance(block, OpenAIModel)
    assert (block.model, block.limit, block.without, block.timeout, block.retries, block.base_url) == (
        "gpt", "max_completion_tokens", ("temperature", "seed"), 7, 0, stand_in.url,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="limit"):
        language_model(f"openai:gpt@{stand_in.url}?limt=max_tokens")
    with pytest.raises(ConfigError, match="api_key"):
        language_model(f"openai:gpt@{stand_in.url}?api_key=sk-1")


def test_a_painter_leaves_out_what_is_refused(stand_in: StandIn) -> None:
    buffer = io.BytesIO()
    Pictures.new("RGB", (2, 2)).save(buffer, "PNG")
    picture = {"data": [{"b64_json": base64.b64encode(buffer.getvalue()).decode()}]}

    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        name = next((name for name in ("response_format", "seed") if name in body), "")
        if name:
            send(handler, 400, "application/json", json.dumps({"error": {"message": f"Unknown parameter: '{name}'."}}))
        else:
            giving(picture)(handler, body)

    stand_in.answer = answer
    assert len(told(lambda: EndpointPainter(model="p", base_url=stand_in.url).run(prompt="a fox"))) == 2
    assert stand_in.asked[-1] == {"prompt": "a fox", "model": "p", "n": 1}


WHOLE: dict[str, Any] = {
    "id": "x", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
}  # fmt: skip


def test_a_whole_answer_instead_of_a_stream_is_its_one_piece(stand_in: StandIn) -> None:
    stand_in.answer = giving(WHOLE)
    model = OpenAIModel(model="m", base_url=stand_in.url)
    with model.stream(messages=ASK) as stream:
        assert [event.data["text"] for event in stream if event.kind == "token"] == ["hello"]
    assert stream.outputs["usage"] == {"prompt": 7, "completion": 3, "cost": 0.0}
    called = [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    message = {"role": "assistant", "content": None, "tool_calls": called}
    stand_in.answer = giving({**WHOLE, "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]})
    assert [call["name"] for call in model.run(messages=ASK)["tool_calls"]] == ["look"]
    stand_in.answer = giving({"error": "no"})
    with pytest.raises(EndpointError, match="no turn of a chat"):
        model.run(messages=ASK)


def test_a_server_that_takes_no_stream_is_asked_without(stand_in: StandIn) -> None:
    refusal = sending(400, "application/json", json.dumps({"error": {"message": "Unsupported parameter: 'stream'"}}))
    stand_in.answer = one_after_the_other(refusal, giving(WHOLE))
    assert OpenAIModel(model="m", base_url=stand_in.url).run(messages=ASK)["text"] == "hello"
    told = [("stream" in asked, "stream_options" in asked) for asked in stand_in.asked]
    assert told == [(True, True), (False, False)]


def test_a_refusal_for_want_of_a_secret_names_its_variable(stand_in: StandIn) -> None:
    stand_in.answer = sending(401, "application/json", json.dumps({"error": {"message": "You need a key"}}))
    with pytest.raises(EndpointError, match="no secret was sent: export OPENAI_API_KEY"):
        OpenAIModel(model="m", base_url=stand_in.url).run(messages=ASK)
