"""What a reader costs a run: one that hears everything, raises, is ten times too slow or vanishes, beside none."""

from __future__ import annotations

import hashlib
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from benchmarks.pairs import Row, main, seconds, turns
from yggdrasil import Block, Graph, load
from yggdrasil.contract import Event, ReaderDropped, here, listening

ROUNDS, BLOCKS = 150, 40
SLOWER = 10
GOAL = 1.02
_CHUNK = b"x" * (1 << 16)
ASKED: dict[str, Any] = {"prompt": "a red fox beside a house", "seed": 5}


class Work(Block, type="bench/work"):
    """Work for about two milliseconds, tell how far it is, and say a word."""

    def forward(self, n: int) -> int:
        place, found = here(), hashlib.sha256(str(n).encode())
        for _ in range(BLOCKS):
            found.update(_CHUNK)
        place.progress(n + 1, ROUNDS)
        place.token(found.hexdigest())
        return n + 1


def rounds() -> Callable[[], Any]:
    """A graph whose loop does the work again and again; gives what the run gives."""
    graph = Graph("rounds").add(Work(), "work").connect("self.n", "work.n").connect("work.value", "self.n")
    graph.loop("work", carry=["work.value -> work.n"], times=ROUNDS)
    graph.cache = None
    return lambda: graph.run(n=0).n


def painter() -> Callable[[], Any]:
    """The painter of the shelf, whose codec could show previews."""
    graph: Any = load("painter")
    graph.cache = None
    return lambda: graph.run(**ASKED).image.tobytes()


def measured(work: Callable[[], Any], listener: Callable[[Event], object] | None, wanted: Any) -> float:
    """Seconds on the wall of one run with this listener, or with none; the end of `listening` waits for nobody."""
    heard = nullcontext() if listener is None else listening(listener, patience=0)  # pyright: ignore[reportArgumentType]
    given: list[Any] = []
    with heard:
        took = seconds(lambda: given.append(work()), time.perf_counter)
    assert given == [wanted], "the run gives what it gives without a reader"
    return took


def beside_none(work: Callable[[], Any], name: str, listener: Callable[[Event], object], count: int) -> Row:
    wanted = work()
    pairs = turns(lambda: measured(work, listener, wanted), lambda: measured(work, None, wanted), count)
    return Row(f"reader-{name}", pairs, GOAL)


def kinds_of_readers() -> Iterator[Row]:
    work = rounds()
    pause = SLOWER * measured(work, None, ROUNDS) / (2 * ROUNDS)
    held: deque[Event] = deque(maxlen=3 * ROUNDS)

    def keeps(event: Event) -> None:
        held.append(event)

    def raises(event: Event) -> None:
        raise BrokenPipeError("the pipe is gone")

    def slow(event: Event) -> None:
        time.sleep(pause)

    def vanishes(event: Event) -> None:
        threading.Event().wait(600)

    for listener in (keeps, raises, slow, vanishes):
        yield beside_none(work, listener.__name__, listener, 31)


def of_painter() -> Iterator[Row]:
    """A reader that names no previews, so that none is decoded."""
    yield beside_none(painter(), "painter", lambda event: None, 15)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ReaderDropped)
    main({"kinds": kinds_of_readers, "painter": of_painter})
