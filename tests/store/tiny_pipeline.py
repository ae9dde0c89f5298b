"""A tiny random Stable Diffusion, made and saved by diffusers itself, in the layouts that folders have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

_UNET: dict[str, Any] = {
    "sample_size": 8, "in_channels": 4, "out_channels": 4, "block_out_channels": (8, 16), "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 16, "attention_head_dim": 2, "norm_num_groups": 4,
}  # fmt: skip
_KL: dict[str, Any] = {
    "block_out_channels": (8, 16), "norm_num_groups": 4, "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2,
}  # fmt: skip
_TINY: dict[str, Any] = {
    "latent_channels": 4, "encoder_block_out_channels": (8, 8), "decoder_block_out_channels": (8, 8),
    "num_encoder_blocks": (1, 1), "num_decoder_blocks": (1, 1),
}  # fmt: skip


def vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Letters, their ends of words, and a few merges, as CLIP writes them."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    merges = [("f", "o"), ("fo", "x</w>"), ("i", "n</w>"), ("s", "n"), ("sn", "o"), ("sno", "w</w>")]
    words = [*letters, *(f"{c}</w>" for c in letters), *("".join(pair) for pair in merges)]
    return {w: i for i, w in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}, merges


def pipeline(scheduler: str = "DDIMScheduler", tiny_vae: bool = False, **settings: Any) -> Any:
    """The pipeline of diffusers, with random weights that are the same each time."""
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    library: Any = diffusers
    words, merges = vocabulary()
    tokenizer = CLIPTokenizer(vocab=words, merges=merges, model_max_length=77)  # type: ignore[arg-type]
    config = CLIPTextConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, vocab_size=len(words),
        max_position_embeddings=77, projection_dim=16, bos_token_id=len(words) - 2, eos_token_id=len(words) - 1,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(3)
        text = CLIPTextModel(config).eval()
        unet = library.UNet2DConditionModel(**_UNET).eval()
        vae = library.AutoencoderTiny(**_TINY) if tiny_vae else library.AutoencoderKL(**_KL)
    made = library.StableDiffusionPipeline(
        vae=vae.eval(), text_encoder=text, tokenizer=tokenizer, unet=unet,
        scheduler=getattr(library, scheduler)(**settings), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


def saved(made: Any, folder: Path) -> Path:
    made.save_pretrained(folder, safe_serialization=True)
    return folder


def as_of_old(folder: Path) -> Path:
    """The same folder as the first Stable Diffusions lie on the hub: old names and settings, vocab.json, merges.txt."""
    from safetensors.torch import load_file, save_file

    words, merges = vocabulary()
    (folder / "tokenizer" / "tokenizer.json").unlink()
    (folder / "tokenizer" / "vocab.json").write_text(json.dumps(words))
    lines = "\n".join(" ".join(pair) for pair in merges)
    (folder / "tokenizer" / "merges.txt").write_text(f"#version: 0.2\n{lines}\n")
    path = folder / "scheduler" / "scheduler_config.json"
    settings = {**json.loads(path.read_text()), "steps_offset": 0, "clip_sample": True}
    path.write_text(json.dumps(settings))
    path = folder / "text_encoder" / "model.safetensors"
    tensors = {f"text_model.{name}": tensor.clone() for name, tensor in load_file(path).items()}
    tensors["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    path.unlink()
    save_file(tensors, path, {"format": "pt"})
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    for new, was in old.items():
        tensors = {name.replace(f".{new}.", f".{was}."): tensor for name, tensor in tensors.items()}
    path.unlink()
    save_file(tensors, path, {"format": "pt"})
    return folder
