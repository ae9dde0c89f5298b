"""Flux: CLIP for the whole and T5 for the words, a transformer over patches, a flow, guidance as an embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yggdrasil.blocks.solver.diffusers_schedulers import BENT, FLOW
from yggdrasil.contract.block import Block
from yggdrasil.store.families.family import (
    AUTOENCODER,
    CLIP_TEXT,
    CLIP_WORDS,
    T5_TEXT,
    T5_WORDS,
    Family,
    autoencoder,
    module,
    number,
    plain,
    scheduler,
    solvers,
    text_encoder,
    tokenizer_files,
    tokenizer_settings,
)

if TYPE_CHECKING:
    from yggdrasil.store.from_diffusers import Folder

_SIDE = 128
"""Cells of the latent along a side, where no size is asked for: 1024 pixels of Flux's own autoencoder."""
_PATCH = 2
_WINDOW = 512


def _blocks(folder: Folder) -> dict[str, Block]:
    from yggdrasil.blocks.backbone.flux import Flux
    from yggdrasil.blocks.codec.vae import ImageDecoder, SamplingEncoder
    from yggdrasil.blocks.conditioner.encoder import PromptEncoder
    from yggdrasil.blocks.solver.picture import PictureSolver
    from yggdrasil.blocks.tokenizer.fast import PromptTokenizer

    text, transformer = (plain(folder.configs[name]) for name in ("text_encoder", "transformer"))
    coder, vae, factor = autoencoder(folder)
    name, settings = scheduler(folder)
    clip = tokenizer_settings(folder, "tokenizer", number(text, "max_position_embeddings", 77), "<|endoftext|>")
    t5 = tokenizer_settings(folder, "tokenizer_2", _WINDOW, "<pad>")
    solver = PictureSolver(
        scheduler=name,
        settings=settings,
        shape=(number(transformer, "in_channels", 64) // _PATCH**2, _SIDE, _SIDE),
        factor=factor,
        patch=_PATCH,
        follows_sampler=coder == "AutoencoderKL",
        rounding="up",
    )
    sampler = SamplingEncoder(arch=vae, family=coder, multiple=factor * _PATCH)
    whole = PromptEncoder(**text_encoder(folder, "text_encoder"), masked=False)
    words = PromptEncoder(**text_encoder(folder, "text_encoder_2"), masked=False)
    return {
        "tokenizer": tokenizer_files(PromptTokenizer(**clip), folder, "tokenizer"),
        "tokenizer_2": tokenizer_files(PromptTokenizer(**t5), folder, "tokenizer_2"),
        "conditioner": folder.with_weights(whole, "text_encoder"),
        "conditioner_2": folder.with_weights(words, "text_encoder_2"),
        "encode": folder.with_weights(sampler, "vae"),
        "backbone": folder.with_weights(Flux(arch=transformer), "transformer"),
        "solver": solver,
        "decode": folder.with_weights(ImageDecoder(arch=vae, family=coder, patch=_PATCH), "vae"),
    }


FLUX = Family(
    about="Paint a picture from a prompt, or repaint a given picture (image, strength).",
    components={
        "tokenizer": CLIP_WORDS,
        "tokenizer_2": T5_WORDS,
        "text_encoder": CLIP_TEXT,
        "text_encoder_2": T5_TEXT,
        "transformer": module("FluxTransformer2DModel"),
        "vae": AUTOENCODER,
        "scheduler": solvers(FLOW, *BENT),
    },
    blocks=_blocks,
    edges=(
        "tokenizer.token_ids -> conditioner.token_ids",
        "tokenizer.attention_mask -> conditioner.attention_mask",
        "tokenizer_2.token_ids -> conditioner_2.token_ids",
        "tokenizer_2.attention_mask -> conditioner_2.attention_mask",
        "conditioner.pooled -> backbone.pooled",
        "conditioner_2.embedding -> backbone.condition",
    ),
    ignored=("image_encoder", "feature_extractor"),
    defaults={"guidance_scale": 3.5, "steps": 28, "strength": 0.6},
)
