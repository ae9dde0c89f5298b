"""diffusers' conditional UNet as Backbone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from yggdrasil.blocks.backbone.network import BothPredictions, Network, halves
from yggdrasil.contract.computing import lasting
from yggdrasil.ports import Embedding, Latent, Timestep

if TYPE_CHECKING:
    import torch
    from torch import nn


class UNet(Network, type="backbone/unet", role="Backbone"):
    """Predict once: noise or velocity, shape of the latent, float32.

    With a negative condition and a scale other than 1 both halves are computed in one batch, the unconditional
    first. A UNet that was taught its guidance (`time_cond_proj_dim`) gets the scale as an embedding instead, and
    never a second half. `arch` is the config of a diffusers UNet2DConditionModel.
    """

    pure: ClassVar[bool] = True

    def forward(
        self,
        latent: Latent,
        timestep: Timestep,
        condition: Embedding,
        negative: Embedding | None = None,
        scale: float = 1.0,
    ) -> BothPredictions:
        taught: int | None = self.arch.get("time_cond_proj_dim")
        guided = negative is not None and scale != 1.0 and taught is None
        batch = latent.shape[0]
        told = None if taught is None else self._given(scale_embedding(scale - 1, taught), batch)
        with self.computing() as network:
            out = network(
                self._doubled(latent, guided),
                timestep.to(self.device),
                self._paired(negative if guided else None, condition, batch),
                timestep_cond=told,
                return_dict=False,
            )[0]
            return halves(out, guided)

    def build(self) -> nn.Module:
        import diffusers

        library: Any = diffusers
        return library.UNet2DConditionModel.from_config(self.arch)

    def identity(self) -> Any:
        return ["diffusers/UNet2DConditionModel", self.arch]


@lru_cache(maxsize=8)
@lasting
def scale_embedding(scale: float, width: int) -> torch.Tensor:
    """The sinusoidal embedding of a guidance scale, shape (1, width), as variational diffusion models embed time.

    Kingma et al. 2021, `get_timestep_embedding` of google-research/vdm: sines and cosines of 1000 · scale at `width`
    / 2 frequencies from 1 to 1/10000.
    """
    import torch

    half = width // 2
    step = torch.log(torch.tensor(10000.0)) / (half - 1)
    waves = torch.tensor([scale * 1000.0])[:, None] * torch.exp(torch.arange(half, dtype=torch.float32) * -step)[None]
    return torch.nn.functional.pad(torch.cat([waves.sin(), waves.cos()], dim=1), (0, width % 2))
