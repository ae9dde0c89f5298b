"""diffusers' autoencoder of sound (Oobleck) as Codec."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from yggdrasil.blocks.seconds import Seconds, span
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Audio, AudioClip, Audios, Latent

if TYPE_CHECKING:
    from torch import nn


class Sounded(TypedDict):
    audio: Audio
    audios: Audios


class SoundDecoder(TorchBlock, type="codec/oobleck", role="Codec"):
    """Decode latents of shape (batch, channels, frames) into sounds; `audio` is the first of `audios`.

    Of each sound the part from `start_seconds` to `end_seconds` is kept; the end defaults to the `longest` sound, in
    seconds, that the model makes. `arch` is the config of a diffusers AutoencoderOobleck.
    """

    pure: ClassVar[bool] = True
    arch: dict[str, Any]
    longest: float = 47.0

    def forward(self, latent: Latent, start_seconds: Seconds = 0.0, end_seconds: Seconds | None = None) -> Sounded:
        start, end = span(start_seconds, end_seconds, self.longest)
        with self.computing() as network:
            module: Any = network
            rate: int = module.config.sampling_rate
            waves = module.decode(latent.to(self.device, self.torch_dtype), return_dict=False)[0]
        kept = waves[:, :, int(start * rate) : int(end * rate)].detach().float().cpu().numpy()
        audios = [AudioClip(samples, rate) for samples in kept]
        return {"audio": audios[0], "audios": audios}

    def build(self) -> nn.Module:
        with IMPORTING, warnings.catch_warnings():
            import diffusers

            library: Any = diffusers
            warnings.filterwarnings("ignore", message=".*weight_norm", category=FutureWarning)
            return library.AutoencoderOobleck.from_config(self.arch)

    def identity(self) -> Any:
        return ["diffusers/AutoencoderOobleck", self.arch]
