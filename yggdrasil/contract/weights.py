"""Weights as files: a closed list of kinds that cannot carry code; nothing else is opened."""

from __future__ import annotations

import math
from pathlib import Path

from yggdrasil.contract.errors import WeightsError
from yggdrasil.contract.gguf_header import check_gguf, numbers_of_gguf
from yggdrasil.contract.safetensors_header import table_of

ALLOWED = (".safetensors", ".gguf", ".onnx")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".msgpack", ".h5", ".npz", ".npy")
_MAX_HEADER = 16 << 20
_ONNX = b"\x08"
"""The tag of `ir_version`, with which the protobuf of every ONNX model begins."""


def suffix_of(path: Path) -> str:
    """The kind of a weights file as a suffix, lower-case; a GGUF without one of a known kind is told by its bytes."""
    suffix = path.suffix.lower()
    return ".gguf" if suffix not in (*ALLOWED, *PICKLES) and _head(path)[:4] == b"GGUF" else suffix


def check_kind(path: Path) -> None:
    """Refuse a file whose name or first bytes are not of an allowed kind, or whose header does not fit its size.

    Raises WeightsError that names the file, its kind and the kinds that are allowed. No weight is read.
    """
    allowed = f"allowed are {', '.join(ALLOWED)}: convert it, e.g. by safetensors.torch.save_file"
    suffix = suffix_of(path)
    if suffix not in ALLOWED:
        kind = path.suffix or "no suffix"
        raise WeightsError(f"weights of kind {kind!r} are not allowed", where=str(path), mend=allowed)
    head = _head(path)
    if _unpickles(path, head):
        raise WeightsError("looks like a pickle or an archive under another name", where=str(path), mend=allowed)
    if suffix == ".safetensors" and not _is_safetensors(path, head):
        raise WeightsError("is not a safetensors file", where=str(path), mend=f"fetch or save it again; {allowed}")
    if suffix == ".safetensors":
        table_of(path)
    if suffix == ".onnx" and head[:1] != _ONNX:
        raise WeightsError("is not an ONNX file", where=str(path), mend=f"fetch it again; {allowed}")
    if suffix == ".gguf":
        check_gguf(path)


def check_pieces(paths: list[Path]) -> None:
    """Refuse weights of a kind that is not allowed, or a GGUF of which not all files are named. Raises WeightsError."""
    for path in paths:
        check_kind(path)
        files = check_gguf(path) if suffix_of(path) == ".gguf" else len(paths)
        if files != len(paths):
            what = f"is one of {files} files of a model, and {len(paths)} are named"
            mend = "load the model by the path of any of its files, with all of them beside it"
            raise WeightsError(what, where=str(path), mend=mend)


def numbers_of(path: Path) -> int:
    """How many numbers a safetensors or GGUF file holds, by its header alone; packed ones count as they are packed."""
    if suffix_of(path) == ".gguf":
        return numbers_of_gguf(path)
    return sum(math.prod(tensor["shape"]) for tensor in table_of(path).tensors.values())


def refuse_code(path: Path) -> None:
    """Refuse a file, whatever its role, that only unpickling could read. Raises WeightsError; reads 16 bytes."""
    head = _head(path)
    if path.suffix.lower() in PICKLES or _unpickles(path, head):
        raise WeightsError(
            f"a file of kind {path.suffix or 'no suffix'!r} may carry code", where=str(path),
            mend=f"weights are {', '.join(ALLOWED)}; other files are JSON, text, pictures or sound",
        )  # fmt: skip


def _head(path: Path) -> bytes:
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file.read(16)
        reason = "it is no file"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise WeightsError(f"cannot be read ({reason})", where=str(path), mend="name a file that you may read")


def _unpickles(path: Path, head: bytes) -> bool:
    """Whether it begins as a pickle or an archive; the length that opens a safetensors file may look like one."""
    return head.startswith((b"\x80", b"PK", b"\x1f\x8b")) and not _is_safetensors(path, head)


def _is_safetensors(path: Path, head: bytes) -> bool:
    size = int.from_bytes(head[:8], "little")
    named = path.suffix.lower() == ".safetensors"
    return named and head[8:9] == b"{" and size <= min(_MAX_HEADER, path.stat().st_size - 8)
