"""Many runs at once: the process has so many threads, each result is the single run's, and no run harms another."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, Cancelled, here, listening
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.lanes import DeviceQueue
from yggdrasil.engine.flow import workers as room
from yggdrasil.engine.flow.workers import Workers

LINE = DeviceQueue(2)
LOCK = threading.Lock()


class Heavy(Block, type="test_workers/heavy"):
    """Add one in the lane, and count who does so beside it."""

    heavy = True
    inside = 0
    most = 0

    def forward(self, n: int) -> int:
        with LINE.turn(here().cancel, here().path):
            with LOCK:
                Heavy.inside += 1
                Heavy.most = max(Heavy.most, Heavy.inside)
            here().check()
            with LOCK:
                Heavy.inside -= 1
        return n + 1


class Stop(Block, type="test_workers/stop"):
    """Cancel the run that it stands in, if asked."""

    def forward(self, n: int) -> int:
        if n < 0:
            here().cancel.cancel()
            here().check()
        return n


def three(inner: type[Block] = Heavy) -> ygg.Graph:
    graph = ygg.Graph("three")
    graph.add(Stop(), "stop").connect("self.n", "stop.n")
    for name in ("a", "b", "c"):
        graph.add(inner(), name).connect("stop.value", f"{name}.n").connect(f"{name}.value", f"self.{name}")
    return graph


def test_sixty_four_runs_share_the_threads_and_those_that_are_cancelled_leave_the_rest_untouched() -> None:
    graph, most = three(), [0]
    alone = graph.run(n=1)

    def run(number: int) -> dict[str, int] | None:
        try:
            return dict(graph.run(n=-1 if number < 20 else 1))
        except Cancelled:
            return None
        finally:
            with LOCK:
                most[0] = max(most[0], sum("yggdrasil-heavy" in t.name for t in threading.enumerate()))

    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(run, range(64)))
    assert found[:20] == [None] * 20
    assert found[20:] == [alone] * 44
    assert Heavy.most <= LINE.width and most[0] <= room.COUNT


def test_a_run_that_cancels_itself_cancels_no_later_one_and_hears_the_token_above() -> None:
    graph = three()
    with pytest.raises(Cancelled):
        graph.run(n=-1)
    assert graph.run(n=1).a == 2
    token = CancelToken()
    with listening(lambda event: None, token):
        with pytest.raises(Cancelled):
            graph.run(n=-1)
        assert not token.cancelled and graph.run(n=1).a == 2
        token.cancel()
        with pytest.raises(Cancelled):
            graph.run(n=1)


def test_graphs_inside_of_graphs_run_with_one_thread_or_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    outer = ygg.Graph("outer")
    for name in ("x", "y", "z"):
        outer.add(three(), name).connect("self.n", f"{name}.n").connect(f"{name}.a", f"self.{name}")
    for count in (1, 2):
        one = Workers(count)
        monkeypatch.setattr(room, "_workers", one)
        with ThreadPoolExecutor(4) as pool:
            found = [f.result(60) for f in [pool.submit(outer.run, n=1) for _ in range(4)]]
        assert found == [{"x": 2, "y": 2, "z": 2}] * 4
        one._pool.shutdown()


def test_work_that_finds_no_thread_is_given_back() -> None:
    one, go = Workers(1), threading.Event()

    def hold() -> None:
        go.wait(10)

    first = one.start(hold)
    assert first is not None and one.start(lambda: None) is None
    go.set()
    first.result(10)
    again = one.start(lambda: None)
    assert again is not None
    again.result(10)
    one._pool.shutdown()
