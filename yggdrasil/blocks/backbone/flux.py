"""diffusers' Flux transformer as Backbone: patches with their places, guidance as an embedding."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from yggdrasil.blocks.backbone.network import Network, Prediction
from yggdrasil.blocks.backbone.residuals import residuals
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.torch_mode import lasting
from yggdrasil.ports import AnyValue, Embedding, Latent, Timestep

if TYPE_CHECKING:
    import torch
    from torch import nn


_PLACES = {"blocks": "controlnet_block_samples", "single_blocks": "controlnet_single_block_samples"}
"""Place of an adapter's features → the argument of diffusers' transformer."""


class Flux(Network, type="backbone/flux", role="Backbone"):
    """Predict the velocity once, shape of the latent: (batch, rows, columns, channels) of patches, float32.

    The scale enters as an embedding where the model was taught it (`guidance_embeds`), else not at all: the batch
    is never doubled. `adapter_features`: dicts of `blocks` and `single_blocks`, tensors for the double and the single
    blocks, spread evenly over them. `arch` is the config of a diffusers FluxTransformer2DModel.
    """

    pure: ClassVar[bool] = True

    def forward(
        self,
        latent: Latent,
        timestep: Timestep,
        condition: Embedding,
        pooled: Embedding,
        adapter_features: AnyValue = None,
        scale: float = 3.5,
    ) -> Prediction:
        import torch

        batch, rows, columns, _ = latent.shape
        tokens = latent.to(self.device, self.torch_dtype).flatten(1, 2)
        added = residuals(adapter_features, _PLACES, self.device, self.torch_dtype)
        with self.computing() as network:
            module: Any = network
            taught = module.config.guidance_embeds
            told = torch.full([1], scale, device=self.device, dtype=torch.float32).expand(batch) if taught else None
            out = module(
                hidden_states=tokens,
                timestep=timestep.to(self.device).expand(batch).to(tokens.dtype) / 1000,
                guidance=told,
                pooled_projections=self._given(pooled, batch),
                encoder_hidden_states=self._given(condition, batch),
                txt_ids=places(1, condition.shape[1], False, self.device, tokens.dtype),
                img_ids=places(rows, columns, True, self.device, tokens.dtype),
                return_dict=False,
                **{_PLACES[place]: value for place, value in added.items()},
            )[0]
            return {"pred": out.float().unflatten(1, (rows, columns))}

    def build(self) -> nn.Module:
        from yggdrasil.blocks.backbone.cached_module import CachedModule

        with IMPORTING:
            import diffusers

            library: Any = diffusers
            module = library.FluxTransformer2DModel.from_config(self.arch)
        module.pos_embed = CachedModule(module.pos_embed)
        return module

    def identity(self) -> Any:
        return ["diffusers/FluxTransformer2DModel", self.arch]


@lru_cache(maxsize=16)
@lasting
def places(rows: int, columns: int, numbered: bool, device: str, dtype: torch.dtype) -> torch.Tensor:
    """The places of patches, shape (rows · columns, 3): (0, row, column); of a text's tokens, all (0, 0, 0)."""
    import torch

    ids = torch.zeros(rows, columns, 3)
    if numbered:
        ids[..., 1] += torch.arange(rows)[:, None]
        ids[..., 2] += torch.arange(columns)[None, :]
    return ids.reshape(rows * columns, 3).to(device=device, dtype=dtype)
