"""Stable Diffusion: CLIP, a UNet over the latents of an autoencoder, classifier-free guidance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yggdrasil.blocks.solver.diffusers_schedulers import NOISE
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ManifestError
from yggdrasil.store.families.family import (
    AUTOENCODER,
    CLIP_TEXT,
    CLIP_WORDS,
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

_FORCED = {"steps_offset": 1, "clip_sample": False}
"""What the pipeline sets in its scheduler when it is made, whatever an old config says."""
_SMALL = 64
"""The sample size that the pipeline gives a UNet of a diffusers older than 0.9 that says a smaller one."""


def _blocks(folder: Folder) -> dict[str, Block]:
    from yggdrasil.blocks.backbone.unet import UNet
    from yggdrasil.blocks.codec.vae import ImageDecoder, SamplingEncoder
    from yggdrasil.blocks.conditioner.encoder import TextEncoder
    from yggdrasil.blocks.guidance.cfg import ClassifierFree
    from yggdrasil.blocks.solver.picture import PictureSolver
    from yggdrasil.blocks.tokenizer.fast import FastTokenizer

    text, unet = (plain(folder.configs[name]) for name in ("text_encoder", "unet"))
    coder, vae, factor = autoencoder(folder)
    name, settings = scheduler(folder, _FORCED)
    words = tokenizer_settings(folder, "tokenizer", number(text, "max_position_embeddings", 77), "<|endoftext|>")
    masked = bool(text.get("use_attention_mask"))
    solver = PictureSolver(
        scheduler=name,
        settings=settings,
        shape=(unet.get("in_channels", 4), *_sides(folder)),
        factor=factor,
        follows_sampler=coder == "AutoencoderKL",
    )
    conditioner = TextEncoder(**text_encoder(folder, "text_encoder"), masked=masked)
    sampler = SamplingEncoder(arch=vae, family=coder, multiple=factor)
    return {
        "tokenizer": tokenizer_files(FastTokenizer(**words), folder, "tokenizer"),
        "conditioner": folder.with_weights(conditioner, "text_encoder"),
        "encode": folder.with_weights(sampler, "vae"),
        "backbone": folder.with_weights(UNet(arch=unet), "unet"),
        "guidance": ClassifierFree(),
        "solver": solver,
        "decode": folder.with_weights(ImageDecoder(arch=vae, family=coder), "vae"),
    }


def _sides(folder: Folder) -> tuple[int, int]:
    """Height and width of the latent that the UNet was taught."""
    from packaging.version import Version

    config = folder.configs["unet"]
    side: Any = config.get("sample_size")
    if isinstance(side, int) and not isinstance(side, bool):
        version = config.get("_diffusers_version")
        old = isinstance(version, str) and Version(Version(version).base_version) < Version("0.9.0.dev0")
        side = _SMALL if old and side < _SMALL else side
        return side, side
    if isinstance(side, list) and [type(part) for part in side] == [int, int]:
        return side[0], side[1]
    raise ManifestError(
        "the UNet does not say its sample_size",
        where=str(folder.path / "unet"),
        mend="give it: `sample_size` in unet/config.json, the latent's side (64 for pictures of 512 pixels)",
    )


STABLE_DIFFUSION = Family(
    about="Paint a picture from a prompt (and what must not be in it), or repaint a given picture (image, strength).",
    components={
        "tokenizer": CLIP_WORDS,
        "text_encoder": CLIP_TEXT,
        "unet": module("UNet2DConditionModel"),
        "vae": AUTOENCODER,
        "scheduler": solvers(*NOISE),
    },
    blocks=_blocks,
    ignored=("safety_checker", "feature_extractor", "image_encoder"),
    defaults={"guidance_scale": 7.5, "steps": 50, "strength": 0.8},
)
