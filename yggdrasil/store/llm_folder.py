"""A chat model as transformers saves it, a folder or a hub's name, as the block `llm/transformers`."""

from __future__ import annotations

from pathlib import Path

from yggdrasil.blocks.llm.files import NAMES
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ManifestError, MissingFile
from yggdrasil.contract.registry import find
from yggdrasil.store.hub import fetched
from yggdrasil.store.model_folder import read_config, reference, weights

_OPTIONAL = ("tokenizer_config", "chat_template", "generation_config")


def llm_of_hub(name: str) -> Block:
    """The hub's model `owner/model`. Raises MissingFile if the hub does not give it."""
    return llm_of_folder(fetched(name, ["*.json", "*.jinja", "model*.safetensors"]))


def llm_of_folder(folder: Path) -> Block:
    """The model of a folder with config.json, model.safetensors and tokenizer.json; its files stay where they are.

    Raises ManifestError for code of its own or a quantised form, WeightsError for pickles.
    """
    config = read_config(folder / "config.json")
    if not isinstance(config.get("model_type"), str) or "quantization_config" in config:
        raise ManifestError(
            "names no model_type, or is quantised",
            where=str(folder / "config.json"),
            mend="use the unquantised model, or a .gguf of it",
        )
    if not (folder / "tokenizer.json").is_file():
        mend = "save it by save_pretrained of the model's fast tokenizer"
        raise MissingFile("holds no tokenizer.json", where=str(folder), mend=mend)
    block = find("llm/transformers")()
    block.files = {
        **weights(folder, "model"),
        "config": reference(folder / "config.json"),
        "tokenizer": reference(folder / "tokenizer.json"),
    }
    present = {role: folder / NAMES[role] for role in _OPTIONAL if (folder / NAMES[role]).is_file()}
    block.files |= {role: reference(path) for role, path in present.items()}
    return block
