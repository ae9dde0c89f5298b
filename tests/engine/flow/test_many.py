"""Sixty-four runs of one graph of real modules at once: few compute, all are as if alone, nothing piles up."""

from __future__ import annotations

import asyncio
import gc
import queue
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil.contract import Cancelled, CancelToken, here, listening
from yggdrasil.contract.lanes import lane, set_lanes
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Latent

RUNS, STOPPED, WIDTH, ROUNDS = 64, 20, 512, 3
LANES, MORE = 2, 4
LEFT = 32 << 20
"""Bytes that may be in use beside what the first round left: the results of two rounds are more."""


class Gauge:
    """How many threads compute at this moment, the most that ever did, and every tensor that was made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.made: list[weakref.ref[torch.Tensor]] = []

    def __enter__(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.now -= 1

    def alive(self) -> int:
        gc.collect()
        self.made = [made for made in self.made if made() is not None]
        return len(self.made)


class OddLatent(ValueError):
    """A node did not like what it was given."""


GAUGE = Gauge()
HALTED: queue.SimpleQueue[int] = queue.SimpleQueue()


class Mix(TorchBlock, type="test_many/mix"):
    """Mix a latent with layers of a network, step by step; in b run `halt` waits to be cancelled, or `breaks`."""

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.LayerNorm(WIDTH))

    def forward(self, latent: Latent, halt: int = -1, breaks: bool = False) -> Latent:
        place = here()
        with self.computing() as module:
            for done in range(1, 4):
                with GAUGE:
                    latent = module(latent)
                GAUGE.made.append(weakref.ref(latent))
                if halt >= 0 and done == 2 and "b" in place.path.split("/"):
                    if breaks:
                        raise OddLatent(halt)
                    HALTED.put(halt)
                    assert place.cancel.wait(30), "nobody cancelled it"
                place.progress(done, 3)
        return latent


class PureMix(Mix, type="test_many/pure_mix"):
    """The same, and its results may be kept."""

    pure = True


@pytest.fixture
def narrow() -> Iterator[None]:
    before = lane("cpu").width
    set_lanes("cpu", LANES)
    yield
    set_lanes("cpu", before)


def in_use() -> int:
    """Bytes that the process has asked for and not given back, those that the allocator keeps for later left out."""
    heap = psutil.heap_info()
    return heap.heap_used + heap.mmap_used


def three(kind: type[Mix]) -> ygg.Graph:
    graph = ygg.Graph("three")
    for number, name in enumerate("abc"):
        block = kind()
        torch.manual_seed(number)
        block.module = block.build()
        graph.add(block, name).connect("self.latent", f"{name}.latent").connect(f"{name}.latent", f"self.{name}")
    return graph


def nested(kind: type[Mix]) -> ygg.Graph:
    """The same three, each in a graph of its own."""
    graph, flat = ygg.Graph("nested"), three(kind)
    for name, block in flat.children().items():
        graph.add(ygg.Graph(name).add(block, "mix").connect("mix.latent", "self.latent"), name)
        graph.connect("self.latent", f"{name}.latent").connect("self.halt", f"{name}.halt")
        graph.connect("self.breaks", f"{name}.breaks").connect(f"{name}.latent", f"self.{name}")
    return graph


def given(number: int) -> Latent:
    return torch.randn(64, WIDTH, generator=torch.Generator().manual_seed(number))


def written(outputs: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in outputs.items()}


def run(graph: ygg.Graph, number: int, halt: int = -1) -> dict[str, bytes]:
    return written(graph.run(latent=given(number), halt=halt))


def at_once(graph: ygg.Graph) -> list[dict[str, bytes] | None]:
    """What all runs gave, None for a cancelled one; the first of them are cancelled in the middle of a heavy node."""
    tokens, start = [CancelToken() for _ in range(RUNS)], threading.Barrier(RUNS)

    def one(number: int) -> dict[str, bytes] | None:
        start.wait(30)
        with listening(lambda event: None, tokens[number]):
            try:
                return run(graph, number, number if number < STOPPED else -1)
            except Cancelled:
                return None

    def cancel() -> None:
        for _ in range(STOPPED):
            tokens[HALTED.get(timeout=60)].cancel()

    with ThreadPoolExecutor(RUNS + 1) as pool:
        canceller = pool.submit(cancel)
        found = list(pool.map(one, range(RUNS)))
        canceller.result()
    return found


def hold(act: Callable[[], list[Any]], wanted: list[Any]) -> None:
    """Each round gives what is wanted, few threads compute in it, and it leaves no more behind than the first."""
    GAUGE.most = after_first = 0
    for _ in range(ROUNDS):
        assert act() == wanted
        assert GAUGE.alive() == 0 and HALTED.empty()
        after_first = after_first or in_use()
    assert GAUGE.now == 0 and 1 < GAUGE.most <= LANES + MORE
    assert in_use() - after_first < LEFT


@pytest.mark.parametrize("kind", [Mix, PureMix])
@pytest.mark.usefixtures("narrow")
def test_sixty_four_runs_at_once_are_each_as_alone_and_leave_nothing_behind(kind: type[Mix]) -> None:
    graph = three(kind)
    graph.cache, cache = None, graph.cache
    alone = [run(graph, number) for number in range(STOPPED, RUNS)]
    graph.cache = cache
    hold(lambda: at_once(graph), [*[None] * STOPPED, *alone])


def streamed(graph: ygg.Graph) -> list[dict[str, bytes] | type[Exception]]:
    """What the streams of all runs gave, read by tasks of one loop; of the stopped every second one breaks itself."""
    streams: list[ygg.Stream] = []

    async def one(number: int) -> dict[str, bytes] | type[Exception]:
        stopped = number if number < STOPPED else -1
        stream = graph.stream(latent=given(number), halt=stopped, breaks=number % 2 == 1)
        streams.append(stream)
        try:
            assert [event async for event in stream]
            return written(stream.outputs)
        except (Cancelled, OddLatent) as error:
            return type(error)

    async def cancel() -> None:
        for _ in range(STOPPED // 2):
            streams[await asyncio.to_thread(HALTED.get, timeout=60)].close()

    async def every() -> list[dict[str, bytes] | type[Exception]]:
        runs = [asyncio.create_task(one(number)) for number in range(RUNS)]
        await cancel()
        return await asyncio.gather(*runs)

    return asyncio.run(every())


@pytest.mark.usefixtures("narrow")
def test_sixty_four_streams_of_graphs_in_a_graph_are_each_as_alone_beside_those_that_break() -> None:
    graph = nested(Mix)
    alone = [run(graph, number) for number in range(STOPPED, RUNS)]
    hold(lambda: streamed(graph), [*[Cancelled, OddLatent] * (STOPPED // 2), *alone])
