"""The families of pipelines that can be taken apart, each a declaration in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping

from yggdrasil.store.families.family import Component, Family
from yggdrasil.store.families.flux import FLUX
from yggdrasil.store.families.stable_audio import STABLE_AUDIO
from yggdrasil.store.families.stable_diffusion import STABLE_DIFFUSION

FAMILIES: Mapping[str, Family] = {
    "StableDiffusionPipeline": STABLE_DIFFUSION,
    "StableDiffusionImg2ImgPipeline": STABLE_DIFFUSION,
    "FluxPipeline": FLUX,
    "FluxImg2ImgPipeline": FLUX,
    "StableAudioPipeline": STABLE_AUDIO,
}
"""Class of the pipeline → its family."""

__all__ = ["FAMILIES", "Component", "Family"]
