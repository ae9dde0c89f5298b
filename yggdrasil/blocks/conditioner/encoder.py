"""A text encoder of transformers as Conditioner, and the same encoder as sentence embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from yggdrasil.blocks.conditioner.architectures import build_encoder
from yggdrasil.blocks.tokenizer.files import read_tokenizer
from yggdrasil.contract import here
from yggdrasil.contract.finite import check_finite, finite_kinds
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Embedding, Json, Mask, Text, TokenIds

if TYPE_CHECKING:
    import torch
    from torch import nn

_TIED = {"encoder.embed_tokens.weight": "shared.weight"}
"""Tensors that T5 files leave out, and those that they are."""


class PromptCondition(TypedDict):
    embedding: Embedding
    pooled: Embedding | None


class Condition(PromptCondition):
    negative_embedding: Embedding | None
    negative_pooled: Embedding | None


class PromptEncoder(TorchBlock, type="conditioner/prompt", role="Conditioner"):
    """Encode token ids; the embedding is the last hidden states, shape (1, windows · window, width), float32.

    Each window is read by itself; `pooled`, shape (1, width), is of the first, from encoders that have one.
    `arch` is the transformers config of the encoder; a `prefix` is taken off the names of its file's tensors, and
    those that then begin with one of `drop` are left out. Not `masked`, it reads the padding too, as CLIP was taught.
    """

    pure: ClassVar[bool] = True
    arch: dict[str, Any]
    drop: list[str] = []
    prefix: str = ""
    masked: bool = True

    def forward(self, token_ids: TokenIds, attention_mask: Mask | None = None) -> PromptCondition:
        embedding, pooled = self._encode(token_ids, attention_mask)
        return {"embedding": embedding, "pooled": pooled}

    def build(self) -> nn.Module:
        return build_encoder(self.arch, self.name)

    def identity(self) -> Any:
        return ["transformers/encoder", self.arch, self.drop, self.prefix]

    def chosen(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        named = {n.removeprefix(self.prefix): t for n, t in tensors.items()}
        named |= {n: named[source] for n, source in _TIED.items() if source in named and n not in named}
        return {n: t for n, t in named.items() if not n.startswith(tuple(self.drop))} if self.drop else named

    def _encode(self, ids: torch.Tensor, mask: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Embedding and pooled embedding; window by window, so that no window's bits depend on the others."""
        import torch

        found: list[Any] = []
        with self.computing() as module:
            for at in range(ids.shape[0]):
                row = mask[at : at + 1].to(self.device) if mask is not None and self.masked else None
                found.append(module(input_ids=ids[at : at + 1].to(self.device), attention_mask=row))
        pooled = getattr(found[0], "pooler_output", None)
        states = [one.last_hidden_state for one in found]
        whole = states[0] if len(states) == 1 else torch.cat(states, dim=1)
        kinds = finite_kinds(self.outputs)
        check_finite({"embedding": whole, "pooled": pooled}, kinds, lambda _: here().path or self.name)
        return whole.float(), None if pooled is None else pooled.float()


class TextEncoder(PromptEncoder, type="conditioner/encoder"):
    """Encode the ids of a prompt and of what must not be seen, each to shape (1, windows · window, width), float32.

    At guidance scale 1 the negative ids are not encoded: nothing would ask for them.
    """

    pure: ClassVar[bool] = True

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        token_ids: TokenIds,
        attention_mask: Mask | None = None,
        negative_token_ids: TokenIds | None = None,
        negative_attention_mask: Mask | None = None,
        scale: float = 1.0,
    ) -> Condition:
        embedding, pooled = self._encode(token_ids, attention_mask)
        negative, negative_pooled = None, None
        if negative_token_ids is not None and scale != 1.0:
            negative, negative_pooled = self._encode(negative_token_ids, negative_attention_mask)
        return {
            "embedding": embedding,
            "pooled": pooled,
            "negative_embedding": negative,
            "negative_pooled": negative_pooled,
        }


class Embedder(PromptEncoder, type="embed/sentence", role="Tool"):
    """Embed a text as one unit vector (mean of the last hidden states), for search by meaning."""

    pure: ClassVar[bool] = True
    window: int = 256

    def forward(self, text: Text) -> Json:  # pyright: ignore[reportIncompatibleMethodOverride]
        import torch

        tokenizer, lock, _ = read_tokenizer(self, "[PAD]")
        with lock:
            batch = tokenizer([text], truncation=True, max_length=self.window, return_tensors="pt")
        hidden, _ = self._encode(batch["input_ids"], batch["attention_mask"])
        mask = batch["attention_mask"][..., None].to(hidden.device)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1)[0].tolist()
