"""One stream of events: what it tells, that closing it cancels at every depth, and that failures carry their place."""

import gc
import threading

import pytest

import yggdrasil as ygg
from tests.waiting import until
from yggdrasil.contract import Block, Cancelled, CancelToken, PortError, here, listening
from yggdrasil.contract import events as events_module
from yggdrasil.ports import Text

STARTED: list[int] = []
PAUSE = threading.Event()
"""Never set: a round takes a moment, so that its reader has one, too."""


class Slow(Block):
    def forward(self, text: Text, rounds: int = 1000) -> Text:
        for i in range(rounds):
            here().progress(i, rounds)
            PAUSE.wait(0.005)
        return text


class Break(Block):
    def forward(self, text: Text) -> Text:
        raise ZeroDivisionError("no")


class Say(Block):
    def forward(self, text: Text) -> Text:
        for word in text.split():
            here().token(word)
        here().note("said")
        return text.upper()


class Inner(Block):
    def forward(self, text: Text) -> Text:
        return Slow().stream(text=text).outputs.text


def nest(block: Block, depth: int) -> ygg.Graph:
    graph = ygg.Graph("deepest").add(block, "leaf")
    for i in range(depth):
        graph = ygg.Graph(f"level{i}").add(graph, "inner")
    return graph


def test_run_and_stream_give_the_same_and_the_stream_is_in_order() -> None:
    graph = nest(Say(), 2)
    stream = graph.stream(text="a b")
    assert repr(stream) == "<stream of 'level1', open>"
    told = [(e.kind, e.path) for e in stream]
    assert repr(stream) == "<stream of 'level1', over>"
    leaf = "level1/inner/inner/leaf"
    assert told[0] == ("started", "level1")
    assert [k for k, p in told if p == leaf] == ["started", "token", "token", "note", "finished"]
    assert told[-1] == ("finished", "level1")
    graph.cache = None
    assert stream.outputs == graph.run(text="a b") == {"text": "A B"}


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_closing_cancels_at_every_depth(depth: int) -> None:
    stream = nest(Slow(), depth).stream(text="x")
    for event in stream:
        if event.kind == "progress":
            break
    stream.close()
    left = list(stream)
    assert sum(e.kind == "progress" for e in left) < 400
    assert [e.kind for e in left if e.kind == "cancelled"] == ["cancelled"] * (depth + 2)
    with pytest.raises(Cancelled):
        _ = stream.outputs


def test_a_stream_inside_a_run_is_part_of_it() -> None:
    stream = Inner().stream(text="x")
    paths = set()
    for event in stream:
        paths.add(event.path)
        if event.kind == "progress":
            break
    stream.close()
    assert "inner/slow" in paths
    assert {e.path for e in stream if e.kind == "cancelled"} == {"inner/slow", "inner"}


def test_a_failure_carries_its_place() -> None:
    stream = nest(Break(), 1).stream(text="x")
    with pytest.raises(ZeroDivisionError) as caught:
        list(stream)
    assert caught.value.__notes__ == ["in block level0/inner/leaf"]
    events = []
    with listening(events.append), pytest.raises(ZeroDivisionError):
        nest(Break(), 1).run(text="x")
    assert [e.path for e in events if e.kind == "failed"] == ["level0/inner/leaf", "level0/inner", "level0"]
    assert events[-1].data["error"] == "ZeroDivisionError"


def test_an_error_that_teaches_names_the_place() -> None:
    class Strict(Block):
        def forward(self, text: Text) -> Text:
            raise PortError("is odd", mend="make it even")

    with pytest.raises(PortError) as caught:
        nest(Strict(), 1).run(text="x")
    assert str(caught.value) == "level0/inner/leaf: is odd. make it even"


def test_nothing_is_built_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an event was built")

    monkeypatch.setattr(events_module.Event, "__init__", refuse)
    assert nest(Say(), 1).run(text="a b").text == "A B"


def test_listening_hears_all_runs_and_its_token_stops_them() -> None:
    events = []
    with listening(events.append) as cancel:
        Say().run(text="one")
        cancel.cancel()
        with pytest.raises(Cancelled):
            Say().run(text="two")
    assert [e.data["text"] for e in events if e.kind == "token"] == ["one"]


def test_an_inner_listener_hears_the_outer_cancel() -> None:
    outer = CancelToken()
    with listening(lambda _: None, outer), listening(lambda _: None):
        outer.cancel()
        with pytest.raises(Cancelled):
            Say().run(text="x")


def test_a_denoising_loop_stops_within_a_step() -> None:
    calls: list[int] = []

    class Step(Block):
        def forward(self, n: int) -> int:
            calls.append(n)
            PAUSE.wait(0.02)
            return n + 1

    graph = ygg.Graph("loop").add(Step(), "step").connect("self.n", "step.n").connect("step.value", "self.n")
    graph.loop("step", carry=["step.value -> step.n"], times=500)
    stream = graph.stream(n=0)
    until(lambda: len(calls) >= 3)
    before = len(calls)
    stream.close()
    assert len(calls) <= before + 2
    assert not any(t.name == "yggdrasil-run" for t in threading.enumerate())


@pytest.mark.parametrize("read", [0, 3])
def test_a_dropped_stream_ends_its_run(read: int) -> None:
    stream = Slow().stream(text="x")
    thread, work = stream._thread, stream._work
    for _ in range(read):
        next(stream)
    del stream
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(work.error, Cancelled)


def test_outputs_hold_the_stream_until_they_are_there() -> None:
    assert Slow().stream(text="x", rounds=3).outputs.text == "x"
