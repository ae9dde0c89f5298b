"""A run of an agent turn by turn, for a script that looks, or stops, between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from yggdrasil.agent.limits import Limits
from yggdrasil.contract import Outputs

_INPUTS = ("task", "pictures", "sounds", "messages")


def steps(run: Callable[..., Outputs], own: Limits, args: tuple[Any, ...], call: dict[str, Any]) -> Iterator[Outputs]:
    """What each turn came to: those before the last stopped after it, as if at the limit of steps, which is no news."""
    limits = Limits.model_validate(call.pop("limits", own)).model_copy(update={"raises": False})
    how = {"limits": limits, "stepping": limits.steps}
    last = run(*args, **call, **how)
    yield last
    rest = {name: part for name, part in call.items() if name not in _INPUTS}
    while last["status"].get("kind") == "steps" and last["status"]["turns"] < limits.steps:
        last = run(more=1, **rest, **how)
        yield last
