"""diffusers' conditional UNet as Backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Embedding, Latent, Pred, Timestep

if TYPE_CHECKING:
    from torch import nn


class Prediction(TypedDict):
    pred: Pred
    pred_uncond: Pred | None


class UNet(TorchBlock, type="backbone/unet", role="Backbone"):
    """Predict once: noise or velocity, shape of the latent, float32.

    With a negative condition and a scale other than 1 both halves are computed in one batch,
    the unconditional first. `arch` is the config of a diffusers UNet2DConditionModel.
    """

    arch: dict[str, Any]

    def forward(
        self,
        latent: Latent,
        timestep: Timestep,
        condition: Embedding,
        negative: Embedding | None = None,
        scale: float = 1.0,
    ) -> Prediction:
        import torch

        guided = negative is not None and scale != 1.0
        states = torch.cat([negative, condition]) if guided and negative is not None else condition
        latents = torch.cat([latent, latent]) if guided else latent
        with torch.inference_mode():
            out = (
                self.module(
                    latents.to(self.device, self.torch_dtype),
                    timestep.to(self.device),
                    states.to(self.device, self.torch_dtype),
                    return_dict=False,
                )[0]
                .float()
                .cpu()
            )
        if not guided:
            return {"pred": out, "pred_uncond": None}
        uncond, cond = out.chunk(2)
        return {"pred": cond, "pred_uncond": uncond}

    def build(self) -> nn.Module:
        import diffusers

        library: Any = diffusers
        return library.UNet2DConditionModel.from_config(self.arch)

    def identity(self) -> Any:
        return ["diffusers/UNet2DConditionModel", self.arch]
