"""diffusers' schedulers as Solver: each run carries a scheduler of its own along an edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from pydantic import Field

from yggdrasil.contract import Block, ConfigError, here
from yggdrasil.ports import Latent, Pred, Schedule, Timestep

if TYPE_CHECKING:
    import torch

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Steps = Annotated[int, Field(ge=1, le=1000)]
Strength = Annotated[float, Field(gt=0, le=1)]
Name = Literal[
    "FlowMatchEulerDiscreteScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler", "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "PNDMScheduler", "UniPCMultistepScheduler",
    "LMSDiscreteScheduler", "DDPMScheduler", "KDPM2DiscreteScheduler", "DEISMultistepScheduler",
]  # fmt: skip


class Step(TypedDict):
    next_latent: Latent
    model_latent: Latent | None
    next_timestep: Timestep | None
    schedule: Schedule


@dataclass
class Course:
    """One run of a solver: the scheduler, its timesteps, how many are done, and the run's own generator."""

    scheduler: Any
    timesteps: Any
    generator: torch.Generator
    done: int = 0


class SchedulerSolver(Block, type="solver/scheduler", role="Solver"):
    """Take one step of a diffusers scheduler. Called without a prediction it starts a run.

    `shape` is the latent's (channels, height, width). With an `image_latent` the run starts from it, noised to
    `strength` (0 … 1]: floor(steps · strength) steps are taken. Noise is drawn on the CPU from `seed`; where the
    image latent was itself drawn from that seed (`follows_sampler`), it is what the generator gives after it.
    """

    scheduler: Name = "FlowMatchEulerDiscreteScheduler"
    settings: dict[str, Any] = {}
    shape: tuple[int, int, int] = (4, 64, 64)
    follows_sampler: bool = False

    def forward(
        self,
        latent: Latent | None = None,
        timestep: Timestep | None = None,
        pred: Pred | None = None,
        schedule: Schedule | None = None,
        image_latent: Latent | None = None,
        seed: Seed = 0,
        steps: Steps = 20,
        strength: Strength = 0.6,
    ) -> Step:
        if schedule is None:
            return self._start(image_latent, seed, steps, strength)
        course: Course = schedule
        course.done += 1
        here().progress(course.done, len(course.timesteps))
        moved = course.scheduler.step(pred, timestep, latent, return_dict=False, **self._extra(course))[0]
        return self._next(course, moved)

    def _start(self, image_latent: Any, seed: int, steps: int, strength: float) -> Step:
        import torch

        scheduler = self._scheduler()
        self._set_timesteps(scheduler, steps)
        generator = torch.Generator().manual_seed(seed)
        if image_latent is not None and self.follows_sampler:
            torch.randn(1, *self.shape, generator=generator)
        noise = torch.randn(1, *self.shape, generator=generator)
        if image_latent is None:
            course = Course(scheduler, scheduler.timesteps, generator)
            return self._next(course, noise * getattr(scheduler, "init_noise_sigma", 1.0))
        order = scheduler.order
        taken = min(int(steps * strength + 1e-9), steps)
        if taken < 1:
            raise ConfigError(
                f"steps={steps} at strength={strength} is less than one step",
                where=here().path,
                mend=f"use a strength of at least {1 / steps:.4f}, or more steps",
            )
        first = (steps - taken) * order
        timesteps = scheduler.timesteps[first:]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first)
        course = Course(scheduler, timesteps, generator)
        return self._next(course, self._noised(scheduler, image_latent, noise, timesteps[:1]))

    def _set_timesteps(self, scheduler: Any, steps: int) -> None:
        if self.scheduler == "FlowMatchEulerDiscreteScheduler":
            scheduler.set_timesteps(sigmas=[1 - i / steps for i in range(steps)])
        else:
            scheduler.set_timesteps(steps)

    def _noised(self, scheduler: Any, latent: Any, noise: Any, first: Any) -> Any:
        if hasattr(scheduler, "scale_noise"):
            return scheduler.scale_noise(latent, first, noise)
        return scheduler.add_noise(latent, noise, first)

    def _next(self, course: Course, latent: Any) -> Step:
        if course.done >= len(course.timesteps):
            return {"next_latent": latent, "model_latent": None, "next_timestep": None, "schedule": course}
        timestep = course.timesteps[course.done]
        scale = getattr(course.scheduler, "scale_model_input", None)
        scaled = scale(latent, timestep) if scale is not None else latent
        return {"next_latent": latent, "model_latent": scaled, "next_timestep": timestep, "schedule": course}

    def _extra(self, course: Course) -> dict[str, Any]:
        import inspect

        takes = inspect.signature(course.scheduler.step).parameters
        return {"generator": course.generator} if "generator" in takes else {}

    def _scheduler(self) -> Any:
        import diffusers

        return getattr(diffusers, self.scheduler).from_config(dict(self.settings))
