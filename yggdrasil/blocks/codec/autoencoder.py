"""What the decoders and encoders of one autoencoder share: its module, its scaling, the names of old files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from yggdrasil.contract import WeightsError
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.torch_block import TorchBlock

if TYPE_CHECKING:
    import torch
    from torch import nn

Family = Literal["AutoencoderTiny", "AutoencoderKL"]
_CLASSES = ("AutoencoderTiny", "AutoencoderKL")
_OLD = re.compile(r"(.*\.attentions\.\d+)\.(query|key|value|proj_attn)\.(weight|bias)")
_NEW = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of an attention's parts in older files, and those that the classes have now."""


class Autoencoder(TorchBlock):
    """An autoencoder of diffusers and the scaling of its latents; `arch` is its config."""

    arch: dict[str, Any]
    family: Family = "AutoencoderTiny"

    def build(self) -> nn.Module:
        if self.family not in _CLASSES:
            raise WeightsError(f"no autoencoder {self.family!r}", where=self.name, mend=f"use one of {_CLASSES}")
        with IMPORTING:
            import diffusers

            return getattr(diffusers, self.family).from_config(self.arch)

    def identity(self) -> Any:
        return [f"diffusers/{self.family}", self.arch]

    def chosen(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        found = {name: _OLD.fullmatch(name) for name in tensors}
        return {f"{m[1]}.{_NEW[m[2]]}.{m[3]}" if (m := found[name]) else name: t for name, t in tensors.items()}

    def _scaling(self, coder: Any) -> tuple[float, float]:
        """Factor and shift; what an older config leaves out is what its class says."""
        config = coder.config
        return float(config.get("scaling_factor") or 1.0), float(config.get("shift_factor") or 0.0)
