"""A text encoder of transformers as Conditioner, and the same encoder as sentence embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from yggdrasil.blocks.tokenizer.fast import read_tokenizer
from yggdrasil.contract import WeightsError
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Embedding, Json, Mask, Text, TokenIds

if TYPE_CHECKING:
    import torch
    from torch import nn


_FETCHING = {"auto_map", "attn_implementation", "_attn_implementation", "quantization_config"}
"""Keys by which a config would have code or kernels loaded from elsewhere."""


class Condition(TypedDict):
    embedding: Embedding
    negative_embedding: Embedding | None


class TextEncoder(TorchBlock, type="conditioner/encoder", role="Conditioner"):
    """Encode token ids; the embedding is the last hidden states, shape (batch, window, width), float32.

    `arch` is the transformers config of the encoder; a `prefix` is taken off the names of its file's tensors, and
    those that then begin with one of `drop` are left out. Not `masked`, it reads the padding too, as CLIP was taught.
    """

    arch: dict[str, Any]
    drop: list[str] = []
    prefix: str = ""
    masked: bool = True

    def forward(
        self,
        token_ids: TokenIds,
        attention_mask: Mask | None = None,
        negative_token_ids: TokenIds | None = None,
        negative_attention_mask: Mask | None = None,
    ) -> Condition:
        negative = None
        if negative_token_ids is not None:
            negative = self._encode(negative_token_ids, negative_attention_mask)
        return {"embedding": self._encode(token_ids, attention_mask), "negative_embedding": negative}

    def build(self) -> nn.Module:
        return build_encoder(self.arch, self.name)

    def identity(self) -> Any:
        return ["transformers/encoder", self.arch, self.drop, self.prefix]

    def chosen(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        named = {n.removeprefix(self.prefix): t for n, t in tensors.items()}
        return {n: t for n, t in named.items() if not n.startswith(tuple(self.drop))} if self.drop else named

    def _encode(self, ids: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        import torch

        with torch.inference_mode():
            mask = mask.to(self.device) if mask is not None and self.masked else None
            return self.module(input_ids=ids.to(self.device), attention_mask=mask).last_hidden_state.float().cpu()


class Embedder(TextEncoder, type="embed/sentence", role="Tool"):
    """Embed a text as one unit vector (mean of the last hidden states), for search by meaning."""

    window: int = 256

    def forward(self, text: Text) -> Json:
        import torch

        tokenizer, lock = read_tokenizer(self, "[PAD]")
        with lock:
            batch = tokenizer([text], truncation=True, max_length=self.window, return_tensors="pt")
        hidden = self._encode(batch["input_ids"], batch["attention_mask"])
        mask = batch["attention_mask"][..., None]
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1)[0].tolist()


def build_encoder(arch: dict[str, Any], where: str) -> nn.Module:
    """An empty transformers encoder of a known architecture. Raises WeightsError for keys that load code."""
    from transformers import AutoConfig, AutoModel

    if "model_type" not in arch or _FETCHING & set(arch):
        raise WeightsError(
            f"its arch must name a model_type of transformers and none of {', '.join(sorted(_FETCHING))}",
            where=where,
            mend="code out of a model's folder is never run; use an architecture that transformers has",
        )
    rest = {k: v for k, v in arch.items() if k not in ("model_type", "architectures")}
    try:
        config = AutoConfig.for_model(arch["model_type"], **rest)
    except ValueError as error:
        raise WeightsError(f"transformers has no {arch['model_type']!r}", where=where, mend=str(error)[:200]) from None
    extra = {"add_pooling_layer": False} if arch["model_type"] == "bert" else {}
    return AutoModel.from_config(config, **extra)
