"""The Solver of pictures: any width and height that the codec can code, in patches where the network reads such."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from yggdrasil.blocks.patches import Side, legal_size, to_patches
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver, SolverOutputs
from yggdrasil.blocks.solver.starting_noise import Count, Seed, Steps, Strength, seeds_of
from yggdrasil.ports import Latent, Pred, Schedule, Timestep

if TYPE_CHECKING:
    import torch


class PictureSolver(SchedulerSolver, type="solver/picture"):
    """Take one step of a diffusers scheduler for a picture. Called without a prediction it starts a run.

    `shape` is the latent's (channels, height, width) where no size is asked for; `width` and `height` are in pixels
    and multiples of `factor` · `patch`, `factor` pixels being one cell of the latent. With a `patch` over 1 the
    latents that it gives are (batch, rows, columns, channels · patch²). All else is as in `solver/scheduler`.
    """

    pure: ClassVar[bool] = True
    factor: int = 8
    patch: int = 1

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
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
        width: Side | None = None,
        height: Side | None = None,
    ) -> SolverOutputs:
        if schedule is None:
            shape = self._asked(width, height)
            return self._start(image_latent, seeds_of(seed, count), steps, strength, shape)
        return self._step(schedule, latent, timestep, pred)

    def _asked(self, width: int | None, height: int | None) -> tuple[int, ...]:
        channels, rows, columns = self.shape
        size = (width or columns * self.factor, height or rows * self.factor)
        legal_size(size, self.factor * self.patch)
        return channels, size[1] // self.factor, size[0] // self.factor

    def _laid_out(self, latent: torch.Tensor) -> torch.Tensor:
        return to_patches(latent, self.patch) if self.patch > 1 else latent
