"""Stable Audio: T5 with the seconds of the sound, a transformer over the frames of a sound's latent."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from yggdrasil.blocks.solver.diffusers_schedulers import NOISE
from yggdrasil.contract.block import Block
from yggdrasil.store.families.family import (
    T5_TEXT,
    T5_WORDS,
    Component,
    Family,
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


def _blocks(folder: Folder) -> dict[str, Block]:
    from yggdrasil.blocks.backbone.stable_audio import StableAudio
    from yggdrasil.blocks.codec.oobleck import SoundDecoder
    from yggdrasil.blocks.conditioner.encoder import TextEncoder
    from yggdrasil.blocks.conditioner.stable_audio import SpanProjection
    from yggdrasil.blocks.guidance.cfg import ClassifierFree
    from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
    from yggdrasil.blocks.tokenizer.fast import FastTokenizer

    names = ("transformer", "vae", "projection_model")
    transformer, vae, projection = (plain(folder.configs[name]) for name in names)
    name, settings = scheduler(folder)
    frames = number(transformer, "sample_size", 1024)
    longest = frames * prod(vae.get("downsampling_ratios", (2, 4, 4, 8, 8))) / number(vae, "sampling_rate", 44100)
    words = tokenizer_settings(folder, "tokenizer", 512, "<pad>")
    solver = SchedulerSolver(scheduler=name, settings=settings, shape=(number(transformer, "in_channels", 64), frames))
    project = SpanProjection(arch=projection, longest=longest)
    conditioner = TextEncoder(**text_encoder(folder, "text_encoder"))
    return {
        "tokenizer": tokenizer_files(FastTokenizer(**words, empty_negative="absent"), folder, "tokenizer"),
        "conditioner": folder.with_weights(conditioner, "text_encoder"),
        "projection": folder.with_weights(project, "projection_model"),
        "backbone": folder.with_weights(StableAudio(arch=transformer), "transformer"),
        "guidance": ClassifierFree(),
        "solver": solver,
        "decode": folder.with_weights(SoundDecoder(arch=vae, longest=longest), "vae"),
    }


STABLE_AUDIO = Family(
    about="Make a sound from a prompt (and what must not be heard), from start_seconds to end_seconds.",
    components={
        "tokenizer": T5_WORDS,
        "text_encoder": T5_TEXT,
        "projection_model": Component(
            "stable_audio", ("StableAudioProjectionModel",), weights="diffusion_pytorch_model"
        ),
        "transformer": module("StableAudioDiTModel"),
        "vae": module("AutoencoderOobleck"),
        "scheduler": solvers("EDMDPMSolverMultistepScheduler", "EDMEulerScheduler", *NOISE),
    },
    blocks=_blocks,
    edges=(
        "conditioner.embedding -> projection.words",
        "conditioner.negative_embedding -> projection.negative_words",
        "tokenizer.attention_mask -> projection.attention_mask",
        "tokenizer.negative_attention_mask -> projection.negative_attention_mask",
        "projection.embedding -> backbone.condition",
        "projection.pooled -> backbone.pooled",
    ),
    defaults={"guidance_scale": 7.0, "steps": 100},
)
