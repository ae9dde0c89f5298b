"""What a world may spend: past its bounds a step stops with a question, and goes on from there when it is answered."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NoReturn

from pydantic import Field

from yggdrasil.contract.checked_model import Checked
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import Paused
from yggdrasil.contract.spending import Spent
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.journal import questions
from yggdrasil.engine.cycle.log import Log
from yggdrasil.engine.cycle.spent import spent_in

Tokens = Annotated[int, Field(ge=1, le=10**12)]
Cost = Annotated[float, Field(gt=0, le=1e9)]


class Budget(Checked):
    """Bounds on what a step takes (`step_tokens`, `step_cost`), and the world with all its steps (`tokens`, `cost`),
    in tokens read and written and in the currency of the models' prices.

    A step that has met one asks before its next stage whether it may go on; any answer lets it come to its end.
    """

    called: ClassVar[str] = "budget"

    step_tokens: Tokens | None = None
    step_cost: Cost | None = None
    tokens: Tokens | None = None
    cost: Cost | None = None

    def __bool__(self) -> bool:
        return any(bound is not None for _, bound in self)


def check(budget: Budget, log: Log, branch: Branch, step: int) -> None:
    """Ask a person before the next stage of `step` if a bound is met. Raises Paused until that is answered."""
    if not budget:
        return
    own = spent_in(log, branch, step, step)
    _ask_past(budget.step_tokens, budget.step_cost, own, f"step {step}", "step", log, branch, step)
    if budget.tokens is not None or budget.cost is not None:
        _ask_past(budget.tokens, budget.cost, spent_in(log, branch, 0, step), "the world", "world", log, branch, step)


def _ask_past(
    tokens: int | None, cost: float | None, spent: Spent, who: str, kind: str, log: Log, branch: Branch, step: int
) -> None:
    over = (tokens is not None and spent.tokens >= tokens) or (cost is not None and spent.cost >= cost)
    name = f"budget_{kind}_{step}"
    known: list[dict[str, Any]] = questions(log.database, branch, step) if over else []
    if not over or any(question["id"] == name and question["answered"] for question in known):
        return
    bounds = [f"{tokens} tokens" if tokens is not None else "", f"a cost of {cost:g}" if cost is not None else ""]
    took = f"{spent.tokens} tokens" + (f" at a cost of {spent.cost:g}" if spent.cost else "")
    bound = " and ".join(part for part in bounds if part)
    ask = f"{who} took {took}, its budget is {bound}: go on with this step? Any answer lets it"

    def stop() -> NoReturn:
        raise Paused(ask, id=name, where=here().path)

    here().once("budget", {"kind": kind}, stop)
