"""diffusers' autoencoders as Codec: a decoder and an encoder that share one module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from yggdrasil.blocks.solver.scheduler import Seed
from yggdrasil.contract import WeightsError
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Image, Latent

if TYPE_CHECKING:
    import torch
    from torch import nn

_CLASSES = ("AutoencoderTiny", "AutoencoderKL")
_OLD = re.compile(r"(.*\.attentions\.\d+)\.(query|key|value|proj_attn)\.(weight|bias)")
_NEW = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of an attention's parts in older files, and those that the classes have now."""


class _Autoencoder(TorchBlock):
    """What both directions share: the module and the scaling of its latents."""

    arch: dict[str, Any]
    family: Literal["AutoencoderTiny", "AutoencoderKL"] = "AutoencoderTiny"

    def build(self) -> nn.Module:
        import diffusers

        if self.family not in _CLASSES:
            raise WeightsError(f"no autoencoder {self.family!r}", where=self.name, mend=f"use one of {_CLASSES}")
        return getattr(diffusers, self.family).from_config(self.arch)

    def identity(self) -> Any:
        return [f"diffusers/{self.family}", self.arch]

    def chosen(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        found = {name: _OLD.fullmatch(name) for name in tensors}
        return {f"{m[1]}.{_NEW[m[2]]}.{m[3]}" if (m := found[name]) else name: t for name, t in tensors.items()}

    def _autoencoder(self) -> Any:
        return self.module

    def _scaling(self) -> tuple[float, float]:
        return float(self.arch.get("scaling_factor", 1.0)), float(self.arch.get("shift_factor") or 0.0)


class Decoder(_Autoencoder, type="codec/vae", role="Codec"):
    """Decode a latent of shape (1, channels, h, w) into an RGB picture."""

    def forward(self, latent: Latent) -> Image:
        import torch
        from PIL import Image as Pictures

        factor, shift = self._scaling()
        with torch.inference_mode():
            scaled = latent.to(self.device, self.torch_dtype) / factor + shift
            pixels = self._autoencoder().decode(scaled, return_dict=False)[0]
        array = ((pixels[0].float().cpu().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
        return Pictures.fromarray(array.permute(1, 2, 0).contiguous().numpy(), "RGB")


class Encoder(_Autoencoder, type="codec/vae_encoder", role="Codec"):
    """Encode an RGB picture into a latent of shape (1, channels, h, w); without a picture there is no latent.

    A picture of another size than `size` (width and height in pixels) is resized to it (Lanczos), and says so.
    """

    size: int = 64

    def forward(self, image: Image | None = None) -> Latent | None:
        return self._encode(image, None)

    def _encode(self, image: Any, generator: torch.Generator | None) -> Any:
        """The latent: drawn by the generator where there is one and the family codes a distribution, else its mode."""
        import numpy as np
        import torch
        from PIL import Image as Pictures

        from yggdrasil.contract import here

        if image is None:
            return None
        if image.size != (self.size, self.size):
            here().note(f"the picture of {image.size[0]}×{image.size[1]} was resized to {self.size}×{self.size}")
            image = image.resize((self.size, self.size), Pictures.Resampling.LANCZOS)
        array = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None]
        factor, shift = self._scaling()
        with torch.inference_mode():
            scaled = (array.float() / 127.5 - 1).to(self.device, self.torch_dtype)
            coded = self._autoencoder().encode(scaled, return_dict=False)[0]
            if self.family == "AutoencoderKL":
                coded = coded.mode() if generator is None else coded.sample(generator)
        return (coded.float().cpu() - shift) * factor


class Sampler(Encoder, type="codec/vae_sampler", role="Codec"):
    """Encode an RGB picture into a latent of shape (1, channels, h, w), drawn on the CPU from `seed`.

    An AutoencoderKL codes a distribution; what it draws is the first that the generator of the seed gives.
    """

    family: Literal["AutoencoderTiny", "AutoencoderKL"] = "AutoencoderKL"

    def forward(self, image: Image | None = None, seed: Seed = 0) -> Latent | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        import torch

        return self._encode(image, torch.Generator().manual_seed(seed))
