"""What every denoising network shares: its weights, one prompt for a whole batch, and both halves of a guided one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Pred

if TYPE_CHECKING:
    import torch


class Prediction(TypedDict):
    pred: Pred


class BothPredictions(Prediction):
    pred_uncond: Pred | None


class Network(TorchBlock):
    """A module that predicts noise or velocity. `arch` is its config as diffusers writes it."""

    arch: dict[str, Any]

    def _given(self, value: torch.Tensor, batch: int) -> torch.Tensor:
        """A condition for each latent of the batch, where the network computes; one prompt serves them all."""
        if value.shape[0] != batch:
            value = value.repeat(batch, *[1] * (value.dim() - 1))
        return value.to(self.device, self.torch_dtype)

    def _paired(self, uncond: torch.Tensor | None, cond: torch.Tensor, batch: int) -> torch.Tensor:
        """Both halves of a guided condition, the unconditional first; where there is none, the condition alone."""
        import torch

        given = self._given(cond, batch)
        return given if uncond is None else torch.cat([self._given(uncond, batch), given])

    def _doubled(self, latent: torch.Tensor, guided: bool) -> torch.Tensor:
        import torch

        latent = latent.to(self.device, self.torch_dtype)
        return torch.cat([latent, latent]) if guided else latent


def halves(out: torch.Tensor, guided: bool) -> BothPredictions:
    """The prediction for the condition, and for its absence if the batch held both halves."""
    out = out.float()
    if not guided:
        return {"pred": out, "pred_uncond": None}
    uncond, cond = out.chunk(2)
    return {"pred": cond, "pred_uncond": uncond}
