"""A reader hears what it asked for, in order and counted; whatever it does, the run goes on as if nobody listened."""

import threading
import warnings
from asyncio import CancelledError
from itertools import pairwise
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.contract import KINDS, USUAL, Block, Event, EventKind, ReaderDropped, here, listening, readers
from yggdrasil.contract.readers import Audience, Mailbox
from yggdrasil.contract.stream import Stream
from yggdrasil.ports import Json, Text


class Say(Block):
    def forward(self, text: Text) -> Text:
        for number, word in enumerate(text.split()):
            here().progress(number)
            here().token(word)
        here().note("said")
        return text.upper()


class Gate(Block):
    """Says a word, then waits until the test opens it."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()

    def forward(self, text: Text) -> Text:
        here().token(text)
        assert self.opened.wait(30)
        return text


def heard(kinds: Any = USUAL, runs: int = 1, **how: Any) -> list[Event]:
    events: list[Event] = []
    with listening(events.append, kinds=kinds, **how):
        for _ in range(runs):
            assert Say().run(text="a b").text == "A B"
    return events


@pytest.mark.parametrize("inline", [False, True])
def test_each_run_has_an_id_and_its_events_are_numbered_without_gaps(inline: bool) -> None:
    events = heard(runs=2, inline=inline)
    first, second = dict.fromkeys(e.run for e in events)
    assert first and second and len(events) == 14
    for run in (first, second):
        assert [e.seq for e in events if e.run == run] == [1, 2, 3, 4, 5, 6, 7]
    assert {e.dropped for e in events} == {0}
    assert [e.kind for e in events][:2] == ["started", "progress"] and events[6].kind == "finished"
    assert all(a.time <= b.time for a, b in pairwise(events))


def test_a_reader_hears_the_kinds_it_names_and_counts_those() -> None:
    events = heard(kinds=["token", "finished"])
    assert [(e.kind, e.seq) for e in events] == [("token", 1), ("token", 2), ("finished", 3)]


@pytest.mark.parametrize("kinds", ["note", ["nonsense"], ["note", "finish"]])
def test_a_kind_that_is_none_is_refused_with_those_that_there_are(kinds: Any) -> None:
    for how in (lambda: heard(kinds=kinds), lambda: Stream(Say(), {"text": "a"}, kinds)):
        with pytest.raises(ygg.ConfigError, match="name kinds in a list, out of artifact"):
            how()
    with Say().stream(text="a") as stream, pytest.raises(ygg.ConfigError, match="no kind of events 'previw'"):
        stream.want("previw")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("inline", [False, True])
def test_what_a_reader_does_to_an_event_no_other_reader_and_no_run_sees(inline: bool) -> None:
    class Tells(Block):
        def forward(self) -> ygg.ports.Json:
            rows = [1]
            here().emit("tool_result", tool="t", result={"rows": rows})
            return rows

    def spoils(event: Event) -> None:
        event.data["result"]["rows"].append(2)
        event.data.clear()

    events: list[Event] = []
    with listening(spoils, kinds=["tool_result"], inline=inline), listening(events.append, inline=inline):
        assert list(Tells().run().values()) == [[1]]
    (told,) = [event for event in events if event.kind == "tool_result"]
    assert told.data == {"tool": "t", "result": {"rows": [1]}}


@pytest.mark.parametrize("fault", [SystemExit, CancelledError, GeneratorExit])
def test_an_inline_reader_that_ends_itself_ends_no_run_but_ctrl_c_does(fault: type[BaseException]) -> None:
    def leaves(event: Event) -> None:
        raise fault

    def stops(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.warns(ReaderDropped, match=fault.__name__), listening(leaves, inline=True):
        assert Say().run(text="a").text == "A"
    with pytest.raises(KeyboardInterrupt), listening(stops, inline=True):
        Say().run(text="a")


class Seed(Block):
    def forward(self) -> int:
        return here().seed


class Seeds(Block):
    """Two seeds of one part, and a word between them."""

    part = Seed()

    def forward(self) -> Json:
        first = self.part.run().value
        here().note("now")
        return [first, self.part.run().value]


@pytest.mark.parametrize("inline", [True, False])
def test_what_a_reader_runs_is_no_part_of_the_run_and_is_not_heard_by_itself(inline: bool) -> None:
    block, told = Seeds(), list[str]()

    def runs(event: Event) -> None:
        told.append(event.path)
        if event.kind == "note":
            block.part.run()

    alone = block.run().value
    with listening(runs, inline=inline):
        assert block.run().value == alone
    assert told.count(block.part.name) == 0 and len(told) == 7


def test_closing_a_stream_whose_block_fails_on_cancellation_waits_for_it_and_tells() -> None:
    class Fails(Block):
        def forward(self) -> Text:
            def breaks() -> None:
                raise RuntimeError("no hands")

            here().cancel.on_cancel(breaks)
            here().token("on")
            here().cancel.wait(30)
            return "over"

    stream = Fails().stream()
    assert [event.kind for event in (next(stream), next(stream))] == ["started", "token"]
    with pytest.warns(ReaderDropped, match="a callback on cancellation failed: RuntimeError: no hands"):
        stream.close()


def test_a_giant_error_is_cut_in_the_event_and_whole_where_it_is_raised() -> None:
    class Giant(Block):
        def forward(self) -> Text:
            raise ValueError("x" * 1_000_000)

    events: list[Event] = []
    with listening(events.append, inline=True), pytest.raises(ValueError, match=r"x{10000}"):
        Giant().run()
    assert events[-1].kind == "failed" and len(events[-1].data["message"]) < 5000


def test_what_nobody_wants_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    from yggdrasil.contract import readers

    built: list[EventKind] = []

    def build(kind: EventKind, *rest: Any) -> Event:
        built.append(kind)
        return Event(kind, *rest)

    monkeypatch.setattr(readers, "Event", build)
    heard(kinds=["note"])
    assert built == ["note"]


def test_a_nested_reader_and_the_outer_one_both_hear_the_run_under_one_id() -> None:
    inner: list[Event] = []

    class Outer(Block):
        def forward(self, text: Text) -> Text:
            with listening(inner.append):
                return Say().run(text=text).text

    outer: list[Event] = []
    with listening(outer.append):
        assert Outer().run(text="a").text == "A"
    assert {e.run for e in outer} == {e.run for e in inner} and len({e.run for e in outer}) == 1
    assert [e.seq for e in inner] == [1, 2, 3, 4, 5] and {e.path for e in inner} == {"outer/say"}
    assert [e.seq for e in outer] == [1, 2, 3, 4, 5, 6, 7]
    both: list[Event] = []
    with listening(both.append), listening(lambda _: None):
        Say().run(text="a")
    assert len(both) == 5


@pytest.mark.parametrize("inline", [False, True])
def test_a_reader_that_raises_is_told_once_and_dropped_and_the_run_goes_on(inline: bool) -> None:
    calls: list[str] = []

    def broken(event: Event) -> None:
        calls.append(event.kind)
        raise BrokenPipeError("the pipe is gone")

    beside: list[Event] = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with listening(beside.append), listening(broken, inline=inline):
            assert Say().run(text="a b").text == "A B"
            assert Say().run(text="c").text == "C"
    assert calls == ["started"]
    said = [str(w.message) for w in told if w.category is ReaderDropped]
    assert len(said) == 1 and "BrokenPipeError: the pipe is gone (" in said[0] and "test_readers.py" in said[0]
    assert len(beside) == 12, "who reads beside it hears everything"


def test_a_failing_reader_fails_no_run_where_warnings_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))

    def broken(_: Event) -> None:
        raise ValueError("no")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for inline in (False, True):
            with listening(broken, inline=inline):
                assert Say().run(text="a").text == "A"
    assert told == [ReaderDropped, ReaderDropped]


def test_a_reader_that_hangs_holds_up_neither_the_run_nor_for_ever_the_block_around_it() -> None:
    hold, taken = threading.Event(), threading.Event()

    def hang(_: Event) -> None:
        taken.set()
        hold.wait(60)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with listening(hang, patience=0):
            assert Say().run(text="a b").text == "A B"
            assert taken.wait(30)
    hold.set()
    assert ["was 6 behind after 0 s" in str(w.message) for w in told] == [True]


def test_a_reader_that_gathers_is_woken_by_half_a_room_and_by_the_end_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readers, "GATHERS", threading.TIMEOUT_MAX)
    events: list[Event] = []
    one, more = threading.Event(), threading.Event()

    def hear(event: Event) -> None:
        events.append(event)
        (more if one.is_set() else one).set()

    reader = readers.ThreadReader(hear, KINDS, 8)
    audience = Audience([reader])
    audience.tell("note", here(), {})
    assert one.wait(30)
    for _ in range(4):
        audience.tell("note", here(), {})
    assert more.wait(30), "four of eight wake it"
    audience.tell("note", here(), {})
    reader.finish(30)
    assert [(e.seq, e.dropped) for e in events] == [(n, 0) for n in range(1, 7)]


@pytest.mark.parametrize("how", ["raises", "vanishes", "is slow", "hangs"])
@pytest.mark.filterwarnings("ignore::yggdrasil.contract.ReaderDropped")
def test_a_run_gives_the_same_whatever_its_reader_does_and_every_event_is_got_or_counted(how: str) -> None:
    gate, events = threading.Event(), list[Event]()

    def reader(event: Event) -> None:
        events.append(event)
        if how == "raises":
            raise BrokenPipeError("the pipe is gone")
        if how == "vanishes":
            raise SystemExit
        gate.wait(30)

    alone = Say().run(text="word " * 900).text
    with listening(reader, patience=0 if how == "hangs" else 30):
        assert Say().run(text="word " * 900).text == alone
        if how == "is slow":
            gate.set()
    gate.set()
    if how == "is slow":
        assert len(events) < 1803 == events[-1].seq == len(events) + sum(e.dropped for e in events)
    else:
        kinds = [e.kind for e in events]
        assert kinds == ["started"] or (how == "hangs" and kinds == []), "its thread may not even have begun"


def filled(box: Mailbox, *kinds: EventKind) -> list[Event]:
    """What a reader gets of such events that all come before it looks."""
    audience = Audience([box])
    for kind in kinds:
        audience.tell(kind, here(), {})
    box.leave()
    return list(iter(box.take, None))


def test_a_full_mailbox_lets_go_of_tokens_first_and_says_how_many() -> None:
    told = filled(Mailbox(KINDS, 4), "started", "token", "progress", "artifact", "note", "finished")
    assert [(e.kind, e.seq, e.dropped) for e in told] == [
        ("started", 1, 0), ("artifact", 4, 2), ("note", 5, 0), ("finished", 6, 0),
    ]  # fmt: skip
    told = filled(Mailbox(KINDS, 2), "started", "artifact", "token", "finished")
    assert [(e.kind, e.seq, e.dropped) for e in told] == [("artifact", 2, 1), ("finished", 4, 1)]
    tokens: list[EventKind] = ["token"] * 10_000
    counted = filled(Mailbox(KINDS, 8), *tokens, "finished")
    assert len(counted) == 8 and sum(e.dropped + 1 for e in counted) == 10_001 and counted[-1].kind == "finished"


def test_only_the_newest_previews_wait() -> None:
    told = filled(Mailbox(KINDS), "preview", "preview", "note", "preview", "preview")
    assert [(e.kind, e.seq, e.dropped) for e in told] == [("note", 3, 2), ("preview", 4, 0), ("preview", 5, 0)]


def test_a_stream_that_nobody_reads_is_bounded_and_tells_what_it_lost() -> None:
    stream = Stream(Say(), {"text": "word " * 20_000}, room=100)
    stream._thread.join(60)
    told = list(stream)
    assert len(told) == 100 and told[-1].kind == "finished" and told[0].kind == "started"
    assert sum(e.dropped + 1 for e in told) == 40_003 == told[-1].seq
    assert stream.outputs.text.startswith("WORD")


def test_a_stream_takes_up_a_kind_on_the_way() -> None:
    gate = Gate()
    graph = ygg.Graph("g").add(gate, "gate").add(Say(), "say").connect("self.text", "gate.text")
    graph.connect("gate.text", "say.text").connect("say.text", "self.out")
    stream = Stream(graph, {"text": "a b"}, ["started"])
    next(event for event in stream if event.path == "g/gate")
    stream.want("token")
    gate.opened.set()
    assert [(e.kind, e.path) for e in stream] == [("started", "g/say"), ("token", "g/say"), ("token", "g/say")]


def test_events_of_parallel_branches_come_in_the_order_of_their_numbers() -> None:
    class Heavy(Say):
        heavy = True

    graph = ygg.Graph("g")
    for name in "abcd":
        graph.add(Heavy(), name).connect("self.text", f"{name}.text").connect(f"{name}.text", f"self.{name}")
    events: list[Event] = []
    with listening(events.append):
        graph.run(text="w " * 50)
    assert [e.seq for e in events] == list(range(1, len(events) + 1)) and len(events) == 2 + 4 * 103
