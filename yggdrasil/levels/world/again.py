"""A step done again on a branch beside: other seeds, the same action, the same state passed in."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from yggdrasil.engine.cycle.errors import CycleError
from yggdrasil.engine.cycle.log import Log
from yggdrasil.levels.world.fork import fork

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World


def again(world: World, log: Log, step: int, name: str) -> World:
    """The world on a new branch `name`, which left before `step` and has done it anew.

    A free name is found and taken in one transaction, so that of many at once each has its own. If a stage fails,
    the branch stays and goes on by a step. Raises LogError or CycleError for what is no step.
    """
    record = log.step(log.branches[world.branch_name], step)
    if record.status == "edited" or step == 0:
        what = "the founding" if step == 0 else "an edit"
        mend = "grow another world" if step == 0 else f"fork before it, at {step - 1}, and edit there"
        raise CycleError(f"{step} is {what}, no step to do again", where=world.branch_name, mend=mend)
    with log.database.transaction():
        name = name or _free(log.branches.names(), step)
        fork(log, world.branch_name, step - 1, name, variant=name, question=None)
    other = world.branch(name)
    other.step(action=record.action, state=record.given or None)
    return other


def _free(taken: list[str], step: int) -> str:
    """step-3-take-2, or the first such name that is free."""
    return next(name for name in (f"step-{step}-take-{number}" for number in count(2)) if name not in taken)
