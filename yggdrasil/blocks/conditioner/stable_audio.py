"""What Stable Audio is told: the projected words, and when the sound starts and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from yggdrasil.blocks.conditioner.encoder import Condition
from yggdrasil.blocks.seconds import Seconds, span
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Embedding, Mask

if TYPE_CHECKING:
    import torch
    from torch import nn


class SpanProjection(TorchBlock, type="conditioner/stable_audio", role="Projection"):
    """Join embedded words with the start and the end of the sound: embedding (1, words + 2, width), pooled both ends.

    Without negative words the negative embedding is zeros, as the family declares. Seconds are bounded by `longest`.
    `arch` is the config of a diffusers StableAudioProjectionModel.
    """

    pure: ClassVar[bool] = True
    arch: dict[str, Any]
    longest: float = 47.0

    def forward(
        self,
        words: Embedding,
        attention_mask: Mask,
        negative_words: Embedding | None = None,
        negative_attention_mask: Mask | None = None,
        start_seconds: Seconds = 0.0,
        end_seconds: Seconds | None = None,
    ) -> Condition:
        import torch

        ends = span(start_seconds, end_seconds, self.longest)
        with self.computing() as network:
            module: Any = network
            start, end = (torch.tensor([float(second)], device=self.device) for second in ends)
            told = module(start_seconds=start, end_seconds=end)
            first, last = told.seconds_start_hidden_states, told.seconds_end_hidden_states
            texts, masks = words.to(self.device, self.torch_dtype), attention_mask
            if negative_words is not None and negative_attention_mask is not None:
                kept = negative_attention_mask.to(negative_words.device, torch.bool).unsqueeze(2)
                nothing = torch.where(kept, negative_words, 0.0).to(self.device, self.torch_dtype)
                texts = torch.cat([nothing, texts])
                masks = torch.cat([negative_attention_mask, attention_mask])
            projected = self._projected(module, texts, masks)
            joined = [torch.cat([one[None], first, last], dim=1).float() for one in projected]
            pooled = torch.cat([first, last], dim=2).float()
        negative = joined[0] if len(joined) > 1 else torch.zeros_like(joined[0])
        return {"embedding": joined[-1], "pooled": pooled, "negative_embedding": negative, "negative_pooled": pooled}

    def _projected(self, module: Any, texts: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        projected = module(text_hidden_states=texts).text_hidden_states
        return projected * masks.to(self.device).unsqueeze(-1).to(projected.dtype)

    def build(self) -> nn.Module:
        with IMPORTING:
            from diffusers.pipelines.stable_audio import modeling_stable_audio

            library: Any = modeling_stable_audio
            return library.StableAudioProjectionModel.from_config(self.arch)

    def identity(self) -> Any:
        return ["diffusers/StableAudioProjectionModel", self.arch]
