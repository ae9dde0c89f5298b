"""diffusers' conditional UNet as Backbone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from yggdrasil.blocks.backbone.network import Network, Prediction
from yggdrasil.blocks.backbone.residuals import residuals
from yggdrasil.contract import PortError, here
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.ports import Ports
from yggdrasil.contract.torch_mode import lasting
from yggdrasil.ports import AnyValue, Embedding, Latent, Timestep

if TYPE_CHECKING:
    import torch
    from torch import nn


_PLACES = {
    "down": "down_block_additional_residuals",
    "mid": "mid_block_additional_residual",
    "down_intrablock": "down_intrablock_additional_residuals",
}
"""Place of an adapter's features → the argument of diffusers' UNet."""


class UNet(Network, type="backbone/unet", role="Backbone"):
    """Predict once: noise or velocity, shape of the latent, float32.

    A UNet that was taught its guidance (`time_cond_proj_dim`) has the input `scale`, told to it as an embedding.
    `adapter_features`: dicts of `down` (a tensor for each skip connection, from the outside in) and `mid`, which are
    added there; a dict of `down_intrablock`, one for each down block, is added inside (T2I-Adapter). `arch` is the
    config of a diffusers UNet2DConditionModel.
    """

    pure: ClassVar[bool] = True

    @property
    def inputs(self) -> Ports:
        ports = super().inputs
        return ports if self._taught else {name: port for name, port in ports.items() if name != "scale"}

    @property
    def _taught(self) -> int | None:
        return self.arch.get("time_cond_proj_dim")

    def forward(
        self,
        latent: Latent,
        timestep: Timestep,
        condition: Embedding,
        adapter_features: AnyValue = None,
        scale: float = 1.0,
    ) -> Prediction:
        taught, batch = self._taught, latent.shape[0]
        told = None if taught is None else self._given(scale_embedding(scale - 1, taught), batch)
        added = residuals(adapter_features, _PLACES, self.device, self.torch_dtype)
        if ("down" in added) != ("mid" in added):
            what = f"adapter_features holds {'down' if 'down' in added else 'mid'} alone"
            raise PortError(what, where=here().path, mend="give both, zeros where nothing is added")
        with self.computing() as network:
            out = network(
                latent.to(self.device, self.torch_dtype),
                timestep.to(self.device),
                self._given(condition, batch),
                timestep_cond=told,
                return_dict=False,
                **{_PLACES[place]: value for place, value in added.items()},
            )[0]
            return {"pred": out.float()}

    def build(self) -> nn.Module:
        with IMPORTING:
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
