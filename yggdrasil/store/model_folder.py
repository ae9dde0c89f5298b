"""One folder of a stranger's model: its JSON read with care, its weights chosen, hashed, never copied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from yggdrasil.contract.errors import ManifestError, MissingFile, WeightsError
from yggdrasil.contract.file_roles import WEIGHTS, FileRef, piece_role
from yggdrasil.contract.known_digests import digest_of_version
from yggdrasil.contract.safetensors_header import table_of
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
        data: Any = json.loads(path.read_text(encoding="utf-8-sig"))
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


def weights(folder: Path, stem: str) -> dict[str, FileRef]:
    """The safetensors file `stem` of a folder, or its fp16 variant, whole or in the pieces that its index names.

    Raises WeightsError if the weights are only in a form that may carry code, MissingFile if they are absent.
    """
    for name in (f"{stem}.safetensors", f"{stem}.fp16.safetensors"):
        if (folder / name).is_file():
            return {WEIGHTS: _checked(folder / name)}
    for name in (f"{stem}.safetensors.index.json", f"{stem}.safetensors.index.fp16.json"):
        if (folder / name).is_file():
            return _pieces(folder / name)
    found = sorted(path.name for path in folder.glob("*") if path.is_file())
    pickled = [name for name in found if Path(name).suffix.lower() in PICKLES]
    if pickled:
        raise WeightsError(
            f"its weights are only in {pickled[0]}, which may carry code",
            where=str(folder),
            mend="save them as safetensors: save_pretrained(…) of the model's own class",
        )
    others = ", ".join(name for name in found if name.endswith(".safetensors"))
    mend = f"it has {others}: rename the right one" if others else "fetch the whole model again"
    raise MissingFile(f"holds no {stem}.safetensors", where=str(folder), mend=mend)


def _checked(path: Path) -> FileRef:
    check_kind(path)
    return reference(path)


def _pieces(index: Path) -> dict[str, FileRef]:
    """The files that an index of the libraries' kind spreads the tensors over, each under a role of its own."""
    table = read_config(index).get("weight_map")
    names = sorted({str(name) for name in table.values()}) if isinstance(table, dict) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    strange = [name for name in names if Path(name).name != name or not name.endswith(".safetensors")]
    if strange or not names:
        what = f"names {strange[0]!r}, which is no safetensors file beside it" if strange else "names no files"
        raise WeightsError(what, where=str(index), mend="fetch the model again")
    absent = [name for name in names if not (index.parent / name).is_file()]
    if absent:
        mend = "fetch the whole model again"
        raise MissingFile(f"{absent[0]}, which {index.name} names, is not there", where=str(index.parent), mend=mend)
    found = {piece_role(number): _checked(index.parent / name) for number, name in enumerate(names)}
    for tensor, name in cast("dict[str, str]", table).items():
        if tensor not in table_of(index.parent / name).tensors:
            what = f"lacks the tensor {tensor!r}, which {index.name} says is in it"
            raise WeightsError(what, where=str(index.parent / name), mend="fetch that file and its index again")
    return found
