"""Tensors come back as they were, whatever their dtype; memory holds them once; a write is whole or not at all."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import yggdrasil as ygg
from tests.conftest import ROOT
from yggdrasil.contract import WeightsError
from yggdrasil.contract.tensor_files import encode_tensors, read_tensors, write_tensors
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Latent


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


def mixed() -> dict[str, torch.Tensor]:
    """What a foreign checkpoint may hold: each number exact in its dtype."""
    return {
        "w": torch.tensor([[1.5, -2.0], [0.25, 3.0]], dtype=torch.bfloat16),
        "norm": torch.tensor([1.0001, -0.3]),
        "q": torch.tensor([1.75, -448.0, 0.0625]).to(torch.float8_e4m3fn),
        "q5": torch.tensor([1.5, -57344.0]).to(torch.float8_e5m2),
        "scale": torch.tensor([0.1], dtype=torch.float64),
        "ids": torch.tensor([2**40, -1]),
        "flag": torch.tensor([True, False]),
    }


class Mixed(TorchBlock, type="test/mixed"):
    """A module of many dtypes."""

    def build(self) -> nn.Module:
        module = nn.Module()
        for name, tensor in mixed().items():
            module.register_buffer(name, torch.empty(tensor.shape, dtype=tensor.dtype))
        return module

    def forward(self, latent: Latent) -> Latent:
        with self.computing() as module:
            weight: Any = module.w
            return latent.to(self.torch_dtype) @ weight


def bits(tensors: dict[str, Any]) -> dict[str, tuple[torch.dtype, bytes]]:
    return {name: (t.dtype, t.reshape(-1).view(torch.uint8).numpy().tobytes()) for name, t in tensors.items()}


@pytest.mark.parametrize("shift", range(0, 64, 8))
def test_n30_stored_keeps_every_tensor_as_the_file_has_it_and_another_choice_only_plain_floats(
    tmp_path: Path, shift: int
) -> None:
    from safetensors.torch import save

    path = tmp_path / "foreign.safetensors"
    data = save(mixed(), {"note": "x" * shift})
    path.write_bytes(data)
    assert bits(read_tensors(path)) == bits(mixed())
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        wanted = {n: t.to(dtype) if n in ("w", "norm") else t for n, t in mixed().items()}
        assert bits(read_tensors(path, dtype)) == bits(wanted)


def test_n30_what_was_adopted_comes_back_as_it_was_and_computes_in_what_most_of_it_is(tmp_path: Path) -> None:
    block = Mixed(dtype="stored")
    block.module = module = Mixed().build()
    module.load_state_dict(mixed(), assign=True)
    ones = torch.ones(1, 2)
    before = block.run(latent=ones)["latent"]
    assert before.dtype == block.torch_dtype == torch.bfloat16
    loaded: Any = ygg.load(ygg.save(block, tmp_path / "saved"))
    assert bits(loaded.module.state_dict()) == bits(mixed())
    assert torch.equal(loaded.run(latent=ones)["latent"], before)
    again = ygg.save(loaded, tmp_path / "again")
    assert [p.name for p in (again / "weights").iterdir()] == [p.name for p in (tmp_path / "saved/weights").iterdir()]


def test_a_tensor_larger_than_what_is_read_at_once_is_cast_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    large = torch.arange((8 << 20) // 4 * 2 + 3, dtype=torch.float32)
    write_tensors(path, {"large": large})
    assert torch.equal(read_tensors(path, torch.bfloat16)["large"], large.to(torch.bfloat16))


def test_n30_no_way_to_load_or_save_holds_weights_twice_in_memory(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.contract.memory_of_weights", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found, file = json.loads(told.stdout), 128
    limits = {"stored": file, "misaligned": file, "chosen": file / 2, "chosen, misaligned": file / 2, "saved": 0}
    assert found.keys() == limits.keys()
    assert {name: mib for name, mib in found.items() if mib > 1.2 * limits[name] + 50} == {}


def test_a_file_that_shrinks_while_it_is_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    write_tensors(path, {"a": torch.ones(100)})
    monkeypatch.setattr("yggdrasil.contract.tensor_files._AT_ONCE", 64)

    def shortened(raw: Any, flat: Any) -> None:
        path.write_bytes(path.read_bytes()[:-200])
        filled(raw, flat)

    from yggdrasil.contract import tensor_files

    filled = tensor_files._fill
    monkeypatch.setattr(tensor_files, "_fill", shortened)
    with pytest.raises(WeightsError, match=r"is broken .*ends too early"):
        read_tensors(path, torch.float16)
