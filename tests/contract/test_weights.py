"""Weights are a closed list of kinds; shared tensors are held once; a write is whole or not at all."""

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from yggdrasil.contract import WeightsError
from yggdrasil.contract.weights import check_kind, encode_tensors, read_tensors, refuse_code, write_tensors


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


def test_z1_shared_tensors_are_one_again(tmp_path: Path) -> None:
    weight = torch.arange(32, dtype=torch.float32).reshape(8, 4)
    path = tmp_path / "w.safetensors"
    write_tensors(path, {"head.weight": weight, "emb.weight": weight})
    size = int.from_bytes(path.read_bytes()[:8], "little")
    assert path.stat().st_size == 8 + size + 128
    read = read_tensors(path)
    assert read["emb.weight"].data_ptr() == read["head.weight"].data_ptr()
    read["emb.weight"][0, 0] = 99
    assert read["head.weight"][0, 0] == 99

    write_tensors(path, {"emb.weight": weight, "head.weight": weight + 1})
    apart = read_tensors(path)
    assert torch.equal(apart["head.weight"], weight + 1) and torch.equal(apart["emb.weight"], weight)


def test_z1_overwriting_what_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_tensors(path, {"a": torch.arange(100000.0)})
    mapped = read_tensors(path)
    write_tensors(path, mapped)
    assert torch.equal(mapped["a"], torch.arange(100000.0)) and torch.equal(read_tensors(path)["a"], mapped["a"])
    write_tensors(path, {"a": torch.zeros(3)})
    assert torch.equal(mapped["a"], torch.arange(100000.0))


def test_z1_a_crash_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    write_tensors(path, {"a": torch.ones(4)})
    before = path.read_bytes()

    def crash(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("yggdrasil.contract.artifacts.os.fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        write_tensors(path, {"a": torch.zeros(4)})
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_z1_odd_tensors(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    grid = torch.arange(6.0).reshape(2, 3)
    odd = {
        "t": grid.T,
        "half": torch.ones(3, dtype=torch.bfloat16),
        "empty": torch.zeros(0, 4),
        "yes": torch.tensor(True),
    }
    write_tensors(path, odd)
    read = read_tensors(path)
    assert torch.equal(read["t"], grid.T) and read["empty"].shape == (0, 4) and read["half"].dtype == torch.bfloat16
    write_tensors(path, {})
    assert read_tensors(path) == {}
    assert encode_tensors(odd) == encode_tensors(dict(reversed(odd.items())))
    from safetensors.torch import load

    assert torch.equal(load(encode_tensors(odd))["t"], grid.T), "other readers read it too"


def test_what_cannot_be_written_is_told() -> None:
    with pytest.raises(WeightsError, match=r"dtype torch.complex64.*allowed are"):
        encode_tensors({"c": torch.zeros(1, dtype=torch.complex64)})
    with pytest.raises(WeightsError, match=r"has no values yet"):
        encode_tensors({"m": torch.zeros(1, device="meta")})
