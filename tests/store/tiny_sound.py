"""A tiny random Stable Audio, made by diffusers itself."""

from __future__ import annotations

from typing import Any

import torch

from tests.store.tiny_flux import t5

_TRANSFORMER: dict[str, Any] = {
    "sample_size": 16, "in_channels": 4, "out_channels": 4, "num_layers": 2, "attention_head_dim": 8,
    "num_attention_heads": 2, "num_key_value_attention_heads": 1, "cross_attention_dim": 16, "time_proj_dim": 8,
    "global_states_input_dim": 32, "cross_attention_input_dim": 16,
}  # fmt: skip
_VAE: dict[str, Any] = {
    "encoder_hidden_size": 8, "downsampling_ratios": [2, 4], "channel_multiples": [1, 2], "decoder_channels": 8,
    "decoder_input_channels": 4, "audio_channels": 2, "sampling_rate": 64,
}  # fmt: skip


def sound(scheduler: str = "EDMDPMSolverMultistepScheduler", **settings: Any) -> Any:
    """The pipeline of diffusers, with random weights that are the same each time; its sounds last 2 seconds."""
    import diffusers
    from diffusers.pipelines.stable_audio.modeling_stable_audio import StableAudioProjectionModel

    library: Any = diffusers
    with torch.random.fork_rng():
        torch.manual_seed(6)
        text, tokenizer = t5()
        projection = StableAudioProjectionModel(text_encoder_dim=24, conditioning_dim=16, min_value=0, max_value=8)
        transformer = library.StableAudioDiTModel(**_TRANSFORMER).eval()
        vae = library.AutoencoderOobleck(**_VAE).eval()
    made = library.StableAudioPipeline(
        vae=vae, text_encoder=text, projection_model=projection.eval(), tokenizer=tokenizer, transformer=transformer,
        scheduler=getattr(library, scheduler)(**settings),
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made
