"""A model that looks, as transformers saves it, a folder or a hub's name, as the block `vlm/transformers`."""

from __future__ import annotations

from pathlib import Path

from yggdrasil.blocks.vlm.transformers import NAMES
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ManifestError, MissingFile
from yggdrasil.contract.registry import find
from yggdrasil.store.model_folder import read_config, reference, weights

_NEEDED = ("config", "tokenizer")
_SIGHT = ("processor_config", "preprocessor_config")


def looks(folder: Path) -> bool:
    """Whether transformers saved a model there that takes pictures."""
    return any((folder / NAMES[role]).is_file() for role in _SIGHT) and (folder / NAMES["config"]).is_file()


def vlm_of_folder(folder: Path) -> Block:
    """The model of a folder; its files stay where they are.

    Raises ManifestError for code of its own or a quantised form, MissingFile, WeightsError for pickles.
    """
    config = read_config(folder / NAMES["config"])
    if not isinstance(config.get("model_type"), str) or "quantization_config" in config:
        where = str(folder / NAMES["config"])
        raise ManifestError("names no model_type, or is quantised", where=where, mend="use the unquantised model")
    for role in _SIGHT:
        if (folder / NAMES[role]).is_file():
            read_config(folder / NAMES[role])
    for role in _NEEDED:
        if not (folder / NAMES[role]).is_file():
            raise MissingFile(f"holds no {NAMES[role]}", where=str(folder), mend="fetch the whole model again")
    block = find("vlm/transformers")()
    present = {role: folder / name for role, name in NAMES.items() if (folder / name).is_file()}
    block.files = {**weights(folder, "model"), **{role: reference(path) for role, path in present.items()}}
    return block
