"""What requests cost: every run that gives `usage` tells it, and whoever counts around it hears, however deep."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from yggdrasil.contract.context import Here, here, standing
from yggdrasil.contract.os_fork import lock

_COUNTERS = "contract.spending"
_guard = lock()


@dataclass
class Spent:
    """Tokens read and written, and what they cost in the currency of the model's prices."""

    prompt: int = 0
    completion: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        return self.prompt + self.completion

    def to_json(self) -> dict[str, Any]:
        """As an agent's journal and status hold it."""
        return {"tokens": self.tokens, "cost": self.cost}


@contextmanager
def counting() -> Generator[Spent]:
    """What the runs inside spend. Answers that come from a journal or a cache cost nothing."""
    place, spent = here(), Spent()
    with standing(place.but(shared={**place.shared, _COUNTERS: (spent, *place.shared.get(_COUNTERS, ()))})):
        yield spent


def spend(place: Here, usage: Any, model: str = "") -> None:
    """Tell and count what a request at `place` took: {prompt, completion, cost?}, tokens and money."""
    if not isinstance(usage, Mapping):
        return
    usage = cast(Mapping[str, Any], usage)
    prompt, completion = int(usage.get("prompt") or 0), int(usage.get("completion") or 0)
    cost = float(usage.get("cost") or 0.0)
    with _guard:
        for counter in place.shared.get(_COUNTERS, ()):
            counter.prompt += prompt
            counter.completion += completion
            counter.cost += cost
    if place.audience is not None:
        place.emit(
            "usage", prompt=prompt, completion=completion, cost=cost, model=model or place.path.rpartition("/")[2]
        )
