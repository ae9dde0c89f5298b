"""What a family declares, and the parts that several families have: CLIP, T5, autoencoders, schedulers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yggdrasil.blocks.solver.diffusers_schedulers import Name, class_of, known_only
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ManifestError, MissingFile

if TYPE_CHECKING:
    from yggdrasil.store.from_diffusers import Folder


@dataclass(frozen=True)
class Component:
    """One subfolder: the classes that it may be of, its config file, and the stem of its weights file."""

    library: str
    classes: tuple[str, ...]
    config: str = "config.json"
    weights: str = ""


@dataclass(frozen=True)
class Family:
    """Pipelines of one form.

    `blocks` makes the nodes in the order in which they are added; roles wire them, and `edges` say the rest:
    which of two tokenizers or text encoders goes where.
    """

    about: str
    components: Mapping[str, Component]
    blocks: Callable[[Folder], dict[str, Block]]
    edges: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


CLIP_WORDS = Component("transformers", ("CLIPTokenizer", "CLIPTokenizerFast"), "tokenizer_config.json")
T5_WORDS = Component("transformers", ("T5Tokenizer", "T5TokenizerFast"), "tokenizer_config.json")
CLIP_TEXT = Component("transformers", ("CLIPTextModel",), weights="model")
T5_TEXT = Component("transformers", ("T5EncoderModel",), weights="model")
AUTOENCODER = Component("diffusers", ("AutoencoderKL", "AutoencoderTiny"), weights="diffusion_pytorch_model")


def module(*classes: str, library: str = "diffusers") -> Component:
    """A network of diffusers with weights."""
    return Component(library, classes, weights="diffusion_pytorch_model")


def solvers(*names: Name) -> Component:
    """The schedulers that a family may have."""
    return Component("diffusers", names, "scheduler_config.json")


def tokenizer_files(block: Block, folder: Folder, component: str) -> Block:
    """The tokenizer with its files: tokenizer.json, else CLIP's vocab.json and merges.txt. Raises MissingFile."""
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
            mend="save the tokenizer by its own class again: save_pretrained(…)",
        )
    return block


def tokenizer_settings(folder: Folder, component: str, window: int, pad: str) -> dict[str, Any]:
    """The window, at most as long as the encoder's, and the padding token that the tokenizer's own settings say."""
    settings = {**folder.optional(component, "special_tokens_map.json"), **folder.configs[component]}
    said = settings.get("pad_token") or pad
    longest = settings.get("model_max_length")
    return {
        "window": min(longest, window) if isinstance(longest, int) else window,
        "pad_token": str(said.get("content", "")) if isinstance(said, dict) else str(said),
    }


def text_encoder(folder: Folder, component: str) -> dict[str, Any]:
    """The settings of a text encoder's block: its architecture, and the names that older files have."""
    text = plain(folder.configs[component])
    arch = {key: value for key, value in text.items() if key not in ("dtype", "torch_dtype", "transformers_version")}
    if arch.get("model_type") == "t5":
        return {"arch": arch}
    return {"arch": arch, "drop": ["embeddings.position_ids"], "prefix": "text_model."}


def number(config: Mapping[str, Any], name: str, default: int) -> int:
    """A whole number of a config."""
    value = config.get(name, default)
    return value if isinstance(value, int) else default


def plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config without the notes of the library that wrote it."""
    return {key: value for key, value in config.items() if not key.startswith("_")}


def autoencoder(folder: Folder, component: str = "vae") -> tuple[Any, dict[str, Any], int]:
    """Class and config of an autoencoder of pictures, and how many pixels are one cell of its latent."""
    config = plain(folder.configs[component])
    levels = config.get("block_out_channels") or config.get("encoder_block_out_channels")
    return folder.classes[component], config, 2 ** (len(levels) - 1 if isinstance(levels, list) else 3)


def scheduler(folder: Folder, forced: Mapping[str, Any] = {}) -> tuple[Any, dict[str, Any]]:
    """The scheduler's class and its settings; `forced` are those that the pipeline sets when it is made.

    What no scheduler knows is left out, as diffusers does with configs of old, and so are infinities, which no manifest
    can hold, where they are the default. Raises ManifestError elsewhere.
    """
    import inspect

    name = folder.classes["scheduler"]
    takes = inspect.signature(class_of(name).__init__).parameters
    found = known_only(name, {**plain(folder.configs["scheduler"]), "_class_name": name})
    for key, value in list(found.items()):
        if isinstance(value, float) and not math.isfinite(value):
            if key not in takes or takes[key].default != value:
                where = str(folder.path / "scheduler")
                raise ManifestError(f"{key} is {value}", where=where, mend="use a finite value, or the default")
            del found[key]
    return name, {**found, **{key: value for key, value in forced.items() if key in takes}}
