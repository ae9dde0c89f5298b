"""What a process does on a disk of which every fifth write fails; run below `fiu-run -x`."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import yggdrasil as ygg
from tests.levels import growing_world
from tests.store.test_catalogue import SHA, WHOLE, Shop
from yggdrasil.contract import YggError
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import AnyTensor
from yggdrasil.store import catalogue, model_pull
from yggdrasil.store.model_pull import pull

OFTEN = 0.2
POINTS = tuple(f"posix/io/{name}".encode() for name in ("rw/write", "rw/pwrite", "rw/writev", "rw/pwritev", "sync/*"))


class Linear(TorchBlock, type="failing/linear"):
    def build(self) -> nn.Module:
        return nn.Linear(64, 64)

    def forward(self, tensor: AnyTensor) -> AnyTensor:
        return self.module(tensor)  # type: ignore[operator]


@contextmanager
def failing() -> Generator[None]:
    """Inside, every fifth write and sync of this process fails."""
    library: Any = ctypes.CDLL("libfiu.so.0")
    library.fiu_enable_random.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_float]
    for point in POINTS:
        if library.fiu_enable_random(point, 1, None, 0, OFTEN):
            raise SystemExit(f"{point!r} cannot be made to fail")
    try:
        yield
    finally:
        for point in POINTS:
            library.fiu_disable(point)


def until_done(act: Callable[[], Any], refused: list[str]) -> Any:
    """Do it again until the disk lets it pass; anything but our own errors ends the process."""
    for _ in range(20_000):
        try:
            return act()
        except YggError as error:
            refused.append(type(error).__name__)
    raise SystemExit("20000 tries were not enough")


def step(folder: Path, refused: list[str]) -> None:
    growing_world._told[:] = [growing_world.Told(folder / "told.txt")]
    world = growing_world.growing(folder / "w")
    with failing():
        for number in range(5):
            until_done(partial(growing_world._step, world), refused)
            if number == 2:
                world.close()
                world = growing_world.growing(folder / "w")
                until_done(partial(world.fork, at=number, name=f"fork {number}"), refused)
    world.close()


def save(folder: Path, refused: list[str]) -> None:
    old, new = Linear(), Linear()
    old.module, new.module = nn.Linear(64, 64), nn.Linear(64, 64)
    ygg.save(old, folder / "b")
    x = torch.ones(1, 64)
    for _ in range(20):
        for block, before in ((new, old), (old, new)):
            with failing():
                tries = len(refused)
                until_done(lambda b=block: ygg.save(b, folder / "b"), refused)
            if len(refused) == tries:
                continue
            if not torch.equal(ygg.load(folder / "b").run(tensor=x).tensor, block.run(tensor=x).tensor):
                raise SystemExit(f"after {before} something else was saved")
    left = [p.name for p in (folder / "b").rglob(".tmp-*")]
    if left:
        raise SystemExit(f"left over: {left}")


def fetch(folder: Path, refused: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for number in range(10):
            (folder / str(number)).mkdir()
            shop = Shop(folder / str(number))
            patch.setattr(model_pull, "_download", shop.fetch)
            patch.setattr(catalogue, "_HERE", shop.data)
            patch.setenv("YGGDRASIL_HOME", str(shop.home))
            with failing():
                found = until_done(lambda: pull("toy"), refused)
            if found["toy.gguf"].read_bytes() != WHOLE or catalogue.verify("toy") != found:
                raise SystemExit("what came is another")
            if shop.left() != [f"models/{SHA}/LICENCE.txt", f"models/{SHA}/toy.gguf"]:
                raise SystemExit(f"left over: {shop.left()}")


if __name__ == "__main__":
    said: list[str] = []
    {"step": step, "save": save, "fetch": fetch}[sys.argv[1]](Path(sys.argv[2]), said)
    print(len(said), "times refused:", ", ".join(sorted(set(said))))
    sys.exit(0 if said else 3)
