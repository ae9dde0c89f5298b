"""diffusers' schedulers as Solver: each run carries a scheduler of its own along an edge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from yggdrasil.blocks.solver.diffusers_schedulers import STEPPING, Name, known_only, on_own_times, strays, takes
from yggdrasil.blocks.solver.noise_schedule import NoiseSchedule
from yggdrasil.blocks.solver.starting_noise import (
    Count,
    Rounding,
    Seed,
    Steps,
    Strength,
    generators_of,
    noise_of,
    seeds_of,
    taken_steps,
)
from yggdrasil.contract import Block, here
from yggdrasil.ports import Json, Latent, Pred, Schedule, Timestep

if TYPE_CHECKING:
    import torch


class SolverOutputs(TypedDict):
    next_latent: Latent
    model_latent: Latent | None
    next_timestep: Timestep | None
    schedule: Schedule
    seeds: Json
    steps_run: int


@dataclass
class SolverRun:
    """One run of a solver: the scheduler, its timesteps, how many are done, a seed and a generator for each image."""

    scheduler: Any
    timesteps: Any
    seeds: list[int]
    generators: list[torch.Generator]
    done: int = 0
    numbers: dict[int, int] | None = None
    """By which number the scheduler knows a timestep, where it is another."""

    def step(self, pred: Any, timestep: Any, latent: Any) -> Any:
        told = timestep if self.numbers is None else self.numbers[int(timestep)]
        return self.scheduler.step(pred, told, latent.to(pred.device), return_dict=False, **self.extra)[0]

    @property
    def extra(self) -> dict[str, Any]:
        """What a step of this scheduler takes besides: the generators, if it draws."""
        if not takes(type(self.scheduler).step, "generator"):
            return {}
        return {"generator": self.generators if len(self.generators) > 1 else self.generators[0]}


class SchedulerSolver(Block, type="solver/scheduler", role="Solver"):
    """Take one step of a diffusers scheduler. Called without a prediction it starts a run.

    `shape` is the latent's without the batch: (channels, height, width), or (channels, frames). A batch of `count`
    starts from the seeds `seed`, `seed` + 1 … (after 2**63 − 1 comes 0), each drawn on the CPU by itself, so that
    image k of it starts as a single run with its seed does; `seeds` tells them. With an `image_latent` the run
    starts from it, noised to `strength` (0 … 1]: steps · strength steps are taken, rounded down (or `up`). Where
    the image latent was itself drawn from the seed (`follows_sampler`), the noise is what the generator gives after.
    `steps_run` is the number of predictions of the whole run. With some spacings of times DDIM and PNDM step to other
    times than the next step begins at, as they do in diffusers; a run says so, and with `own_times` they do not.
    """

    pure: ClassVar[bool] = True
    only_with: ClassVar[Mapping[str, str]] = {"strength": "image_latent"}
    scheduler: Name = "FlowMatchEulerDiscreteScheduler"
    settings: dict[str, Any] = {}
    shape: tuple[int, ...] = (4, 64, 64)
    follows_sampler: bool = False
    rounding: Rounding = "down"
    own_times: bool = False

    @classmethod
    def migrated(cls, config: dict[str, Any], format: int) -> dict[str, Any]:
        """Settings that the scheduler does not have were taken before format 2, and changed nothing."""
        if format >= 2 or not config.get("settings"):
            return config
        name = config.get("scheduler", cls.scheduler)
        return {**config, "settings": known_only(name, config["settings"])}

    def forward(
        self,
        latent: Latent | None = None,
        timestep: Timestep | None = None,
        pred: Pred | None = None,
        schedule: Schedule | None = None,
        image_latent: Latent | None = None,
        seed: Seed = 0,
        count: Count = 1,
        steps: Steps = 20,
        strength: Strength = 0.6,
    ) -> SolverOutputs:
        if schedule is None:
            return self._start(image_latent, seeds_of(seed, count), steps, strength, self.shape)
        return self._step(schedule, latent, timestep, pred)

    @property
    def noise_schedule(self) -> NoiseSchedule:
        """The schedule that its steps follow; a loss that teaches its network noises by the same."""
        return NoiseSchedule(scheduler=self.scheduler, settings=self.settings)

    def _step(self, course: SolverRun, latent: Any, timestep: Any, pred: Any) -> SolverOutputs:
        course.done += 1
        here().progress(course.done, len(course.timesteps))
        return self._next(course, course.step(pred, timestep, latent))

    def _start(
        self, image: Any, seeds: list[int], steps: int, strength: float, shape: tuple[int, ...]
    ) -> SolverOutputs:
        generators = generators_of(seeds)
        shape = shape if image is None else tuple(image.shape[1:])
        if image is not None and self.follows_sampler:
            noise_of(generators, shape)
        noise = self._laid_out(noise_of(generators, shape))
        made = self.noise_schedule.discretised(steps, math.prod(noise.shape[1:3]))
        if image is None:
            course = self._course(made, made.timesteps, seeds, generators)
            return self._next(course, noise * getattr(made, "init_noise_sigma", 1.0))
        first = (steps - taken_steps(steps, strength, self.rounding)) * made.order
        timesteps = made.timesteps[first:]
        if hasattr(made, "set_begin_index"):
            made.set_begin_index(first)
        noised = getattr(made, "scale_noise", None)
        image = self._laid_out(image).expand_as(noise)
        times = timesteps[:1]
        latent = made.add_noise(image, noise, times) if noised is None else noised(image, times, noise)
        return self._next(self._course(made, timesteps, seeds, generators), latent)

    def _course(self, made: Any, timesteps: Any, seeds: list[int], generators: list[torch.Generator]) -> SolverRun:
        if self.own_times and self.scheduler in STEPPING:
            walked, numbers = on_own_times(self.scheduler, made, timesteps)
            return SolverRun(made, walked, seeds, generators, numbers=numbers)
        if strays(self.scheduler, made):
            told = f"with {made.config.timestep_spacing!r} spacing {self.scheduler} steps beside its own times"
            here().note(f"{told}, as diffusers does: set own_times, or another timestep_spacing or number of steps")
        return SolverRun(made, timesteps, seeds, generators)

    def _laid_out(self, latent: torch.Tensor) -> torch.Tensor:
        """The latent as the network and the scheduler see it."""
        return latent

    def _next(self, course: SolverRun, latent: Any) -> SolverOutputs:
        made: SolverOutputs = {
            "next_latent": latent,
            "model_latent": None,
            "next_timestep": None,
            "schedule": course,
            "seeds": course.seeds,
            "steps_run": len(course.timesteps),
        }
        if course.done < len(course.timesteps):
            timestep = course.timesteps[course.done]
            scale = getattr(course.scheduler, "scale_model_input", None)
            made["model_latent"] = latent if scale is None else scale(latent, timestep)
            made["next_timestep"] = timestep
        return made
