"""Run in a process of its own by the test of memory: by how much each way to load and save raises its peak."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil.contract.block import FileRef
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.torch_block import TorchBlock

WIDE, NARROW = 24 << 20, 2 << 20


class Wide(TorchBlock, type="test/wide"):
    """One large tensor and four smaller ones, 128 MiB of float32."""

    def build(self) -> nn.Module:
        sizes = {"wide": WIDE, **{f"narrow{number}": NARROW for number in range(4)}}
        return nn.ParameterDict({name: nn.Parameter(torch.empty(size)) for name, size in sizes.items()})

    def forward(self, n: int) -> int:
        return n


def written(path: Path, *, shift: int) -> Path:
    """A file of zeros, sparse on the disk, whose tensors begin `shift` bytes past a multiple of 64."""
    header: dict[str, Any] = {}
    at = 0
    for name, size in (("wide", WIDE), *((f"narrow{number}", NARROW) for number in range(4))):
        header[name] = {"dtype": "F32", "shape": [size], "data_offsets": [at, at + 4 * size]}
        at += 4 * size
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64 + shift)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)
    return path


def peak(act: Callable[[], object]) -> float:
    """By how many MiB the highest mark of resident memory rises above what is resident before."""
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    _held = act()
    return (status("VmHWM") - before) / 1024


def status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def loaded(path: Path, **settings: Any) -> Wide:
    block = Wide(**settings)
    block.files = {"weights": FileRef(digest_file(path), path)}
    for tensor in block.module.parameters():
        tensor.sum()
    return block


def measured(folder: Path) -> dict[str, float]:
    well = written(folder / "well.safetensors", shift=0)
    askew = written(folder / "askew.safetensors", shift=4)
    found = {
        "stored": peak(lambda: loaded(well, dtype="stored")),
        "misaligned": peak(lambda: loaded(askew, dtype="stored")),
        "chosen": peak(lambda: loaded(well, dtype="bfloat16")),
        "chosen, misaligned": peak(lambda: loaded(askew, dtype="float16")),
    }
    block = Wide()
    block.module = nn.ParameterDict({name: nn.Parameter(t + 1) for name, t in loaded(well).module.named_parameters()})
    return {**found, "saved": peak(lambda: ygg.save(block, folder / "saved"))}


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
