"""Worlds from templates: parameters set the config of a manifest, or put other blocks where it refers to some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.config import config_model
from yggdrasil.contract.errors import ConfigError, did_you_mean
from yggdrasil.contract.manifest import read_manifest
from yggdrasil.contract.registry import find
from yggdrasil.store.from_diffusers import INDEX, from_diffusers
from yggdrasil.store.hub import is_hub_name
from yggdrasil.store.language_models import ENDPOINT, of_endpoint, teller
from yggdrasil.store.load import load, load_manifest
from yggdrasil.store.save import MANIFEST
from yggdrasil.store.shelf import on_shelf
from yggdrasil.store.vlm_folder import looks, vlm_of_folder


def from_template(name: str, /, **parameters: Any) -> Block:
    """A new block from the template `name` (shelf name or path).

    A parameter that the manifest declares names the block that stands where the template refers to its own;
    every other is a setting of the block. Empty parameters leave the template as it is. Raises ConfigError.
    """
    folder = Path(name) if "/" in name or name.startswith(".") else on_shelf(name)
    manifest = read_manifest(folder / MANIFEST)
    given = {k: v for k, v in parameters.items() if v not in ("", None)}
    known = {*manifest.parameters, *config_model(find(manifest.type)).model_fields}
    for parameter in given:
        if parameter not in known:
            raise ConfigError(f"template {name!r} has no parameter {parameter!r}", mend=did_you_mean(parameter, known))
    instead = {manifest.parameters[p]: stand_in(p, given.pop(p)) for p in list(given) if p in manifest.parameters}
    changed = manifest.model_copy(update={"config": {**manifest.config, **given}, "parameters": {}, "digests": None})
    return load_manifest(changed, folder, instead)


def stand_in(parameter: str, value: Any) -> Block:
    """The block that a parameter's value names. Raises ConfigError, ManifestError."""
    if parameter == "llm" and not (isinstance(value, Block) and value.role == "Agent"):
        return teller(value)
    if isinstance(value, Block):
        return value
    text = str(value)
    if parameter == "eye" and text.startswith(ENDPOINT):
        return of_endpoint("vlm/openai", text)
    if parameter == "voice" and text.startswith(ENDPOINT):
        return of_endpoint("voice/openai", text)
    if parameter == "eye" and looks(Path(text)):
        return vlm_of_folder(Path(text))
    if is_hub_name(text) or ("/" in text and (Path(text) / INDEX).is_file()):
        return from_diffusers(text)
    return load(text)
