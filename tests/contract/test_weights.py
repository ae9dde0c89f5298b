"""Weights are a closed list of kinds; shared tensors are held once; a write is whole or not at all."""

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from yggdrasil.contract import WeightsError
from yggdrasil.contract.tensor_files import read_tensors
from yggdrasil.contract.weights import check_kind, refuse_code


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('it ran')",))


def pickled(kind: str) -> bytes:
    if kind == "torch":
        data = io.BytesIO()
        torch.save({"a": torch.zeros(1)}, data)
        return data.getvalue()
    return pickle.dumps(Bomb(), protocol=int(kind))


@pytest.mark.parametrize("suffix", [".safetensors", ".bin", ".ckpt", ".pt", ".gguf", ""])
@pytest.mark.parametrize("kind", ["0", "2", "5", "torch"])
def test_a_pickle_is_refused_unread_under_any_name(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickled(kind))
    with pytest.raises(WeightsError) as caught:
        check_kind(path)
    assert str(path) in str(caught.value) and caught.value.mend


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 9) + b"{}       " * 2,
        struct.pack("<Q", 2) + b"[]",
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"not a safetensors file|is broken"):
        read_tensors(path)


@pytest.mark.parametrize("size", [0x80, 0x180, 0x4B50, 0x8B1F])
def test_a_header_whose_length_looks_like_a_pickle_is_read(tmp_path: Path, size: int) -> None:
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", size) + header.ljust(size) + struct.pack("<f", 3.0))
    assert read_tensors(path)["a"].item() == 3.0
    refuse_code(path)
