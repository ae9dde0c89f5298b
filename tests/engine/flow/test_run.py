"""Flow: joins, loops, skipping, branches side by side, and one graph used by many threads."""

import threading
import time
from pathlib import Path
from typing import TypedDict

import pytest

import yggdrasil as ygg
from yggdrasil.contract import (
    KINDS,
    Block,
    Cancelled,
    CancelToken,
    Event,
    Paused,
    WiringError,
    here,
    listening,
    reason,
)
from yggdrasil.ports import Json, Text


class Add(Block):
    def forward(self, a: int, b: int = 1) -> int:
        return a + b


class Count(TypedDict):
    n: int
    more: int | None


class CountDown(Block):
    def forward(self, n: int) -> Count:
        return {"n": n - 1, "more": n - 1 if n > 1 else None}


class Maybe(Block):
    def forward(self, text: Text) -> Text | None:
        return text or None


class Need(Block):
    def forward(self, text: Text) -> Text:
        return text + "."


class Gather(Block):
    def forward(self, items: Json) -> Json:
        return items


class Draw(Block):
    def forward(self) -> int:
        return here().seed


def sleeper(until: threading.Barrier) -> Block:
    class Sleep(Block):
        heavy = True

        def forward(self, text: Text) -> Text:
            until.wait(10)
            return text

    return Sleep()


def test_joins() -> None:
    def joined(how: str) -> ygg.Graph:
        graph = ygg.Graph("g").add(Maybe(), "a").add(Maybe(), "b").add(Gather(), "all")
        graph.connect("self.a", "a.text").connect("self.b", "b.text").connect("all.value", "self.items")
        return graph.connect("a.text", "all.items", join=how).connect("b.text", "all.items", join=how)

    assert joined("list").run(a="x", b="y")["items"] == ["x", "y"]
    assert joined("list").run(a="", b="y")["items"] == ["y"]
    assert joined("first").run(a="", b="y")["items"] == "y"
    assert joined("sum").run(a="x", b="y")["items"] == "xy"
    assert joined("list").run(a="", b="")["items"] is None


def test_an_absent_value_skips_what_needs_it() -> None:
    graph = ygg.Graph("g").add(Maybe(), "maybe").add(Need(), "need").connect("maybe.text", "need.text")
    events = []
    with listening(events.append):
        assert graph.run(text="").text is None
    skipped = [e for e in events if e.kind == "skipped"]
    assert [(e.path, e.data["reason"]) for e in skipped] == [("g/need", reason("absent", port="text"))]
    assert graph.run(text="a").text == "a."


def test_loops_end_by_until_or_times() -> None:
    graph = ygg.Graph("g").add(CountDown(), "down").add(Add(), "after").connect("self.n", "down.n")
    graph.connect("down.n", "after.a").connect("after.value", "self.n")
    graph.loop("down", carry=["down.n -> down.n"], until="down.more")
    assert graph.run(n=5).n == 1

    limited = ygg.Graph("g").add(Add(), "add").connect("self.n", "add.a").connect("add.value", "self.n")
    limited.loop("add", carry=["add.value -> add.a"], times=7)
    assert limited.run(n=1).n == 8


@pytest.mark.parametrize(
    ("nodes", "carry", "more", "told"),
    [
        (("add",), ["add.value -> add.a"], {}, "never ends"),
        (("ad",), [], {"times": 1}, "names 'ad'.*did you mean 'add'"),
        (("add",), ["add.valu -> add.a"], {"times": 1}, "no output 'valu'"),
        (("add",), ["add.value -> other.a"], {"times": 1}, "leaves its loop"),
        (("add",), ["add.value -> add.a"], {"until": "add.valu"}, "names no output inside"),
        (("add",), ["add.value -> add.a", "add.value -> add.a"], {"times": 1}, "carried into twice"),
        (("other", "add"), [], {"times": 1}, "against the order.*list add before other"),
        (("add", "add"), [], {"times": 1}, "stands in loops twice"),
        ((), [], {"times": 1}, "names no nodes"),
        (("add",), [], {"times": 1, "preview": "show"}, "names 'show'"),
    ],
)
def test_a_wrong_loop_is_told(nodes: tuple[str, ...], carry: list[str], more: dict[str, object], told: str) -> None:
    graph = ygg.Graph("g").add(Add(), "add").add(Add(), "other").connect("self.a", "add.a")
    graph.connect("add.value", "other.a")
    with pytest.raises(WiringError, match=told):
        _ = graph.loop(*nodes, carry=carry, **more).plan  # type: ignore[arg-type]


def test_a_carried_port_needs_a_first_value() -> None:
    graph = ygg.Graph("g").add(Add(), "add").loop("add", carry=["add.value -> add.a"], times=2)
    with pytest.raises(WiringError, match=r"add.a has no value in the first round"):
        _ = graph.plan


def test_a_cycle_through_a_loop_is_told_by_names() -> None:
    graph = ygg.Graph("g").add(Add(), "a").add(Add(), "b").add(Add(), "out")
    graph.connect("a.value", "out.a").connect("out.value", "b.a").connect("self.a", "a.a")
    graph.loop("a", "b", carry=[], times=2)
    with pytest.raises(WiringError, match=r"cycle.*\(loop a\+b\)"):
        _ = graph.plan


@pytest.mark.parametrize("nested", [False, True])
def test_heavy_branches_overlap(nested: bool) -> None:
    barrier = threading.Barrier(2)

    def branch(name: str) -> Block:
        return ygg.Graph(name).add(sleeper(barrier)) if nested else sleeper(barrier)

    graph = ygg.Graph("g").add(branch("one"), "one").add(branch("two"), "two")
    graph.connect("self.text", "one.text").connect("self.text", "two.text")
    assert graph.run(text="x") == {"text": "x", "two_text": "x"}


def test_one_failing_branch_stops_the_other() -> None:
    class Fail(Block):
        heavy = True

        def forward(self, text: Text) -> Text:
            assert begun.wait(30)
            raise ZeroDivisionError

    class Long(Block):
        heavy = True

        def forward(self, text: Text) -> Text:
            begun.set()
            while True:
                here().check()
                stopped.wait(0.001)

    begun, stopped = threading.Event(), threading.Event()
    graph = ygg.Graph("g").add(Long(), "long").add(Fail(), "fail")
    graph.connect("self.text", "long.text").connect("self.text", "fail.text")
    events = []
    with listening(events.append), pytest.raises(ZeroDivisionError):
        graph.run(text="x")
    assert [e.path for e in events if e.kind == "cancelled"] == ["g/long"]


def test_each_place_draws_from_its_own_seed() -> None:
    graph = ygg.Graph("g").add(Draw(), "a").add(Draw(), "b")
    first = graph.run()
    assert first.value != first.b_value and graph.run() == first


def test_two_threads_on_one_graph_each_equal_their_run_alone() -> None:
    class Noise(Block):
        def forward(self, n: int, seed: int) -> int:
            time.sleep(0.0005)
            return (n * 31 + seed) % 1009

    def build() -> ygg.Graph:
        graph = ygg.Graph("g").add(Noise(), "noise").add(CountDown(), "down")
        graph.connect("self.steps", "down.n").connect("self.n", "noise.n").connect("noise.value", "self.n")
        graph.loop("noise", "down", carry=["noise.value -> noise.n", "down.n -> down.n"], until="down.more")
        graph.cache = None
        return graph

    alone = {seed: build().run(n=1, seed=seed, steps=10 * seed).n for seed in (1, 2)}
    graph = build()
    found: list[tuple[int, int]] = []

    def work(seed: int) -> None:
        for _ in range(8):
            found.append((seed, graph.run(n=1, seed=seed, steps=10 * seed).n))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16 and all(alone[seed] == n for seed, n in found)


def test_a_graph_that_many_threads_compile_at_once() -> None:
    for _ in range(5):
        graph = ygg.Graph("g").add(Maybe(), "a").add(Need(), "b").connect("a.text", "b.text")
        found: list[str] = []
        threads = [threading.Thread(target=lambda g=graph, f=found: f.append(g.run(text="x").text)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["x."] * 6


def test_a_run_that_raises_leaves_the_graph_usable() -> None:
    class Odd(Block):
        def forward(self, n: int) -> int:
            return 1 // n

    graph = ygg.Graph("g").add(Odd())
    with pytest.raises(ZeroDivisionError):
        graph.run(n=0)
    assert graph.run(n=1).value == 1


def test_previews_are_shown_only_to_a_listener_and_change_nothing() -> None:
    shown: list[int] = []

    class Show(Block):
        def forward(self, a: int) -> int:
            shown.append(a)
            return a * 10

    graph = ygg.Graph("g").add(Add(), "add").add(Show(), "show").connect("self.a", "add.a")
    graph.connect("add.value", "show.a").connect("show.value", "self.out")
    graph.loop("add", carry=["add.value -> add.a"], times=3, preview="show")
    graph.cache = None
    assert graph.run(a=0).out == 30 and shown == [3]
    events = []
    with listening(events.append, kinds=KINDS):
        assert graph.run(a=0).out == 30
    assert [e.data["image"] for e in events if e.kind == "preview"] == [10, 20]


def test_a_costly_preview_is_not_shown_at_every_round() -> None:
    class Show(Block):
        def forward(self, a: int) -> int:
            time.sleep(0.02)
            return a

    graph = ygg.Graph("g").add(Add(), "add").add(Show(), "show").connect("self.a", "add.a")
    graph.connect("add.value", "show.a").connect("show.value", "self.out")
    graph.loop("add", carry=["add.value -> add.a"], times=50, preview="show")
    events = []
    with listening(events.append, kinds=KINDS):
        assert graph.run(a=0).out == 50
    assert 1 <= sum(e.kind == "preview" for e in events) < 10


def test_a_graph_is_saved_with_its_loops(tmp_path: Path) -> None:
    class Inc(Block, type="test_run/inc"):
        def forward(self, n: int) -> int:
            return n + 1

    graph = ygg.Graph("g").add(Inc(), "inc").connect("self.n", "inc.n").connect("inc.value", "self.n")
    graph.loop("inc", carry=["inc.value -> inc.n"], times=4)
    assert ygg.load(ygg.save(graph, tmp_path / "g")).run(n=1).n == 5


class Fails(Block):
    def forward(self, n: int) -> int:
        if n == 2:
            raise ZeroDivisionError("two")
        return n


class Asks(Block):
    def forward(self, n: int) -> int:
        if n == 2:
            raise Paused("go on?", id="q")
        return n


class Stops(Block):
    def forward(self, n: int) -> int:
        if n == 2:
            here().cancel.cancel()
        here().check()
        return n


def rounds(*blocks: Block, times: int = 4) -> ygg.Graph:
    """A loop over a chain of blocks that take and give a number; the last one's goes back to the first."""
    graph, names = ygg.Graph("g"), [f"n{i}" for i, _ in enumerate(blocks)]
    for i, (name, block) in enumerate(zip(names, blocks, strict=True)):
        graph.add(block, name).connect(f"n{i - 1}.value" if i else "self.n", f"{name}.n")
    graph.connect(f"{names[-1]}.value", "self.n")
    graph.loop(*names, carry=[f"{names[-1]}.value -> n0.n"], times=times)
    graph.cache = None
    return graph


class Hands(Block):
    def forward(self, n: int) -> int:
        return n


class Adds(Block):
    def forward(self, n: int) -> int:
        return n + 1


def ends(graph: ygg.Graph, raises: type[Exception]) -> list[tuple[str, str]]:
    events: list[Event] = []
    with listening(events.append, CancelToken()), pytest.raises(raises):
        graph.run(n=0)
    return [(e.kind, e.path) for e in events]


def test_a_looped_node_starts_before_its_first_round_and_finishes_after_its_last() -> None:
    seen: list[int] = []

    class Looks(Block):
        def forward(self, n: int) -> int:
            seen.append(len(heard))
            return n

    heard: list[Event] = []
    graph = rounds(Adds(), Looks())
    with listening(heard.append, inline=True):
        assert graph.run(n=0).n == 4
    assert [(e.kind, e.path) for e in heard] == [
        ("started", "g"), ("started", "g/n0"), ("started", "g/n1"),
        ("finished", "g/n0"), ("finished", "g/n1"), ("finished", "g"),
    ]  # fmt: skip
    assert seen == [3, 3, 3, 3], "nothing is said to be finished before the last round"


@pytest.mark.parametrize(
    ("block", "raises", "told", "beside"),
    [
        (Fails(), ZeroDivisionError, "failed", "cancelled"),
        (Asks(), Paused, "paused", "paused"),
        (Stops(), Cancelled, "cancelled", "cancelled"),
    ],
)
def test_a_loop_that_ends_in_the_middle_says_so_once_for_each_node(
    block: Block, raises: type[Exception], told: str, beside: str
) -> None:
    kinds = ends(rounds(Adds(), Hands(), block, Hands()), raises)
    started = [path for kind, path in kinds if kind == "started"]
    assert started == ["g", "g/n0", "g/n1", "g/n2", "g/n3"]
    assert kinds[5:] == [(told, "g/n2"), (beside, "g/n0"), (beside, "g/n1"), (beside, "g/n3"), (told, "g")]


def test_a_node_of_a_loop_that_is_never_reached_says_nothing_and_a_skipped_one_says_it_once() -> None:
    graph = ygg.Graph("g").add(CountDown(), "down").add(Maybe(), "maybe").add(Need(), "need")
    graph.connect("self.n", "down.n").connect("self.text", "maybe.text").connect("maybe.text", "need.text")
    graph.loop("maybe", "need", "down", carry=["down.n -> down.n"], until="down.more")
    graph.cache = None
    events: list[Event] = []
    with listening(events.append):
        graph.run(n=3, text="")
    told = [(e.kind, e.path) for e in events]
    assert told.count(("skipped", "g/need")) == 1 and not any(p == "g/need" and k != "skipped" for k, p in told)
    assert told.count(("started", "g/maybe")) == told.count(("finished", "g/maybe")) == 1


def test_a_preview_is_made_only_for_who_wants_it_and_its_failure_is_a_note() -> None:
    shown: list[int] = []

    class Show(Block):
        def forward(self, a: int) -> int:
            shown.append(a)
            if a == 2:
                raise MemoryError("no room for a view")
            return a * 10

    graph = ygg.Graph("g").add(Add(), "add").add(Show(), "show").connect("self.a", "add.a")
    graph.connect("add.value", "show.a").connect("show.value", "self.out")
    graph.loop("add", carry=["add.value -> add.a"], times=5, preview="show")
    graph.cache = None
    with listening(lambda _: None):
        assert graph.run(a=0).out == 50 and shown == [5]
    events: list[Event] = []
    with listening(events.append, kinds=["preview", "note"]):
        assert graph.run(a=0).out == 50
    assert shown == [5, 1, 2, 5], "after the failure no other view is tried"
    assert [(e.kind, e.data.get("image"), e.data.get("code")) for e in events] == [
        ("preview", 10, None), ("note", None, "no_previews"),
    ]  # fmt: skip
