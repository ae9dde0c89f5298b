"""One folder of a stranger's model: its JSON read with care, its weights chosen, hashed, never copied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yggdrasil.contract.block import FileRef
from yggdrasil.contract.digest import digest_of_version
from yggdrasil.contract.errors import ManifestError, MissingFile, WeightsError
from yggdrasil.contract.weights import PICKLES, check_kind

_LARGEST = 4 << 20
_CODE = ("auto_map", "custom_pipelines", "trust_remote_code")
"""Keys by which a config asks to run code that lies beside it."""


def read_config(path: Path) -> dict[str, Any]:
    """The JSON object of a config file. Raises MissingFile, or ManifestError if it is none or names code."""
    if not path.is_file():
        raise MissingFile("is not there", where=str(path), mend="fetch the whole model again")
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"larger than {_LARGEST} bytes")
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"is no JSON ({error})", where=str(path), mend="fetch it again") from None
    if not isinstance(data, dict):
        raise ManifestError("is no JSON object", where=str(path), mend="fetch it again")
    named = [key for key in _CODE if key in data]
    if named:
        mend = "code out of a model's folder is never run; use a model of a class that the libraries have"
        raise ManifestError(f"asks to run its own code ({', '.join(named)})", where=str(path), mend=mend)
    return data


def reference(path: Path) -> FileRef:
    """A file where it lies, named by its hash."""
    return FileRef(digest_of_version(path), path.absolute())


def weights(folder: Path, stem: str) -> Path:
    """The one safetensors file `stem` of a folder, or its fp16 variant.

    Raises WeightsError if the weights are in pieces or only in a form that may carry code, MissingFile if absent.
    """
    for name in (f"{stem}.safetensors", f"{stem}.fp16.safetensors"):
        if (folder / name).is_file():
            check_kind(folder / name)
            return folder / name
    found = sorted(path.name for path in folder.glob("*") if path.is_file())
    if any(name.endswith(".safetensors") or name.endswith(".safetensors.index.json") for name in found):
        raise WeightsError(
            f"its weights are in pieces, or not called {stem}.safetensors",
            where=str(folder),
            mend="save them as one file: save_pretrained(…, max_shard_size='100GB') of the model's own class",
        )
    pickled = [name for name in found if Path(name).suffix.lower() in PICKLES]
    if pickled:
        raise WeightsError(
            f"its weights are only in {pickled[0]}, which may carry code",
            where=str(folder),
            mend="save them as safetensors: save_pretrained(…) of the model's own class",
        )
    raise MissingFile(f"holds no {stem}.safetensors", where=str(folder), mend="fetch the whole model again")
