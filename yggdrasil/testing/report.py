"""What a block's check found, promise by promise, as a table that a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["holds", "not asked", "fails"]


@dataclass(frozen=True)
class Outcome:
    """How it went with one promise; `why` says what failed, or for what reason it was not asked of this block."""

    promise: str
    status: Status
    why: str = ""


@dataclass(frozen=True)
class Report:
    """The outcomes of one block, in the order in which they were asked."""

    block: str
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "fails")

    def __str__(self) -> str:
        told = (f"{o.promise}: {o.status}" + (f" ({o.why})" if o.why else "") for o in self.outcomes)
        return "\n".join(f"{self.block}: {line}" for line in told)


MARKS: Mapping[Status, str] = {"holds": "+", "not asked": "·", "fails": "!"}


def table(reports: Sequence[Report]) -> str:
    """A Markdown table, a row a block and a column a promise: `+` holds, `·` not asked of it, `!` fails."""
    promises = list(dict.fromkeys(o.promise for report in reports for o in report.outcomes))
    lines = [f"| block | {' | '.join(promises)} |", f"|---|{'---|' * len(promises)}"]
    for report in reports:
        found = {o.promise: MARKS[o.status] for o in report.outcomes}
        lines.append(f"| `{report.block}` | {' | '.join(found.get(p, '·') for p in promises)} |")
    return "\n".join(lines)
