"""Tensors in safetensors files: mapped where they lie well, written piece by piece, never twice in memory."""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.artifacts import write_by_digest, write_durably
from yggdrasil.contract.errors import WeightsError
from yggdrasil.contract.safetensors_header import BROKEN, Table, broken, table_of
from yggdrasil.contract.weights import check_kind

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_ALIGN = 64
_AT_ONCE = 8 << 20
_DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip
_CHOSEN = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
"""What a chosen dtype changes; a number of 8 bits means nothing without its scale, and 64 bits were meant."""


def read_tensors(path: Path, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """All tensors of a safetensors file, mapped rather than read; names that were one tensor are one again.

    Floating ones of 16 and 32 bits become `dtype`, where one is given. Those, and the tensors that the file misaligns
    (kernels give other last bits on them), are read into memory of their own. Raises WeightsError for a broken header
    or another kind of file.
    """
    from safetensors import SafetensorError, safe_open

    check_kind(path)
    table = table_of(path)
    try:
        opened: Any = safe_open(str(path), framework="pt")
        with opened as file, path.open("rb", buffering=0) as raw:
            tensors = {name: _tensor(file.get_tensor(name), raw, table, name, dtype) for name in table.tensors}
    except (SafetensorError, *BROKEN) as error:
        raise broken(error, path) from None
    shared = _aliases(table.words, path)
    for alias, name in shared.items():
        if name not in tensors:
            raise WeightsError(f"alias {alias!r} names no tensor {name!r}", where=str(path), mend="save it again")
        tensors[alias] = tensors[name]
    return tensors


def _tensor(mapped: Tensor, raw: Any, table: Table, name: str, dtype: torch.dtype | None) -> Tensor:
    entry = table.tensors[name]
    wanted = mapped.dtype if dtype is None or entry["dtype"] not in _CHOSEN else dtype
    if wanted == mapped.dtype and not mapped.data_ptr() % _ALIGN:
        return mapped
    raw.seek(table.begin + entry["data_offsets"][0])
    return _read_apart(raw, mapped, wanted)


def _read_apart(raw: Any, mapped: Tensor, dtype: torch.dtype) -> Tensor:
    """A tensor in memory of its own, read past the mapping, whose pages would be held beside it."""
    import torch

    made = torch.empty(mapped.shape, dtype=dtype)
    flat = made.reshape(-1)
    if mapped.dtype == dtype:
        _fill(raw, flat)
        return made
    step = _AT_ONCE // mapped.element_size()
    piece = torch.empty(min(step, flat.numel()), dtype=mapped.dtype)
    for start in range(0, flat.numel(), step):
        part = piece[: flat.numel() - start]
        _fill(raw, part)
        flat[start : start + step].copy_(part)
    return made


def _fill(raw: Any, flat: Tensor) -> None:
    wanted = _memory(flat)
    while wanted.nbytes:
        read = raw.readinto(wanted)
        if not read:
            raise ValueError("it ends too early")
        wanted = wanted[read:]


def read_pieces(paths: list[Path], dtype: torch.dtype | None) -> dict[str, Tensor]:
    """The tensors of all files, as `read_tensors` gives them. Raises WeightsError for a name that is in two of them."""
    found: dict[str, Tensor] = {}
    for path in paths:
        tensors = read_tensors(path, dtype)
        twice = sorted(found.keys() & tensors.keys())
        if twice:
            raise WeightsError(f"tensor {twice[0]!r} is in another piece, too", where=str(path), mend="save it again")
        found |= tensors
    return found


def stored_dtype(paths: list[Path]) -> torch.dtype:
    """The dtype of most numbers among the floats of 16 and 32 bits; float32 where there are none. Reads headers."""
    numbers: Counter[str] = Counter()
    for path in paths:
        for entry in table_of(path).tensors.values():
            numbers[entry["dtype"]] += math.prod(entry["shape"])
    return _most(numbers)


def most_of(module: nn.Module) -> torch.dtype:
    """The same of a module's weights."""
    numbers: Counter[str] = Counter()
    for tensor in module.state_dict().values():
        numbers[_DTYPES.get(_named(tensor), "")] += tensor.numel()
    return _most(numbers)


def _most(numbers: Counter[str]) -> torch.dtype:
    import torch

    return getattr(torch, _CHOSEN[max(_CHOSEN, key=lambda name: numbers[name])])


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
    return b"".join(_pieces(tensors))


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file whole or not at all; a file that is still mapped there stays whole for its reader."""
    write_durably(path, _pieces(tensors))


def write_tensors_by_digest(folder: Path, tensors: dict[str, Tensor]) -> tuple[str, Path]:
    """The same into a file that is named by its sha256 (hex), which is given beside its path."""
    return write_by_digest(folder, _pieces(tensors), ".safetensors")


def _pieces(tensors: dict[str, Tensor]) -> Iterator[bytes | memoryview]:
    """The file from its begin to its end; a tensor that lies in memory as it is written is not copied."""
    own, shared = _split_shared(tensors)
    order = sorted(own, key=lambda n: (own[n].nbytes % _ALIGN != 0, n))
    header: dict[str, Any] = {}
    if shared:
        header["__metadata__"] = {"yggdrasil.shared": json.dumps(shared, sort_keys=True)}
    at = 0
    for name in order:
        tensor = own[name]
        dtype = _DTYPES[_named(tensor)]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % _ALIGN)
    yield struct.pack("<Q", len(text)) + text
    yield from (_raw(own[name]) for name in order)


def _named(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _split_shared(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    own: dict[str, Tensor] = {}
    shared: dict[str, str] = {}
    first: dict[tuple[Any, ...], str] = {}
    for name in sorted(tensors):
        tensor = tensors[name]
        if tensor.is_meta:
            raise WeightsError(f"tensor {name!r} has no values yet", mend="load the weights before saving")
        if _named(tensor) not in _DTYPES:
            raise WeightsError(f"tensor {name!r} has dtype {tensor.dtype}", mend=f"allowed are {', '.join(_DTYPES)}")
        key = (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), str(tensor.dtype))
        if tensor.numel() and key in first:
            shared[name] = first[key]
        else:
            first[key] = name
            own[name] = tensor
    return own, shared


def _raw(tensor: Tensor) -> bytes | memoryview:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return _memory(flat) if flat.numel() else b""


def _memory(flat: Tensor) -> memoryview:
    import torch

    bare: Any = flat.view(torch.uint8).numpy()
    return memoryview(bare)
