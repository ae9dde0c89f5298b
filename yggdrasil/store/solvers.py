"""A Solver by the name of diffusers' scheduler, in the place of another one: `ygg.Solver("EulerDiscreteScheduler")`."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack, cast

from yggdrasil.blocks.solver.diffusers_schedulers import BENT, FLOW, Name, check, is_flow, known_only, own_settings
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.blocks.solver.starting_noise import Rounding
from yggdrasil.contract import Block, ConfigError

_OF_A_FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}


class SolverSettings(TypedDict, total=False):
    """What a solver is told beside its scheduler."""

    settings: dict[str, Any]
    shape: tuple[int, ...]
    follows_sampler: bool
    rounding: Rounding
    own_times: bool


def Solver(scheduler: Name, *, like: Block | None = None, **settings: Unpack[SolverSettings]) -> SchedulerSolver:
    """A solver by the name of its scheduler: `graph["solver"] = ygg.Solver(name, like=graph["solver"])`.

    `like` is the solver whose place it takes: from it come the latent's shape and what of the scheduler's settings the
    new one has too, as diffusers' `from_config` takes them; `settings` and the rest are put over these. Raises
    ConfigError for a name that is none, for settings that it does not take, and for a scheduler that cannot follow
    what the network of `like` predicts.
    """
    SchedulerSolver(scheduler=scheduler)
    if inner := own_settings(scheduler, settings.keys() - SolverSettings.__annotations__.keys()):
        mend = f"put it into settings={{{inner[0]!r}: …}}"
        raise ConfigError(f"{inner[0]!r} is a setting of the scheduler", where="Solver", mend=mend)
    made = _made(scheduler, like, settings)
    check(made.scheduler, made.settings)
    return made


def _made(scheduler: Name, like: Block | None, settings: SolverSettings) -> SchedulerSolver:
    if like is None:
        return SchedulerSolver(scheduler=scheduler, **settings)
    if not isinstance(like, SchedulerSolver):
        mend = "give a solver that walks by one of diffusers' schedulers, or none"
        raise ConfigError(f"like= is {like!r}", where="Solver", mend=mend)
    given = {**_followed(like, scheduler), **settings.get("settings", {})}
    kept = {**{name: getattr(like, name) for name in like.config()}, **settings}
    return type(like)(**cast("Any", {**kept, "scheduler": scheduler, "settings": given}))


def _followed(like: SchedulerSolver, scheduler: Name) -> dict[str, Any]:
    """What the scheduler takes of the settings of another. Raises ConfigError where one walks a flow, the other not."""
    flow = is_flow(like.scheduler, like.settings)
    if flow and scheduler not in (FLOW, *BENT):
        what = f"the network predicts a flow, which {scheduler} does not walk"
        raise ConfigError(what, where="Solver", mend=f"take {', '.join((FLOW, *BENT))}")
    if scheduler == FLOW and not flow:
        mend = "take a scheduler of networks that predict noise, such as EulerDiscreteScheduler"
        raise ConfigError(f"the network predicts noise, and {FLOW} walks flows", where="Solver", mend=mend)
    return known_only(scheduler, {**like.settings, **(_OF_A_FLOW if flow and scheduler != FLOW else {})})
