"""A GGUF file is unpacked once to bf16 safetensors beside it, since unpacking takes longer than a story."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from yggdrasil.contract import WeightsError, here
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.tensor_files import write_tensors
from yggdrasil.contract.weights import check_kind

RECORD = "converted.json"
_FORM = 2
"""Of what `_unpack` writes; a folder of another form is made anew. 2: shared tensors under the name others read."""


def converted(path: Path, sha256: str) -> Path:
    """The folder beside `path` with model.safetensors, config.json and the tokenizer; made if need be.

    Its record names the sha256 of the GGUF it was made from. Raises WeightsError where it can't be written.
    """
    folder = path.with_name(f"{path.name}.safetensors")
    if _is_of(folder, sha256):
        return folder
    check_kind(path)
    here().note(f"unpacking {path.name} once, about twenty seconds")
    try:
        work = Path(tempfile.mkdtemp(dir=path.parent, prefix=".tmp-"))
    except OSError as error:
        raise WeightsError(
            f"cannot be unpacked beside itself ({error})", where=str(path), mend="Put it into a folder you may write"
        ) from None
    try:
        _unpack(path, work)
        (work / RECORD).write_text(json.dumps({"gguf_sha256": sha256, "form": _FORM}), encoding="utf-8")
        _put(work, folder, sha256)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _is_of(folder: Path, sha256: str) -> bool:
    record = folder / RECORD
    if not record.is_file():
        return False
    found: dict[str, object] = json.loads(record.read_text(encoding="utf-8"))
    return (found.get("gguf_sha256"), found.get("form")) == (sha256, _FORM)


def _put(work: Path, folder: Path, sha256: str) -> None:
    """Rename into place; where another process was first, its result stays."""
    if folder.exists() and not _is_of(folder, sha256):
        shutil.rmtree(folder)
    try:
        os.replace(work, folder)
    except OSError:
        if not _is_of(folder, sha256):
            raise


def _unpack(path: Path, work: Path) -> None:
    import torch

    with IMPORTING, _quiet():
        import transformers

        packed: Any = getattr(transformers, "GgufConfig", None)
        options = {"quantization_config": packed(dequantize=True)} if packed else {}
        model = transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.bfloat16, local_files_only=True, **options
        )
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
            path.parent, gguf_file=path.name, local_files_only=True
        )
    tied: set[str] = set(getattr(model, "all_tied_weights_keys", {}) or {})
    write_tensors(work / "model.safetensors", {n: t for n, t in model.state_dict().items() if n not in tied})
    described = model.config.to_dict() | {"architectures": [type(model).__name__]}
    described.pop("quantization_config", None)
    described.pop("_name_or_path", None)
    (work / "config.json").write_text(json.dumps(described, default=str), encoding="utf-8")
    tokenizer.save_pretrained(work)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars of the library's own: our reader gets a note."""
    with IMPORTING:
        from transformers import modeling_gguf_pytorch_utils as reading
        from transformers.utils import logging

    bars: Any = reading
    bar = bars.tqdm
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    bars.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        bars.tqdm = bar
        if shown:
            logging.enable_progress_bar()
