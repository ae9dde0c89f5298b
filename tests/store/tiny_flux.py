"""A tiny random Flux, made by diffusers itself: CLIP and T5, a transformer over patches, guidance as an embedding."""

from __future__ import annotations

from typing import Any

import torch

from tests.store.tiny_pipeline import vocabulary

_VAE: dict[str, Any] = {
    "block_out_channels": (8, 16), "norm_num_groups": 4, "latent_channels": 4, "scaling_factor": 0.36,
    "shift_factor": 0.11, "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2, "use_quant_conv": False, "use_post_quant_conv": False,
}  # fmt: skip
_TRANSFORMER: dict[str, Any] = {
    "patch_size": 1, "in_channels": 16, "num_layers": 1, "num_single_layers": 1, "attention_head_dim": 16,
    "num_attention_heads": 2, "joint_attention_dim": 24, "pooled_projection_dim": 16, "axes_dims_rope": (4, 4, 8),
}  # fmt: skip
SHIFTED: dict[str, Any] = {"use_dynamic_shifting": True, "shift": 3.0, "base_shift": 0.5, "max_shift": 1.15}
BENT: dict[str, Any] = {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "use_dynamic_shifting": True}
WINDOW = 24
"""Tokens of T5: what the pipeline is called with as max_sequence_length."""


def t5(window: int = WINDOW) -> tuple[Any, Any]:
    """A tiny T5 encoder and its tokenizer of letters and a few words."""
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), ("▁fox", -1.0), ("▁snow", -1.0)]
    letters = [(c, -3.0) for c in "abcdefghijklmnopqrstuvwxyz"]
    tokenizer = T5Tokenizer(vocab=[*words, *letters], extra_ids=0, model_max_length=window)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=24, d_kv=8, d_ff=32, num_layers=1, num_heads=2, is_encoder_decoder=False,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip
    return T5EncoderModel(config).eval(), tokenizer


def flux(scheduler: str = "FlowMatchEulerDiscreteScheduler", taught: bool = True, **settings: Any) -> Any:
    """The pipeline of diffusers, with random weights that are the same each time; not `taught`, it is a schnell."""
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    library: Any = diffusers
    words, merges = vocabulary()
    clip = CLIPTokenizer(vocab=words, merges=merges, model_max_length=77)  # type: ignore[arg-type]
    config = CLIPTextConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=len(words),
        max_position_embeddings=77, projection_dim=16, bos_token_id=len(words) - 2, eos_token_id=len(words) - 1,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(4)
        text = CLIPTextModel(config).eval()
        text_2, tokenizer_2 = t5()
        transformer = library.FluxTransformer2DModel(**_TRANSFORMER, guidance_embeds=taught).eval()
        vae = library.AutoencoderKL(**_VAE).eval()
    made = library.FluxPipeline(
        scheduler=getattr(library, scheduler)(**settings), vae=vae, text_encoder=text, tokenizer=clip,
        text_encoder_2=text_2, tokenizer_2=tokenizer_2, transformer=transformer,
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made
