"""An endpoint that is dead, slow, cut off, wrong or endless gives a typed error within its limit, or a right answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.blocks.endpoint.stand_in import (
    Answer,
    CuttingProxy,
    StandIn,
    chunk,
    one_after_the_other,
    over_of,
    said,
    send,
    sending,
    standing_in,
    stream,
)
from yggdrasil.blocks.endpoint import connection
from yggdrasil.blocks.endpoint.errors import (
    EndpointBrokeOff,
    EndpointError,
    EndpointNonsense,
    EndpointRefused,
    EndpointTooSlow,
    EndpointUnreachable,
    _after,
)
from yggdrasil.blocks.endpoint.painter import EndpointPainter
from yggdrasil.blocks.endpoint.voice import EndpointVoice
from yggdrasil.blocks.llm.language_model import InvalidOutput
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.contract import listening

ASK = [{"role": "user", "content": "hi"}]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


@pytest.fixture
def stand_in(server: StandIn) -> StandIn:
    for kept in (server.asked, server.headers, server.paths):
        kept.clear()
    return server


def model(url: str, **config: Any) -> OpenAIModel:
    return OpenAIModel(**{"model": "m", "base_url": url, "retries": 0, "timeout": 5, **config})


def failing(kind: type[Exception], act: Callable[[], Any]) -> Any:
    """What `act` raises, of that kind."""
    with pytest.raises(kind) as failure:
        act()
    return failure.value


def hanging(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    """Say nothing until the endpoint is closed."""
    over_of(handler).wait(60)


def dripping(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    """A word now and then until the endpoint is closed."""
    send(handler, 200, "text/event-stream", "")
    while not over_of(handler).wait(0.05):
        handler.wfile.write(chunk({"content": "x"}).encode())


def endless_line(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    send(handler, 200, "text/event-stream", "data: ")
    while True:
        handler.wfile.write(b"x" * 65536)


def endless_words(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    send(handler, 200, "text/event-stream", "")
    while True:
        handler.wfile.write(chunk({"content": "la "}).encode())


def test_a_dead_endpoint_is_unreachable() -> None:
    failure = failing(EndpointUnreachable, lambda: model("http://127.0.0.1:9/v1").chat(ASK))
    assert "base_url" in failure.mend
    notes: list[str] = []
    with listening(lambda e: notes.append(e.data["text"]) if e.kind == "note" else None):
        failing(EndpointUnreachable, lambda: model("http://127.0.0.1:9/v1", retries=1).chat(ASK))
    assert len(notes) == 1 and "asked again in 0.5 s" in notes[0]


@pytest.mark.parametrize("answer", [hanging, dripping])
def test_a_slow_endpoint_meets_its_limit(stand_in: StandIn, answer: Answer) -> None:
    stand_in.answer = answer
    failing(EndpointTooSlow, lambda: model(stand_in.url, timeout=0.6, retries=2).chat(ASK))
    assert len(stand_in.asked) == 1, "what was too slow is not asked again"


WHOLE = (said("hel", "lo").encode()).partition(b'"usage"')[0]
HEAD = 150
OFFSETS = [1 + (HEAD + len(WHOLE)) * at // 20 for at in range(20)]


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_cut_answer_is_no_answer_or_a_whole_one(stand_in: StandIn, offset: int) -> None:
    stand_in.answer = stream("hel", "lo")
    proxy = CuttingProxy(stand_in.url, offset)
    tokens: list[str] = []
    given: tuple[str, str] | None = None
    try:
        with listening(lambda e: tokens.append(e.data["text"]) if e.kind == "token" else None):
            turn = model(proxy.url).chat(ASK)
            given = turn.text, turn.finish_reason
    except (EndpointBrokeOff, EndpointNonsense):
        pass
    finally:
        proxy.close()
    assert given in (None, ("hello", "stop")), "what is given is whole: only what came after its end was cut"
    assert "".join(tokens) in ("", "hel", "hello")


@pytest.mark.parametrize(("limit", "asked"), [(200, 2), (560, 1)])
def test_a_cut_answer_is_asked_again_only_while_nothing_of_it_was_told(
    stand_in: StandIn, limit: int, asked: int
) -> None:
    stand_in.answer = stream("hel", "lo")
    proxy = CuttingProxy(stand_in.url, limit)
    tokens: list[str] = []

    def mend(event: Any) -> None:
        proxy.limit = None
        if event.kind == "token":
            tokens.append(event.data["text"])

    try:
        with listening(mend, inline=True):
            if asked == 2:
                assert model(proxy.url, retries=2).chat(ASK).text == "hello"
            else:
                failing(EndpointError, lambda: model(proxy.url, retries=2).chat(ASK))
    finally:
        proxy.close()
    assert len(stand_in.asked) == asked
    assert tokens == (["hel", "lo"] if asked == 2 else ["hel"])


def bad(text: str) -> Answer:
    return sending(200, "text/event-stream", text)


@pytest.mark.parametrize(
    "answer",
    [
        sending(200, "text/html", "<html>Welcome</html>"),
        sending(200, "application/json", '{"choices": [{"mess'),
        bad('data: {"choices": [{"del\n\n'),
        bad("data: [1, 2]\n\n"),
        bad('data: {"choices": "none"}\n\n'),
        bad('data: {"choices": [{"index": 0, "delta": {"content": 7}, "finish_reason": null}]}\n\n'),
        bad('data: {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": 3}]}\n\n'),
        bad('data: {"choices": [], "usage": {"prompt_tokens": "many"}}\n\n'),
        bad("data: [DONE]\n\n"),
        bad(""),
        bad('data: {"error": {"message": "out of memory", "type": "x"}}\n\n'),
        sending(200, "text/event-stream", b"\xff\xfe\x00", {"content-encoding": "gzip"}),
    ],
)
def test_what_is_not_the_wire_format_is_a_typed_error(stand_in: StandIn, answer: Answer) -> None:
    stand_in.answer = answer
    failing(EndpointError, lambda: model(stand_in.url).chat(ASK))


def test_a_deep_nest_is_no_object(stand_in: StandIn) -> None:
    stand_in.answer = stream('{"a":' * 3000)
    failing(InvalidOutput, lambda: model(stand_in.url).fill(ASK, SCHEMA))


@pytest.mark.parametrize("text", ['{"name": 7}', "{}", '{"title": "x"}', "[]", '"Mira"', "Mira", ""])
def test_an_object_of_another_schema_is_a_typed_error(stand_in: StandIn, text: str) -> None:
    stand_in.answer = stream(text)
    failure = failing(InvalidOutput, lambda: model(stand_in.url).fill(ASK, SCHEMA))
    assert failure.raw == text


def test_an_endless_stream_ends_at_the_tokens_that_were_asked_for(stand_in: StandIn) -> None:
    stand_in.answer = endless_words
    turn = model(stand_in.url).chat(ASK, max_tokens=10)
    assert turn.finish_reason == "length"
    assert len(turn.text) < 3 * 100


def test_an_endless_line_ends_at_its_bytes(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_BYTES", 1 << 20)
    stand_in.answer = endless_line
    failure = failing(EndpointNonsense, lambda: model(stand_in.url).chat(ASK))
    assert "1 MiB" in str(failure)


def busy(after: str, status: int = 429) -> Answer:
    body = json.dumps({"error": {"message": "slow down", "type": "x"}})
    return sending(status, "application/json", body, {"retry-after": after})


def test_a_busy_endpoint_is_asked_again_when_it_says(stand_in: StandIn) -> None:
    stand_in.answer = one_after_the_other(busy("0.3"), busy("0"), stream("hello"))
    waits: list[str] = []
    with listening(lambda e: waits.append(e.data["text"].rpartition("again in ")[2]), kinds=["note"]):
        assert model(stand_in.url, retries=2).chat(ASK).text == "hello"
    assert waits == ["0.3 s", "0.0 s"]
    assert len(stand_in.asked) == 3


def test_a_wait_beyond_the_limit_is_not_begun(stand_in: StandIn) -> None:
    for after in ("60", "Wed, 21 Oct 2099 07:28:00 GMT"):
        stand_in.answer = busy(after)
        failure = failing(EndpointRefused, lambda: model(stand_in.url, retries=3).chat(ASK))
        assert failure.status == 429 and failure.after > 50
    assert len(stand_in.asked) == 2


@pytest.mark.parametrize(("status", "asked"), [(500, 2), (503, 2), (529, 2), (400, 1), (401, 1), (404, 1), (422, 1)])
def test_only_a_passing_trouble_is_tried_again(stand_in: StandIn, status: int, asked: int) -> None:
    stand_in.answer = busy("0", status)
    failure = failing(EndpointRefused, lambda: model(stand_in.url, retries=1).chat(ASK))
    assert failure.status == status
    assert len(stand_in.asked) == asked


@pytest.mark.parametrize("zone", ["Asia/Kamchatka", "America/New_York", "UTC"])
@pytest.mark.parametrize("suffix", ["GMT", "-0000", "", "+0000"])
def test_a_date_without_a_zone_is_of_utc(zone: str, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        date = time.strftime("%a, %d %b %Y %H:%M:%S", time.gmtime(time.time() + 30))
        assert _after({"retry-after": f"{date} {suffix}".strip()}) == pytest.approx(30, abs=2)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("said", "seconds"), [("-3", 0.0), ("nan", None), ("inf", None), ("soon", None), ("", None)])
def test_a_wait_that_is_no_number_of_seconds_is_none(said: str, seconds: float | None) -> None:
    assert _after({"retry-after": said}) == seconds


def test_a_wait_beyond_the_limit_says_which_limit(stand_in: StandIn) -> None:
    stand_in.answer = busy("60")
    failure = failing(EndpointRefused, lambda: model(stand_in.url, retries=3).chat(ASK))
    assert "60 s" in failure.mend and "`timeout` (5 s)" in failure.mend


def cut_off(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    handler.close_connection = True


SPENDING: dict[str, Callable[..., Any]] = {
    "picture": lambda url, **more: EndpointPainter(model="p", base_url=url, **more).run(prompt="x"),
    "voice": lambda url, **more: EndpointVoice(model="p", base_url=url, **more).run(text="x"),
    "priced turn": lambda url, **more: model(url, prices={"input": 1.0}, **{"retries": 2, **more}).chat(ASK),
}


@pytest.mark.parametrize("spend", SPENDING)
@pytest.mark.parametrize(("answer", "asked"), [(cut_off, 1), (504, 1), (500, 1), (429, 3), (503, 3)])
def test_what_costs_goes_again_only_if_it_surely_was_not_taken(
    stand_in: StandIn, spend: str, answer: Any, asked: int
) -> None:
    stand_in.answer = busy("0", answer) if isinstance(answer, int) else answer
    failure = failing(EndpointError, lambda: SPENDING[spend](stand_in.url))
    assert len(stand_in.asked) == asked
    assert ("may have been taken and paid for" in str(failure)) == (asked == 1)


def test_what_costs_goes_again_under_one_key_where_the_endpoint_obeys_it(stand_in: StandIn) -> None:
    stand_in.answer = cut_off
    failing(EndpointError, lambda: SPENDING["picture"](stand_in.url, idempotent=True, retries=1))
    keys = [headers["idempotency-key"] for headers in stand_in.headers]
    assert len(keys) == 2 and len(set(keys)) == 1
    failing(EndpointError, lambda: SPENDING["picture"](stand_in.url, idempotent=True, retries=0))
    assert stand_in.headers[-1]["idempotency-key"] != keys[0]


def test_a_time_limit_is_told_with_its_seconds(stand_in: StandIn) -> None:
    stand_in.answer = hanging
    assert "0.4 s" in str(failing(EndpointTooSlow, lambda: model(stand_in.url, timeout=0.4).chat(ASK)))


def test_halves_of_characters_in_a_stream_are_joined_or_told(stand_in: StandIn) -> None:
    stand_in.answer = stream("a", "\ud83e", "\udd89", "b\ud83e", "c")
    notes: list[str] = []
    tokens: list[str] = []
    with listening(lambda e: (tokens if e.kind == "token" else notes).append(str(e.data.get("text")))):
        text = model(stand_in.url).chat(ASK).text
    assert text == "a\U0001f989b\ufffdc" == "".join(tokens)
    assert any("half" in note for note in notes)
    stand_in.answer = stream('{"name": "\\ud83e"}')
    assert model(stand_in.url).fill(ASK, SCHEMA) == {"name": "\ufffd"}


def test_a_redirect_is_not_followed(stand_in: StandIn) -> None:
    stand_in.answer = sending(307, "text/plain", "", {"location": "http://127.0.0.1:9/secret"})
    failing(EndpointRefused, lambda: model(stand_in.url).chat(ASK))
    assert len(stand_in.asked) == 1
