"""One shape for every benchmark: ours and the peer turn by turn, a median ratio with its interval, and a goal."""

from __future__ import annotations

import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
PAIRS = 15
_DRAWS = 4000
Work = Callable[[], object]
Pairs = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Row:
    """What was measured in pairs (ours, peer), in `unit`, and the ratio that is the goal.

    `over`: the goal is about the difference, as a share of this allowance. The goal is met where the low end of
    the interval is within it.
    """

    name: str
    pairs: Pairs
    goal: float
    unit: str = "s"
    over: float = 0.0

    @property
    def ratios(self) -> list[float]:
        return [(ours - peer) / self.over if self.over else ours / peer for ours, peer in self.pairs]

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of the median ratio, by bootstrap over the pairs."""
        draw, ratios = random.Random(0), self.ratios
        found = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(_DRAWS))
        return found[int(_DRAWS * 0.025)], found[int(_DRAWS * 0.975)]

    @property
    def holds(self) -> bool:
        return self.interval[0] <= self.goal

    def __str__(self) -> str:
        ours, peer = (statistics.median(side) for side in zip(*self.pairs, strict=True))
        low, high = self.interval
        verdict = "holds" if self.holds else "short"
        told = f"{statistics.median(self.ratios):.3f} [{low:.3f}, {high:.3f}] {self.goal:g} {verdict}"
        return f"{self.name} {_shown(ours, self.unit)} {_shown(peer, self.unit)} {told}"


def _shown(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:.4g}{unit}"
    for size, name in ((1, "s"), (1e-3, "ms"), (1e-6, "us")):
        if abs(value) >= size:
            return f"{value / size:.3g}{name}"
    return f"{value / 1e-9:.3g}ns"


def seconds(work: Work, clock: Callable[[], float] = time.process_time) -> float:
    """How long one call takes, nothing collected meanwhile; by default in seconds of this process on a core."""
    gc.collect()
    gc.disable()
    began = clock()
    try:
        work()
        return clock() - began
    finally:
        gc.enable()


def turns(ours: Callable[[], float], peer: Callable[[], float], count: int = PAIRS, warm: int = 1) -> Pairs:
    """`count` pairs of measures, each side first in every other pair; the first `warm` of each are thrown away."""
    for _ in range(warm):
        ours()
        peer()
    found: list[tuple[float, float]] = []
    for number in range(count):
        if number % 2:
            second = peer()
            found.append((ours(), second))
        else:
            found.append((ours(), peer()))
    return tuple(found)


def timed(ours: Work, peer: Work, count: int = PAIRS, clock: Callable[[], float] = time.process_time) -> Pairs:
    """The same for two pieces of work, in seconds."""
    return turns(lambda: seconds(ours, clock), lambda: seconds(peer, clock), count)


def main(rows: Mapping[str, Callable[[], Iterable[Row]]]) -> None:
    """Run the named benchmark, or all of a script, and print a line for each row; the status is 1 if one is short."""
    wanted = sys.argv[1:] or list(rows)
    unknown = [name for name in wanted if name not in rows]
    if unknown:
        sys.exit(f"no benchmark {unknown[0]!r}; there are {', '.join(rows)}")
    short = False
    for name in wanted:
        for row in rows[name]():
            print(row, flush=True)
            short = short or not row.holds
    sys.exit(1 if short else 0)
