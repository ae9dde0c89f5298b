"""The families of pipelines that can be taken apart: for each, what its folder holds and which blocks that makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ManifestError, MissingFile

if TYPE_CHECKING:
    from yggdrasil.store.from_diffusers import Folder

_FLOW = "FlowMatchEulerDiscreteScheduler"


@dataclass(frozen=True)
class Component:
    """One subfolder: the classes that it may be of, its config file, and the stem of its weights file."""

    library: str
    classes: tuple[str, ...]
    config: str = "config.json"
    weights: str = ""


@dataclass(frozen=True)
class Family:
    """Pipelines of one form. `blocks` makes the nodes in the order in which they are added, without an edge."""

    about: str
    components: Mapping[str, Component]
    blocks: Callable[[Folder], dict[str, Block]]
    ignored: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


def _schedulers() -> tuple[str, ...]:
    from yggdrasil.blocks.solver.scheduler import Name

    return tuple(name for name in get_args(Name) if name != _FLOW)


def _stable_diffusion(folder: Folder) -> dict[str, Block]:
    from yggdrasil.blocks.backbone.unet import UNet
    from yggdrasil.blocks.codec.vae import Decoder, Encoder, Sampler
    from yggdrasil.blocks.conditioner.encoder import TextEncoder
    from yggdrasil.blocks.guidance.cfg import ClassifierFree
    from yggdrasil.blocks.solver.scheduler import SchedulerSolver

    text, unet, vae = (_plain(folder.configs[name]) for name in ("text_encoder", "unet", "vae"))
    family = folder.configs["vae"].get("_class_name", "AutoencoderKL")
    side = _side(folder, unet)
    levels = vae.get("block_out_channels") or vae.get("encoder_block_out_channels")
    size = side * 2 ** (len(levels) - 1 if isinstance(levels, list) else 3)
    drawn = family == "AutoencoderKL"
    encoder = Sampler(arch=vae, family=family, size=size) if drawn else Encoder(arch=vae, family=family, size=size)
    solver, settings = _scheduler(folder)
    shape = (unet.get("in_channels", 4), side, side)
    conditioner = TextEncoder(
        arch={key: value for key, value in text.items() if key not in ("dtype", "torch_dtype", "transformers_version")},
        drop=["embeddings.position_ids"],
        prefix="text_model.",
        masked=bool(text.get("use_attention_mask")),
    )
    return {
        "tokenizer": clip_tokenizer(folder, "tokenizer", _number(text, "max_position_embeddings", 77)),
        "conditioner": folder.with_weights(conditioner, "text_encoder"),
        "encode": folder.with_weights(encoder, "vae"),
        "backbone": folder.with_weights(UNet(arch=unet), "unet"),
        "guidance": ClassifierFree(),
        "solver": SchedulerSolver(scheduler=solver, settings=settings, shape=shape, follows_sampler=drawn),
        "decode": folder.with_weights(Decoder(arch=vae, family=family), "vae"),
    }


def clip_tokenizer(folder: Folder, component: str, window: int) -> Block:
    """A CLIP tokenizer out of tokenizer.json, else of vocab.json and merges.txt, padded as its settings say."""
    from yggdrasil.blocks.tokenizer.fast import FastTokenizer

    settings = {**folder.optional(component, "special_tokens_map.json"), **folder.configs[component]}
    pad = settings.get("pad_token") or "<|endoftext|>"
    longest = settings.get("model_max_length")
    block = FastTokenizer(
        window=min(longest, window) if isinstance(longest, int) else window,
        pad_token=str(pad.get("content", "")) if isinstance(pad, dict) else str(pad),
    )
    names = {"tokenizer": "tokenizer.json", "vocab": "vocab.json", "merges": "merges.txt"}
    found = {role: ref for role, name in names.items() if (ref := folder.file(component, name)) is not None}
    if "tokenizer" in found:
        block.files["tokenizer"] = found["tokenizer"]
    elif len(found) == 2:
        block.files |= found
    else:
        raise MissingFile(
            "holds neither tokenizer.json nor vocab.json with merges.txt",
            where=str(folder.path / component),
            mend="fetch the whole pipeline again",
        )
    return block


def _number(config: Mapping[str, Any], name: str, default: int) -> int:
    value = config.get(name, default)
    return value if isinstance(value, int) else default


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != "_class_name"}


def _side(folder: Folder, unet: Mapping[str, Any]) -> int:
    side = unet.get("sample_size")
    if not isinstance(side, int) or isinstance(side, bool) or unet.get("time_cond_proj_dim") is not None:
        raise ManifestError(
            "the UNet has no one square sample_size, or is given its guidance as an embedding",
            where=str(folder.path / "unet"),
            mend="give a Stable Diffusion whose unet/config.json says one sample_size and no time_cond_proj_dim",
        )
    return side


def _scheduler(folder: Folder) -> tuple[Any, dict[str, Any]]:
    """The scheduler's class and settings, two of them set as the pipeline sets them when it is made."""
    import inspect

    import diffusers

    config = folder.configs["scheduler"]
    name = config.get("_class_name")
    if name is None:
        raise ManifestError(
            "does not say its class", where=str(folder.path / "scheduler"), mend="add `_class_name` to its config"
        )
    takes = inspect.signature(getattr(diffusers, name).__init__).parameters
    forced = {key: value for key, value in {"steps_offset": 1, "clip_sample": False}.items() if key in takes}
    return name, {**_finite(config, takes, folder), **forced}


def _finite(config: Mapping[str, Any], takes: Mapping[str, Any], folder: Folder) -> dict[str, Any]:
    """The settings without infinities, which no manifest can hold; those that there are, are defaults anyway."""
    found = _plain(config)
    for key, value in list(found.items()):
        if isinstance(value, float) and not math.isfinite(value):
            if key not in takes or takes[key].default != value:
                where = str(folder.path / "scheduler")
                raise ManifestError(f"{key} is {value}", where=where, mend="use a finite value, or the default")
            del found[key]
    return found


_STABLE_DIFFUSION = Family(
    about="Paint a picture from a prompt (and what must not be in it), or repaint a given picture (image, strength).",
    components={
        "tokenizer": Component("transformers", ("CLIPTokenizer", "CLIPTokenizerFast"), "tokenizer_config.json"),
        "text_encoder": Component("transformers", ("CLIPTextModel",), weights="model"),
        "unet": Component("diffusers", ("UNet2DConditionModel",), weights="diffusion_pytorch_model"),
        "vae": Component("diffusers", ("AutoencoderKL", "AutoencoderTiny"), weights="diffusion_pytorch_model"),
        "scheduler": Component("diffusers", _schedulers(), "scheduler_config.json"),
    },
    blocks=_stable_diffusion,
    ignored=("safety_checker", "feature_extractor", "image_encoder"),
    defaults={"guidance_scale": 7.5, "steps": 50, "strength": 0.8},
)

FAMILIES: Mapping[str, Family] = {
    "StableDiffusionPipeline": _STABLE_DIFFUSION,
    "StableDiffusionImg2ImgPipeline": _STABLE_DIFFUSION,
}
"""Class of the pipeline → its family."""
