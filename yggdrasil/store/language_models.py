"""Language models by the name that a user gives: of the catalogue, a file, a folder, a hub, an endpoint."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from yggdrasil.contract.block import Block, FileRef
from yggdrasil.contract.config import config_model
from yggdrasil.contract.errors import ConfigError, did_you_mean
from yggdrasil.contract.known_arguments import known_arguments
from yggdrasil.contract.registry import find
from yggdrasil.contract.tree import rebuilt, walk
from yggdrasil.contract.weights import suffix_of
from yggdrasil.store import catalogue
from yggdrasil.store.from_diffusers import INDEX
from yggdrasil.store.gguf_files import llm_of_gguf
from yggdrasil.store.hub import is_hub_name
from yggdrasil.store.llm_folder import llm_of_folder, llm_of_hub
from yggdrasil.store.load import load
from yggdrasil.store.save import MANIFEST

if TYPE_CHECKING:
    from yggdrasil.blocks import LanguageModel

TELLER = "chronicler"
"""The agent of the shelf that tells a world with any chat model (policy `tools`)."""
ENDPOINT = "openai:"
INSIDE = "vllm:"
KEY = "OPENAI_API_KEY"
"""The environment variable of an endpoint's secret; its name goes into the manifest, its value nowhere."""
_FORMS = (
    "give a catalogue name (yggdrasil models list), a .gguf file, a folder that transformers saved, "
    "a hub's owner/model, vllm: before any of them, or openai:MODEL@BASE_URL"
)
_WORDS = ("without", "things")
"""Settings of an endpoint that are lists of words."""


def teller(model: str | Block) -> Block:
    """An agent that tells worlds with `model`: a block of role LLM, a catalogue name, a .gguf file, a folder that
    transformers saved, a hub's `owner/model`, any of these after `vllm:` to run it on vLLM in this process, or
    `openai:MODEL@BASE_URL` (the key is read from OPENAI_API_KEY; settings go after it, `?without=temperature`)."""
    agent = load(TELLER)
    llm = model if isinstance(model, Block) else language_model(str(model))
    for place, block in walk(agent):
        if place == "llm":
            llm.name = block.name
    return with_llm(agent, llm)


def with_llm(agent: Block, llm: Block) -> Block:
    """The same agent with another language model."""
    return rebuilt(agent, {id(agent.children()["llm"]): llm})


@known_arguments
def language_model(model: str | Sequence[str | Block]) -> LanguageModel:
    """The language model block that `model` names; of several the first that answers, those after it where it fails.

    Raises ConfigError with the forms that there are.
    """
    if not isinstance(model, Sequence) or not model:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"a model is named, not {model!r:.80}", where="LLM", mend=_FORMS)
    if isinstance(model, str):
        return cast("LanguageModel", _named(model))
    named = [_named(one) if isinstance(one, str) else one for one in model]
    fallback: Any = find("llm/fallback")
    return fallback(named)


def _named(model: str) -> Block:
    if model.startswith(ENDPOINT):
        return of_endpoint("llm/openai", model)
    if model.startswith(INSIDE):
        return _inside(model.removeprefix(INSIDE))
    if model in catalogue.catalogue():
        return _of_catalogue(model)
    path = Path(model)
    if path.is_file() and suffix_of(path) == ".gguf":
        return llm_of_gguf(path)
    if (path / "config.json").is_file():
        return llm_of_folder(path)
    if is_hub_name(model) and not path.exists():
        return llm_of_hub(model)
    raise _no_model(model, path)


def _no_model(model: str, path: Path) -> ConfigError:
    """What the name is instead, and the forms that there are."""
    why, mend = "", _FORMS
    if (path / INDEX).is_file():
        why, mend = "it is a folder of diffusers, which paints", "give it as the painter: --painter"
    elif (path / MANIFEST).is_file():
        why, mend = "it is a saved block", "name the model it was made of, or load it and set its `llm`"
    elif path.is_dir():
        why = "it is a folder without config.json"
    elif path.is_file():
        why = f"it is a file, and no GGUF: it begins with {_beginning(path)!r}"
    elif "/" in model or model.startswith("."):
        why = "there is no such file or folder"
    else:
        near = get_close_matches(model, catalogue.catalogue(), n=2, cutoff=0.6)
        mend = f"did you mean {' or '.join(repr(name) for name in near)}? Else {mend}" if near else mend
    return ConfigError(f"{model!r} names no language model{f': {why}' if why else ''}", mend=mend)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def of_endpoint(kind: str, model: str) -> Block:
    """`openai:MODEL@BASE_URL`, with settings of the block after `?`; the variable of the secret is named only where it
    is set, local servers need none."""
    name, at, rest = model.removeprefix(ENDPOINT).partition("@http")
    url, _, said = f"http{rest}".partition("?")
    if not (name and at):
        raise ConfigError(f"{model!r} names no endpoint", mend="write openai:MODEL@BASE_URL, its end is often /v1")
    block, settings = find(kind), dict(parse_qsl(said, keep_blank_values=True))
    known = config_model(block).model_fields
    for setting in settings:
        if setting not in known or setting in ("model", "base_url"):
            mend = did_you_mean(setting, known, "a secret stays in the environment: key=NAME_OF_ITS_VARIABLE")
            raise ConfigError(f"an endpoint has no setting {setting!r} after ?", where=f"{name}@{url}", mend=mend)
    given = {"key": KEY if os.environ.get(KEY) else "", **{n: _setting(n, text) for n, text in settings.items()}}
    return block(model=name, base_url=url, **given)


def _setting(name: str, text: str) -> Any:
    """A setting as JSON, a list of words by commas, else text."""
    if name in _WORDS:
        return [word for word in text.split(",") if word]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _inside(model: str) -> Block:
    block = find("llm/vllm")()
    block.files = dict(language_model(model).files)
    if not block.files:
        raise ConfigError(f"{model!r} has no files that vLLM could read", mend="name a local model after vllm:")
    return block


def _of_catalogue(model: str) -> Block:
    entry = catalogue.model(model)
    weights = next((f for f in entry.files if f.name.endswith(".gguf")), None)
    if weights is None:
        raise ConfigError(f"{model!r} is a {entry.role}, not a language model", mend="see: yggdrasil models list")
    block = find("llm/llamacpp")()
    ref = FileRef(weights.sha256, catalogue.locate(weights.sha256, weights.name), f"{model}#{weights.name}")
    block.files["weights"] = dataclasses.replace(ref)
    return block


LLM = language_model
"""The same at the face: `ygg.LLM("openai:MODEL@URL")`, `ygg.LLM("./model.gguf")`, `ygg.LLM("qwen2.5-coder-1.5b")`."""
