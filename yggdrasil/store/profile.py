"""What a run took, part by part: calls, seconds, share, results from the cache, bytes given."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import ArtifactError
from yggdrasil.contract.readers import Reader, ReaderSeat, Word
from yggdrasil.contract.running import Outputs, heard
from yggdrasil.contract.shown_in_notebooks import table
from yggdrasil.contract.value_forms import NotKeepable
from yggdrasil.contract.values import size


@dataclass
class Measured:
    """One part of a run: `seconds` hold those of what is inside of it; `bytes` is what its calls gave, about."""

    path: str
    calls: int = 0
    seconds: float = 0.0
    cached: int = 0
    bytes: int = 0
    share: float = 0.0
    """Of the seconds of the whole run; of parts that ran side by side it adds up to more than one."""


class Profile:
    """The measures of one run, in the order in which its parts ended first; prints itself as a table."""

    def __init__(self, rows: list[Measured], seconds: float, outputs: Outputs) -> None:
        self.rows = rows
        self.seconds = seconds
        self.outputs = outputs

    def __str__(self) -> str:
        return as_text(HEADS, map(_cells, self.rows))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(HEADS, map(_cells, self.rows))


HEADS = ("part", "calls", "seconds", "share", "cached", "bytes")


def _cells(row: Measured) -> tuple[str, ...]:
    name = "  " * row.path.count("/") + row.path.rpartition("/")[2]
    cached = str(row.cached) if row.cached else ""
    return name, str(row.calls), f"{row.seconds:.4f}", f"{row.share:.0%}", cached, f"{row.bytes:,}"


def as_text(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table for a terminal: the first column to the left, numbers to the right."""
    lines_of = [heads, *rows]
    widths = [max(len(row[i]) for row in lines_of) for i in range(len(heads))]
    lines = (
        "  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in lines_of
    )
    return "\n".join(line.rstrip() for line in lines)


def as_html(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """The same for a notebook."""
    return table(heads, ([html.escape(cell).replace("  ", "&emsp;") for cell in row] for row in rows))


class _Stopwatch(Reader):
    """Measures the calls of a run in the threads that make them."""

    def __init__(self) -> None:
        super().__init__(["skipped"])
        self.rows: dict[str, Measured] = {}
        self.measured = self._measure

    def accept(self, seat: ReaderSeat, word: Word) -> None:
        kind, path, data, *_ = word
        if kind == "skipped" and data["reason"]["code"] == "unchanged":
            self._row(path).cached += 1

    def leave(self) -> None:
        """Nothing waits here."""

    def _measure(self, path: str, outputs: Mapping[str, Any], seconds: float) -> None:
        with self.lock:
            row = self._row(path)
            row.calls += 1
            row.seconds += seconds
            row.bytes += sum(map(_size, outputs.values()))

    def _row(self, path: str) -> Measured:
        return self.rows.setdefault(path, Measured(path))


def _size(value: Any) -> int:
    try:
        return size(value)
    except (ArtifactError, NotKeepable):  # a value without bytes of its own, such as a schedule, has no size
        return 0


def profile(block: Block, *args: Any, **inputs: Any) -> Profile:
    """Run a block of any level once and measure its parts. Raises what the run raises."""
    watch = _Stopwatch()
    with heard(watch, CancelToken(here().cancel)):
        outputs = block.run(*args, **inputs)
    rows = _in_tree(watch.rows)
    whole = rows[0].seconds if rows else 0.0
    for row in rows:
        row.share = row.seconds / whole if whole else 0.0
    return Profile(rows, whole, outputs)


def _in_tree(rows: dict[str, Measured]) -> list[Measured]:
    """Each part under the one that it stands in, else as they came."""
    order = list(rows)

    def key(path: str) -> list[int]:
        parts = path.split("/")
        tops = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        return [min(i for i, p in enumerate(order) if p == top or p.startswith(f"{top}/")) for top in tops]

    return sorted(rows.values(), key=lambda row: key(row.path))
