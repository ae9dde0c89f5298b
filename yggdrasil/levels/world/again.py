"""A step done again on a branch beside: other seeds, the same action, the same state passed in."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from yggdrasil.engine.cycle.errors import CycleError
from yggdrasil.engine.cycle.log import Log

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World


def again(world: World, log: Log, step: int, name: str) -> World:
    """The world on a new branch `name`, which left before `step` and has done it anew.

    Raises LogError or CycleError for what is no step. If a stage fails, the branch stays and goes on by a step.
    """
    record = log.step(log.branches[world.branch_name], step)
    if record.status == "edited" or step == 0:
        what = "the founding" if step == 0 else "an edit"
        mend = "grow another world" if step == 0 else f"fork before it, at {step - 1}, and edit there"
        raise CycleError(f"{step} is {what}, no step to do again", where=world.branch_name, mend=mend)
    other = world.fork(at=step - 1, name=name or _free(world.branches(), step))
    other.step(action=record.action, state=record.given or None)
    return other


def _free(taken: list[str], step: int) -> str:
    """step-3-take-2, or the first such name that is free."""
    return next(name for name in (f"step-{step}-take-{number}" for number in count(2)) if name not in taken)
