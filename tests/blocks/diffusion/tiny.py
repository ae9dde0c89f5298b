"""Tiny random models of the real classes, so that a text→image graph is tested in milliseconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

import yggdrasil as ygg
from yggdrasil.blocks.backbone.unet import UNet
from yggdrasil.blocks.codec.vae import Encoder, ImageDecoder
from yggdrasil.blocks.conditioner.encoder import TextEncoder
from yggdrasil.blocks.guidance.cfg import ClassifierFree
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.blocks.tokenizer.fast import FastTokenizer
from yggdrasil.contract import Block, FileRef
from yggdrasil.contract.digest import digest_file

BERT: dict[str, Any] = {
    "model_type": "bert", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 32, "vocab_size": 32, "max_position_embeddings": 16,
}  # fmt: skip
CLIP: dict[str, Any] = {
    "model_type": "clip_text_model", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 32, "vocab_size": 32, "max_position_embeddings": 16, "projection_dim": 16,
}  # fmt: skip
UNET: dict[str, Any] = {
    "sample_size": 8, "in_channels": 4, "out_channels": 4, "block_out_channels": [8, 16], "layers_per_block": 1,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"], "mid_block_type": "UNetMidBlock2DCrossAttn",
    "cross_attention_dim": 16, "attention_head_dim": 2, "norm_num_groups": 4,
}  # fmt: skip
VAE: dict[str, Any] = {
    "latent_channels": 4, "encoder_block_out_channels": [8, 8], "decoder_block_out_channels": [8, 8],
    "num_encoder_blocks": [1, 1], "num_decoder_blocks": [1, 1],
}  # fmt: skip


def seeded(block: Any) -> Any:
    """The block with random weights, the same each time."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        block.module = block.build()
    return block


def tokenizer(folder: Path) -> FastTokenizer:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["[PAD]", "[UNK]", "a", "fox", "in", "snow", "at", "night", "castle", "the"]
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(made.to_str())))
    block = FastTokenizer(window=8)
    block.files = {"tokenizer": FileRef(digest_file(path), path)}
    return block


def parts(folder: Path, arch: dict[str, Any] = BERT) -> list[Block]:
    decoder = seeded(ImageDecoder(arch=VAE))
    encoder = Encoder(arch=VAE, size=16)
    encoder.module = decoder.module
    return [
        tokenizer(folder), seeded(TextEncoder(arch=arch)), seeded(UNet(arch=UNET)), ClassifierFree(),
        SchedulerSolver(scheduler="DDIMScheduler", shape=(4, 8, 8)), encoder, decoder,
    ]  # fmt: skip


def painter(folder: Path, arch: dict[str, Any] = BERT) -> ygg.Graph:
    """Text→image and image→image, drawn by adding blocks without one edge."""
    graph = ygg.Graph("tiny")
    for block in parts(folder, arch):
        graph.add(block)
    graph.defaults = {"steps": 4, "guidance_scale": 3.0}
    return graph
