"""How much noise there is at a time, and what a network is taught to predict of it: one for solvers and losses."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict

from yggdrasil.blocks.solver.diffusers_schedulers import Name, is_flow, scheduler, set_timesteps
from yggdrasil.contract import Block, ConfigError, PortError, here
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.ports import Latent, Pred, Schedule, Timestep

if TYPE_CHECKING:
    import torch


class Noised(TypedDict):
    noise_schedule: Schedule
    noised: Latent | None
    target: Pred | None


class NoiseSchedule(Block, type="schedule/noise", role="NoiseSchedule"):
    """Noise a clean latent to a time, and say what a network should predict there (`target`, the latent's shape).

    A `timestep` is what backbones take: a whole number below the number of training steps, or, of a flow, sigma times
    that number; one for all latents of a batch, or one for each. The noised latent is alpha · clean + sigma · noise;
    the target is the noise ("epsilon"), alpha · noise − sigma · clean ("v_prediction", Salimans and Ho 2022), the clean
    latent ("sample"), or noise − clean ("flow_prediction"). Raises ConfigError for schedules of Karras et al. (EDM).
    Without all three inputs nothing is noised: `noise_schedule` is the schedule itself, for whoever walks it.
    """

    scheduler: Name = "FlowMatchEulerDiscreteScheduler"
    settings: dict[str, Any] = {}

    def forward(
        self, clean: Latent | None = None, noise: Latent | None = None, timestep: Timestep | None = None
    ) -> Noised:
        if clean is None or noise is None or timestep is None:
            return {"noise_schedule": self, "noised": None, "target": None}
        alpha, sigma = self.shares(timestep, clean)
        target = self._target(clean, noise, alpha, sigma)
        return {"noise_schedule": self, "noised": self.noised(clean, noise, timestep), "target": target}

    @property
    def prediction(self) -> str:
        """What a network of this schedule predicts, as diffusers calls it."""
        return "flow_prediction" if is_flow(self.scheduler, self.settings) else self._taught.config.prediction_type

    @property
    def length(self) -> int:
        """The number of training steps: timesteps lie below it, a flow's at it too."""
        return int(self._taught.config.num_train_timesteps)

    def shares(self, timestep: torch.Tensor, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Alpha and sigma at a timestep, each of a shape that multiplies `like`."""
        import torch

        at = timestep.reshape(-1, *[1] * (like.dim() - 1)).to(like.device)
        if is_flow(self.scheduler, self.settings):
            sigma = (at / self.length).to(like.dtype)
            return 1 - sigma, sigma
        kept: torch.Tensor = self._taught.alphas_cumprod.to(like.device, like.dtype)[at.to(torch.int64)]
        return kept**0.5, (1 - kept) ** 0.5

    def noised(self, clean: torch.Tensor, noise: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """The latent with as much of the noise as there is at that time: what the network is given."""
        alpha, sigma = self.shares(timestep, clean)
        return alpha * clean + sigma * noise

    def loss(self, pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The mean square of what the prediction is off, one number with its gradients.

        Raises PortError that names the examples whose loss is not finite: one would spoil all that was learned.
        """
        each = (pred.float() - target.float().to(pred.device)).square().flatten(1).mean(1)
        bad = [number + 1 for number, good in enumerate(each.detach().isfinite().tolist()) if not good]
        if bad:
            raise PortError(
                f"the loss of example {', '.join(map(str, bad))} of {len(each)} is not finite",
                where=here().path or self.name,
                mend="look at that example, or learn in float32 or with smaller steps",
            )
        return each.mean()

    def discretised(self, steps: int, tokens: int) -> Any:
        """A diffusers scheduler of one run's own, with its `timesteps`; a shift may depend on the number of tokens."""
        made = scheduler(self.scheduler, self.settings)
        set_timesteps(made, self.scheduler, self.settings, steps, tokens)
        return made

    def _target(self, clean: Any, noise: Any, alpha: Any, sigma: Any) -> torch.Tensor:
        made = {
            "epsilon": lambda: noise,
            "v_prediction": lambda: alpha * noise - sigma * clean,
            "sample": lambda: clean,
            "flow_prediction": lambda: noise - clean,
        }
        return made[self.prediction]()

    @property
    def _taught(self) -> Any:
        if self.scheduler.startswith("EDM"):
            mend = "it samples as ever; train with a schedule of discrete times or of a flow"
            raise ConfigError(f"{self.scheduler} cannot be learned from yet", where=here().path or self.name, mend=mend)
        return _teacher(json.dumps(self.settings, sort_keys=True))


@lru_cache(maxsize=32)
def _teacher(settings: str) -> Any:
    """diffusers' DDPM of these settings: what every scheduler of discrete times noises by in training."""
    with IMPORTING:
        from diffusers import DDPMScheduler  # pyright: ignore[reportPrivateImportUsage]

    return DDPMScheduler.from_config(json.loads(settings))
