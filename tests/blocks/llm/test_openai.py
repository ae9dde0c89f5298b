"""`llm/openai` against a stand-in endpoint on this machine: streams, tools, errors, secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.blocks.endpoint.stand_in import StandIn, chunk, send, standing_in, stream, usage
from yggdrasil.blocks.llm.language_model import NotAble
from yggdrasil.blocks.llm.openai import EndpointError, OpenAIModel
from yggdrasil.contract import Cancelled, CancelToken, ConfigError, listening
from yggdrasil.contract.tree import describe

SECRET = "sk-very-secret-0123456789"


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


@pytest.fixture
def stand_in(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("TEST_KEY", SECRET)
    server.asked.clear()
    server.headers.clear()
    server.answer = stream("hel", "lo")
    return server


def model(stand_in: StandIn, **config: Any) -> OpenAIModel:
    settings: dict[str, Any] = {"model": "m", "base_url": stand_in.url, "key": "TEST_KEY", "retries": 0, **config}
    return OpenAIModel(**settings)


ASK = [{"role": "user", "content": "hi"}]


def test_a_turn_streams_and_counts(stand_in: StandIn) -> None:
    tokens: list[str] = []
    with listening(lambda e: tokens.append(e.data["text"]) if e.kind == "token" else None):
        out = model(stand_in).run(messages=ASK, max_tokens=9, seed=2**40)
    assert (out.text, out.finish_reason, out.usage) == ("hello", "stop", {"prompt": 7, "completion": 3, "cost": 0.0})
    assert tokens == ["hel", "lo"]
    assert stand_in.asked[0]["max_tokens"] == 9
    assert stand_in.headers[0]["authorization"] == f"Bearer {SECRET}"


def test_tool_calls_come_in_pieces(stand_in: StandIn) -> None:
    first = {"index": 0, "id": "c1", "type": "function", "function": {"name": "draw", "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": '{"x": 1}'}}
    text = chunk({"tool_calls": [first]}) + chunk({"tool_calls": [rest]}) + chunk({}, "tool_calls") + usage()
    stand_in.answer = lambda handler, body: send(handler, 200, "text/event-stream", text)
    tool = {"type": "function", "function": {"name": "draw", "parameters": {"type": "object"}}}
    turn = model(stand_in).chat(ASK, tools=[tool])
    assert [tuple(call) for call in turn.tool_calls] == [("c1", "draw", '{"x": 1}')]
    assert turn.finish_reason == "tool_calls"
    assert stand_in.asked[0]["tools"] == [tool]


def test_a_schema_goes_along_and_its_object_comes_back(stand_in: StandIn) -> None:
    stand_in.answer = stream('{"name": ', '"Mira"}')
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert model(stand_in).fill(ASK, schema) == {"name": "Mira"}
    assert stand_in.asked[0]["response_format"]["json_schema"]["schema"] == schema
    with pytest.raises(NotAble):
        model(stand_in).choose("a", ["b"])


@pytest.mark.parametrize(("status", "mend"), [(401, "secret"), (404, "base_url"), (429, "rate"), (500, "its own log")])
def test_a_refusal_is_typed_and_hides_the_secret(stand_in: StandIn, status: int, mend: str) -> None:
    body = json.dumps({"error": {"message": f"bad key {SECRET}", "type": "x"}})
    stand_in.answer = lambda handler, _: send(handler, status, "application/json", body)
    with pytest.raises(EndpointError, match=f"HTTP {status}") as failure:
        model(stand_in).chat(ASK)
    assert mend in str(failure.value)
    assert failure.value.status == status
    assert SECRET not in str(failure.value)


@pytest.mark.parametrize("status", [200, 502])
def test_a_web_page_is_no_answer(stand_in: StandIn, status: int) -> None:
    page = "<!DOCTYPE html><html><body>Welcome</body></html>"
    stand_in.answer = lambda handler, _: send(handler, status, "text/html", page)
    with pytest.raises(EndpointError, match=r"text/html|web page"):
        model(stand_in).chat(ASK)


def test_a_stream_that_breaks_off_is_no_answer(stand_in: StandIn) -> None:
    stand_in.answer = stream("half an ans", finish=None)
    with pytest.raises(EndpointError, match="broke off"):
        model(stand_in).chat(ASK)

    def cut(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("content-length", "9999")
        handler.end_headers()
        handler.wfile.write(chunk({"content": "x"}).encode())

    stand_in.answer = cut
    with pytest.raises(EndpointError, match="broke off"):
        model(stand_in).chat(ASK)


class Slow:
    """A word, and then nothing until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.ended = False

    def __call__(self, handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(chunk({"content": "x"}).encode())
        handler.wfile.flush()
        self.over.wait(30)
        self.ended = True


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.over.set()


def test_a_slow_endpoint_meets_its_limit(stand_in: StandIn, slow: Slow) -> None:
    stand_in.answer = slow
    with pytest.raises(EndpointError, match=r"time limit of 0\.5 s"):
        model(stand_in, timeout=0.5).chat(ASK)


def test_a_cancelled_run_does_not_wait(stand_in: StandIn, slow: Slow) -> None:
    stand_in.answer = slow
    token = CancelToken()
    with (
        listening(lambda _: token.cancel(), token, kinds=["token"], inline=True),
        pytest.raises(Cancelled),
    ):
        model(stand_in).chat(ASK)
    assert not slow.ended, "the endpoint is still answering"


def test_no_endpoint_at_all() -> None:
    gone = OpenAIModel(model="m", base_url="http://127.0.0.1:9/v1", retries=0, timeout=5)
    with pytest.raises(EndpointError, match="cannot be used"):
        gone.chat(ASK)


def test_a_secret_has_no_place_in_the_config(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("https://u:p@host/v1", "ftp://host", "https://host/v1?api_key=1", "nonsense"):
        with pytest.raises(ConfigError, match="base_url"):
            OpenAIModel(model="m", base_url=wrong)
    with pytest.raises(ConfigError, match="NAME of an environment variable"):
        OpenAIModel(model="m", base_url=stand_in.url, key=SECRET)
    assert SECRET not in describe(model(stand_in)).dump()
    monkeypatch.delenv("TEST_KEY")
    with pytest.raises(EndpointError, match="TEST_KEY is not set"):
        model(stand_in).chat(ASK)


def test_two_blocks_of_one_endpoint_share_a_client(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = model(stand_in), model(stand_in)
    assert first._connection() is second._connection()
    before = first._connection()
    monkeypatch.setenv("TEST_KEY", SECRET + "x")
    assert first._connection() is not before


@pytest.mark.parametrize(
    ("listed", "reads"),
    [
        ({"id": "m", "max_model_len": 32768}, 32768),
        ({"id": "m", "context_length": 200_000}, 200_000),
        ({"id": "other", "max_model_len": 9}, 0),
        ({"id": "m"}, 0),
        ({"id": "m", "max_model_len": "much"}, 0),
    ],
)
def test_how_much_it_reads_is_what_its_endpoint_says(listed: dict[str, object], reads: int) -> None:
    with standing_in() as server:
        server.models = [{"object": "model", **listed}]
        model = OpenAIModel(model="m", base_url=server.url)
        assert model.reads() == reads == model.reads()
        assert server.paths == ["/v1/models"], "asked once"
        assert OpenAIModel(model="m", base_url=server.url, context=5).reads() == 5


def test_an_endpoint_without_a_list_says_nothing_of_it() -> None:
    with standing_in() as server:
        assert OpenAIModel(model="m", base_url=server.url).reads() == 0
