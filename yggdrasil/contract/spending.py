"""What requests cost: every run that gives `usage` tells it, and whoever counts around it hears, however deep."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from yggdrasil.contract.context import Here, here, standing
from yggdrasil.contract.os_fork import lock

_COUNTERS = "contract.spending"
_RESULT = "result"
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
    """What the runs inside spend. An answer from a cache costs nothing; a turn that an agent takes up from its journal,
    what it cost when it was taken."""
    place, spent = here(), Spent()
    with standing(place.but(shared={**place.shared, _COUNTERS: (spent, *place.shared.get(_COUNTERS, ()))})):
        yield spent


def counted_once(place: Here, name: str, inputs: Any, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `act` gives, acted once, and beside it what its requests took: probes and second tries too."""
    made = False

    def counted() -> dict[str, Any]:
        nonlocal made
        made = True
        with counting() as spent:
            return {**act(), **spent.to_json()}

    found = place.once(name, inputs, counted)
    if not made:
        recount(place, found)
    return found


def result_once(inputs: Any, act: Callable[[], Any]) -> Any:
    """What `act` gives, acted once; what it took is counted also where the journal answers."""
    place, made = here(), False

    def counted() -> Any:
        nonlocal made
        made = True
        with counting() as spent:
            value = act()
        return {_RESULT: value, **spent.to_json()} if spent.tokens or spent.cost else value

    found: Any = place.once("result", inputs, counted)
    if not isinstance(found, dict) or set(cast(dict[str, Any], found)) != {_RESULT, "tokens", "cost"}:
        return cast(Any, found)
    if not made:
        recount(place, cast(dict[str, Any], found))
    return cast(Any, found[_RESULT])


def recount(place: Here, found: Mapping[str, Any]) -> None:
    """Count what an answer from the journal took, as its `Spent.to_json` stands there."""
    _count(place, Spent(int(found.get("tokens", 0)), 0, float(found.get("cost", 0.0))))


def _count(place: Here, more: Spent) -> None:
    with _guard:
        for counter in place.shared.get(_COUNTERS, ()):
            counter.prompt += more.prompt
            counter.completion += more.completion
            counter.cost += more.cost


def spend(place: Here, usage: Any, model: str = "") -> None:
    """Tell and count what a request at `place` took: {prompt, completion, cost?}, tokens and money."""
    if not isinstance(usage, Mapping):
        return
    usage = cast(Mapping[str, Any], usage)
    prompt, completion = int(usage.get("prompt") or 0), int(usage.get("completion") or 0)
    cost = float(usage.get("cost") or 0.0)
    _count(place, Spent(prompt, completion, cost))
    if place.audience is not None:
        place.emit(
            "usage", prompt=prompt, completion=completion, cost=cost, model=model or place.path.rpartition("/")[2]
        )
