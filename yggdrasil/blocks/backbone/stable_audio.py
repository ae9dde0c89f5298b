"""diffusers' Stable Audio transformer as Backbone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from yggdrasil.blocks.backbone.network import Network, Prediction
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.torch_mode import lasting
from yggdrasil.ports import Embedding, Latent, Timestep

if TYPE_CHECKING:
    from torch import nn


class StableAudio(Network, type="backbone/stable_audio", role="Backbone"):
    """Predict once, shape of the latent (batch, channels, frames), float32; `pooled` says how long the sound is.

    `arch` is the config of a diffusers StableAudioDiTModel.
    """

    pure: ClassVar[bool] = True

    def forward(self, latent: Latent, timestep: Timestep, condition: Embedding, pooled: Embedding) -> Prediction:
        batch = latent.shape[0]
        with self.computing() as network:
            module: Any = network
            width = module.config.attention_head_dim // 2
            out = module(
                latent.to(self.device, self.torch_dtype),
                timestep.to(self.device).unsqueeze(0),
                encoder_hidden_states=self._given(condition, batch),
                global_hidden_states=self._given(pooled, batch),
                rotary_embedding=rotary(width, latent.shape[2] + pooled.shape[1], self.device),
                return_dict=False,
            )[0]
            return {"pred": out.float()}

    def build(self) -> nn.Module:
        with IMPORTING:
            import diffusers

            library: Any = diffusers
            return library.StableAudioDiTModel.from_config(self.arch)

    def identity(self) -> Any:
        return ["diffusers/StableAudioDiTModel", self.arch]


@lru_cache(maxsize=8)
@lasting
def rotary(width: int, length: int, device: str) -> Any:
    """The rotary embedding of `length` places, cosines and sines of shape (length, width) each."""
    with IMPORTING:
        from diffusers.models.embeddings import get_1d_rotary_pos_embed

    made: Any = get_1d_rotary_pos_embed(width, length, use_real=True, repeat_interleave_real=False)
    return tuple(part.to(device) for part in made)
