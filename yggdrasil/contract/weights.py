"""Weights as files: a closed list of kinds that cannot carry code, safetensors read by mapping."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.artifacts import write_durably
from yggdrasil.contract.errors import WeightsError
from yggdrasil.contract.gguf_header import check_gguf

if TYPE_CHECKING:
    import torch
    from torch import Tensor

ALLOWED = (".safetensors", ".gguf", ".onnx")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".msgpack", ".h5", ".npz", ".npy")
_ALIGN = 64
_MAX_HEADER = 16 << 20
_ONNX = b"\x08"
"""The tag of `ir_version`, with which the protobuf of every ONNX model begins."""


def suffix_of(path: Path) -> str:
    """The kind of a weights file as a suffix, lower-case; a GGUF without one of a known kind is told by its bytes."""
    suffix = path.suffix.lower()
    return ".gguf" if suffix not in (*ALLOWED, *PICKLES) and _head(path)[:4] == b"GGUF" else suffix


def check_kind(path: Path) -> None:
    """Refuse a file whose name or first bytes are not of an allowed kind; nothing of it is interpreted.

    Raises WeightsError that names the file, its kind and the kinds that are allowed.
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


def read_tensors(path: Path, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """All tensors of a safetensors file, mapped rather than read; names that were one tensor are one again.

    Floating ones become `dtype`. Tensors that the file misaligns are cloned, since kernels give other last bits on
    them. Raises WeightsError for a broken header or another kind of file.
    """
    from safetensors import SafetensorError, safe_open

    check_kind(path)
    try:
        opened: Any = safe_open(str(path), framework="pt")
        with opened as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, OverflowError, RuntimeError, MemoryError) as error:
        raise WeightsError(f"is broken ({error})", where=str(path), mend="fetch or save it again") from None
    for name, tensor in tensors.items():
        if dtype is not None and tensor.is_floating_point() and tensor.dtype != dtype:
            tensors[name] = tensor.to(dtype)
        elif tensor.data_ptr() % _ALIGN:
            tensors[name] = tensor.clone()
    shared: dict[str, str] = _aliases(metadata, path)
    for alias, name in shared.items():
        if name not in tensors:
            raise WeightsError(f"alias {alias!r} names no tensor {name!r}", where=str(path), mend="save it again")
        tensors[alias] = tensors[name]
    return tensors


def read_pieces(paths: list[Path], dtype: torch.dtype) -> dict[str, Tensor]:
    """The tensors of all files, floating ones as `dtype`. Raises WeightsError for a name that is in two of them."""
    found: dict[str, Tensor] = {}
    for path in paths:
        tensors = read_tensors(path, dtype)
        twice = sorted(found.keys() & tensors.keys())
        if twice:
            raise WeightsError(f"tensor {twice[0]!r} is in another piece, too", where=str(path), mend="save it again")
        found |= tensors
    return found


def _aliases(metadata: dict[str, str], path: Path) -> dict[str, str]:
    try:
        found: Any = json.loads(metadata.get("yggdrasil.shared", "{}"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WeightsError("the table of shared tensors is broken", where=str(path), mend="save it again")
    return {str(k): str(v) for k, v in found.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def encode_tensors(tensors: dict[str, Tensor]) -> bytes:
    """safetensors bytes: header padded to 64, larger alignments first, one copy of what is shared.

    The same tensors give the same bytes.
    """
    own, shared = _split_shared(tensors)
    order = sorted(own, key=lambda n: (own[n].numel() * own[n].element_size() % _ALIGN != 0, n))
    header: dict[str, Any] = {}
    if shared:
        header["__metadata__"] = {"yggdrasil.shared": json.dumps(shared, sort_keys=True)}
    bodies: list[bytes] = []
    at = 0
    for name in order:
        body = _raw(own[name])
        header[name] = {
            "dtype": _DTYPES[str(own[name].dtype)],
            "shape": list(own[name].shape),
            "data_offsets": [at, at + len(body)],
        }
        bodies.append(body)
        at += len(body)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % _ALIGN)
    return struct.pack("<Q", len(text)) + text + b"".join(bodies)


_DTYPES = {
    "torch.float64": "F64", "torch.float32": "F32", "torch.float16": "F16", "torch.bfloat16": "BF16",
    "torch.int64": "I64", "torch.int32": "I32", "torch.int16": "I16", "torch.int8": "I8",
    "torch.uint8": "U8", "torch.bool": "BOOL",
}  # fmt: skip


def _split_shared(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    own: dict[str, Tensor] = {}
    shared: dict[str, str] = {}
    first: dict[tuple[Any, ...], str] = {}
    for name in sorted(tensors):
        tensor = tensors[name]
        if tensor.is_meta:
            raise WeightsError(f"tensor {name!r} has no values yet", mend="load the weights before saving")
        if str(tensor.dtype) not in _DTYPES:
            raise WeightsError(f"tensor {name!r} has dtype {tensor.dtype}", mend=f"allowed are {', '.join(_DTYPES)}")
        key = (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), str(tensor.dtype))
        if tensor.numel() and key in first:
            shared[name] = first[key]
        else:
            first[key] = name
            own[name] = tensor
    return own, shared


def _raw(tensor: Tensor) -> bytes:
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file whole or not at all; a file that is still mapped there stays whole for its reader."""
    write_durably(path, encode_tensors(tensors))
