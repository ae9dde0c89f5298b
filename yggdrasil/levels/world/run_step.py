"""One step of a world from where it stands: it is founded if need be, what waits is finished first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yggdrasil.contract.context import here
from yggdrasil.engine.cycle.branches import MAIN, Branch
from yggdrasil.engine.cycle.errors import HeadMoved
from yggdrasil.engine.cycle.world_cycle import WorldCycle
from yggdrasil.levels.world.founding import found
from yggdrasil.levels.world.life import Life
from yggdrasil.levels.world.stage_runner import StageRunner
from yggdrasil.levels.world.step import Step

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World


def cycle(world: World, life: Life) -> WorldCycle:
    """The cycle that drives `world`, as it is set now, through `life`."""
    return WorldCycle(life.log, StageRunner(world, life))


def begin(world: World, life: Life) -> None:
    """Found the world, if that is not done yet."""
    if life.log.last_step(life.log.branches[MAIN]) < 0:
        found(StageRunner(world, life))


def _tell_wish(world: World, life: Life, branch: Branch, step: int) -> None:
    """Say once that the stages are told another wish than that with which the life began."""
    if life.told_wish:
        return
    began = life.content(branch, step).wish
    if world.wish and began and world.wish != began:
        here().warn(f"this life began with the wish {began!r:.80}, not {world.wish!r:.80}: stages are told the latter")
    life.told_wish = True


def one_step(
    world: World, life: Life, branch: Branch, action: str | None, state: dict[str, Any] | None, expect: int | None
) -> Step:
    """Finish or settle the step that waits, or run a new one. Raises HeadMoved if the branch is not at `expect`."""
    log, driving = life.log, cycle(world, life)
    head = log.head(branch)
    stands = max(head.last, 0)
    if expect is not None and expect != stands:
        raise HeadMoved(branch.name, stands, expect, str(life.home))
    if head.last < 0:
        begin(world, life)
        head = log.head(branch)
    _tell_wish(world, life, branch, max(head.last, 0))
    if head.waiting is not None:
        if state is not None:
            driving.settle_open(branch, head)
        else:
            here().note(f"going on with step {head.waiting.step}", "going_on", step=head.waiting.step)
            record = driving.resume(branch, head)
            if action in (None, record.action):
                return Step(record, life.home)
        head = log.head(branch)
    return Step(driving.step(branch, action, state or {}, head), life.home)


def run_steps(
    world: World,
    life: Life,
    branch: Branch,
    count: int,
    action: str | None,
    state: dict[str, Any] | None,
    expect: int | None,
) -> list[Step]:
    """`count` steps, of which the first is given the rest; none at all founds the world."""
    if not count:
        begin(world, life)
    done: list[Step] = []
    for _ in range(count):
        done.append(one_step(world, life, branch, action, state, expect))
        action = state = expect = None
    return done
