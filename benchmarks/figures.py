"""Shares out of counts, each with its interval and its goal: how the pictures' benchmarks tell what they saw."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`value` over `count` cases; the goal is at least `goal`, or with `below` at most. A `share` has an interval."""

    name: str
    value: float
    count: int
    goal: float | None = None
    below: bool = False
    share: bool = True

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of a share (Wilson 1927)."""
        z, n, p = 1.96, max(self.count, 1), self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(max(p * (1 - p), 0) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return middle - half, middle + half

    @property
    def holds(self) -> bool:
        if self.goal is None:
            return True
        return self.value <= self.goal if self.below else self.value >= self.goal

    def __str__(self) -> str:
        low, high = self.interval
        within = f" [{low:.3f}, {high:.3f}]" if self.share else ""
        told = f"{self.name} {self.value:.3f}{within} of {self.count}"
        if self.goal is None:
            return told
        return f"{told} goal {'≤' if self.below else '≥'} {self.goal:g} {'holds' if self.holds else 'short'}"


def share(name: str, hits: Iterable[bool], goal: float | None = None) -> Figure:
    """How many of the cases are hits; of no cases the share is 0."""
    found = [bool(hit) for hit in hits]
    return Figure(name, sum(found) / max(len(found), 1), len(found), goal)


def calibration_error(confidence: Iterable[float], right: Iterable[bool], bins: int = 15) -> float:
    """Expected calibration error in bins of equal width (Guo et al. 2017, equation 3)."""
    cases = list(zip(map(float, confidence), map(bool, right), strict=True))
    total = 0.0
    for number in range(bins):
        inside = [case for case in cases if min(int(case[0] * bins), bins - 1) == number]
        total += abs(sum(c for c, _ in inside) - sum(hit for _, hit in inside))
    return total / max(len(cases), 1)
