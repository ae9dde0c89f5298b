"""All places that name one endpoint share one client and one queue; costs are counted; the secret stays hidden."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.blocks.endpoint.stand_in import StandIn, giving, said, send, standing_in, stream
from tests.waiting import until
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.refusals import UnfinishedAnswer
from yggdrasil.blocks.endpoint.block import Prices
from yggdrasil.blocks.endpoint.embedder import EndpointEmbedder
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.contract import Cancelled, CancelToken, ConfigError, listening
from yggdrasil.contract.tree import describe


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


class Crowd:
    """An answer that waits until `full` are under way, or until the test lets it go, and how many that were at once."""

    def __init__(self, full: int = 0) -> None:
        self.full, self.now, self.most = full, 0, 0
        self.order: list[str] = []
        self.free = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.order.append(body["messages"][0]["content"])
            if self.most == self.full:
                self.free.set()
        self.free.wait(30)
        with self._lock:
            self.now -= 1
        send(handler, 200, "text/event-stream", said("ok"))


def ask(block: OpenAIModel, word: str) -> threading.Thread:
    thread = threading.Thread(target=lambda: block.chat([{"role": "user", "content": word}]))
    thread.start()
    return thread


def test_the_queue_is_one_for_all_places_and_keeps_its_order(stand_in: StandIn) -> None:
    crowd = stand_in.answer = Crowd()
    places = [OpenAIModel(model=f"m{n}", base_url=stand_in.url, concurrency=1) for n in range(3)]
    line = places[0]._connection().line
    threads = []
    for number in range(9):
        threads.append(ask(places[number % 3], str(number)))
        until(lambda number=number: len(crowd.order) + len(line) > number)
    crowd.free.set()
    for thread in threads:
        thread.join()
    assert crowd.most == 1
    assert crowd.order == [str(n) for n in range(9)]


def test_so_many_at_once_and_no_more(stand_in: StandIn) -> None:
    crowd = stand_in.answer = Crowd(full=3)
    block = OpenAIModel(model="m", base_url=stand_in.url, concurrency=3)
    for thread in [ask(block, str(n)) for n in range(12)]:
        thread.join()
    assert crowd.most == 3


def test_who_leaves_the_queue_frees_the_place(stand_in: StandIn) -> None:
    crowd = stand_in.answer = Crowd()
    block = OpenAIModel(model="m", base_url=stand_in.url, concurrency=1)
    first = ask(block, "first")
    until(lambda: crowd.order)
    token = CancelToken()
    threading.Timer(0.1, token.cancel).start()
    with listening(lambda e: None, token), pytest.raises(Cancelled):
        block.chat([{"role": "user", "content": "leaves"}])
    assert crowd.now == 1, "it left while the first was still being answered"
    crowd.free.set()
    last = ask(block, "last")
    first.join()
    last.join()
    assert crowd.order == ["first", "last"]


def test_a_hundred_that_are_cancelled_leave_nothing_under_way(stand_in: StandIn) -> None:
    stand_in.answer = Crowd()
    block = OpenAIModel(model="m", base_url=stand_in.url, concurrency=4)
    token = CancelToken()

    def cancelled() -> None:
        with listening(lambda e: None, token), pytest.raises(Cancelled):
            block.chat([{"role": "user", "content": "x"}])

    threads = [threading.Thread(target=cancelled) for _ in range(100)]
    for thread in threads:
        thread.start()
    token.cancel()
    for thread in threads:
        thread.join()
    line = block._connection().line
    until(lambda: line.under_way == 0)
    assert len(stand_in.asked) <= 4


def test_a_turn_that_comes_after_the_cancelling_sends_nothing(stand_in: StandIn) -> None:
    crowd = stand_in.answer = Crowd()
    block = OpenAIModel(model="m", base_url=stand_in.url, concurrency=1)
    first, line, token = ask(block, "first"), block._connection().line, CancelToken()

    def cancelled() -> None:
        with listening(lambda e: None, token), pytest.raises(Cancelled):
            block.chat([{"role": "user", "content": "late"}])

    until(lambda: crowd.order)
    second = threading.Thread(target=cancelled)
    second.start()
    until(lambda: len(line))
    token.cancel()
    crowd.free.set()
    first.join()
    second.join()
    assert [asked["messages"][0]["content"] for asked in stand_in.asked] == ["first"]


def test_the_connection_goes_with_its_last_place(stand_in: StandIn) -> None:
    chat = OpenAIModel(model="m", base_url=stand_in.url)
    vectors = EndpointEmbedder(model="e", base_url=stand_in.url + "/")
    assert chat._connection() is vectors._connection()
    held = weakref.ref(chat._connection())
    del chat, vectors
    gc.collect()
    assert held() is None


def test_a_turn_costs_what_the_prices_say(stand_in: StandIn) -> None:
    block = OpenAIModel(model="m", base_url=stand_in.url, prices={"input": 2.0, "output": 10.0})
    turn = block.chat([{"role": "user", "content": "hi"}])
    assert turn.usage == (7, 3, pytest.approx((7 * 2 + 3 * 10) / 1e6))
    assert describe(block).config["prices"] == {"input": 2.0, "output": 10.0}
    with pytest.raises(ConfigError, match="prices"):
        OpenAIModel(model="m", base_url=stand_in.url, prices={"input": -1})
    stand_in.answer = giving({"data": [{"embedding": [3, 4]}], "usage": {"prompt_tokens": 5}})
    out = EndpointEmbedder(model="e", base_url=stand_in.url, prices=Prices(input=1.0)).run(text="x")
    assert out["usage"] == {"prompt": 5, "completion": 0, "cost": pytest.approx(5e-6)}


def test_tokens_that_nobody_counts_are_reckoned_and_said_to_be(stand_in: StandIn) -> None:
    stand_in.answer = lambda handler, _: send(
        handler, 200, "text/event-stream", said("twelve letters").partition('data: {"id": "x", "object": "chat'
        '.completion.chunk", "created": 1, "model": "m", "choices": []')[0]
    )  # fmt: skip
    notes: list[str] = []
    with listening(lambda e: notes.append(e.data["text"]) if e.kind == "note" else None):
        turn = OpenAIModel(model="m", base_url=stand_in.url).chat([{"role": "user", "content": "x" * 40}])
    assert turn.usage[:2] == (10, 3)
    assert "counts no tokens" in notes[0]


def test_an_agent_stops_at_its_cost(stand_in: StandIn) -> None:
    stand_in.answer = stream('{"tool": "nothing"}')
    llm = OpenAIModel(model="m", base_url=stand_in.url, native_tools=False, prices={"input": 1.0, "output": 1.0})
    agent = Agent(llm, {"other": Agent(llm, about="Ask.")}, limits=Limits(steps=9, cost=25e-6))
    with pytest.warns(UnfinishedAnswer, match="stopped at the limit of 2.5e-05 cost"):
        out = agent.run("go")
    assert (out.status["kind"], out.status["turns"]) == ("cost", 3)
    assert out.status["cost"] == pytest.approx(30e-6)
    roles = [m["role"] for m in agent.memory.messages]
    assert roles == ["system", "user", *["assistant", "tool"] * 3]
