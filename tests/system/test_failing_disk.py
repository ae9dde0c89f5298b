"""A full disk, and one of which every fifth write fails: typed errors, the old state whole, and it goes on.

Needs leave to mount a tmpfs, and `fiu-run` (fiu-utils of Debian).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import yggdrasil as ygg
from tests.levels import growing_world
from tests.levels.scripted import scripted
from tests.store.test_catalogue import WHOLE, Shop
from tests.system.failing_disk import Linear
from yggdrasil.contract import Block, NotStored
from yggdrasil.ports import Image, Text
from yggdrasil.store import catalogue, model_pull
from yggdrasil.store.model_pull import DiskFull, PullProgress, pull

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]


class Noise(Block, type="test_disk/noise", role="Tool"):
    def forward(self, prompt: Text, seed: int = 0) -> Image:
        from PIL import Image as Pictures

        data = torch.randint(0, 256, (64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
        return Pictures.fromarray(data.numpy())


class Disk:
    """A disk of three megabytes that can be filled up to any rest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def leave(self, rest: int) -> None:
        """Fill it until `rest` bytes are free; or give all back, if that is more than there is."""
        filler = self.folder / "filler"
        filler.unlink(missing_ok=True)
        free = os.statvfs(self.folder)
        size = free.f_bavail * free.f_bsize - rest
        if size > 0:
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_step_on_a_full_disk_is_refused_at_any_point_and_goes_on(disk: Disk) -> None:
    home = disk.folder / "w"
    world = scripted(home, {"paint": Noise()})
    world.step()
    for reopened in (False, True):
        refused = 0
        for rest in range(0, 400_000, 4096):
            before = [s.record.digest for s in world.history()]
            if reopened:
                world.close()
            disk.leave(rest)
            try:
                world.step()
            except NotStored:
                refused += 1
                disk.leave(1 << 30)
                assert [s.record.digest for s in world.history()] == before
                world.replay()
                continue
            break
        assert refused > 3
        disk.leave(1 << 30)
        assert world.step().status == "whole"
        assert [s.step for s in world.history()] == list(range(1, len(world.history()) + 1))
        world.replay()


def test_a_save_on_a_full_disk_leaves_the_old_one(disk: Disk) -> None:
    block, other, x = Linear(), Linear(), torch.ones(1, 64)
    block.module, other.module = nn.Linear(64, 64), nn.Linear(64, 64)
    folder = ygg.save(block, disk.folder / "b")
    refused = 0
    for rest in range(0, 100_000, 2048):
        disk.leave(rest)
        try:
            ygg.save(other, folder)
        except NotStored:
            refused += 1
            assert torch.equal(ygg.load(folder).run(tensor=x).tensor, block.run(tensor=x).tensor)
            assert not list(folder.rglob(".tmp-*"))
            continue
        break
    assert refused > 3
    assert torch.equal(ygg.load(folder).run(tensor=x).tensor, other.run(tensor=x).tensor)


def test_a_world_kept_on_a_full_disk_leaves_the_old_one(disk: Disk, tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", {"paint": Noise()})
    world.step()
    folder = ygg.save(world, disk.folder / "kept")
    list(world.steps(count=12))
    refused = 0
    for rest in range(0, 1_500_000, 8192):
        disk.leave(rest)
        try:
            ygg.save(world, folder)
        except NotStored:
            refused += 1
            disk.leave(1 << 30)
            there: Any = ygg.load(folder)
            assert len(there.history()) == 1
            there.replay()
            there.close()
            continue
        break
    assert refused > 3
    disk.leave(1 << 30)
    there = ygg.load(folder)
    assert len(there.history()) == 13
    there.replay()


def test_a_pull_onto_a_disk_that_fills_goes_on_later(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path / "shop")
    monkeypatch.setattr(model_pull, "_download", shop.fetch)
    monkeypatch.setattr(catalogue, "_HERE", shop.data)
    monkeypatch.setenv("YGGDRASIL_HOME", str(disk.folder / "home"))
    disk.leave(4096)
    with pytest.raises(DiskFull, match="are free"):
        pull("toy")
    disk.leave(1 << 30)

    def fills(progress: PullProgress) -> None:
        if progress.package == "toy-part2":
            disk.leave(0)

    with pytest.raises(DiskFull, match="are free"):
        pull("toy", report=fills)
    assert catalogue.locate(catalogue.model("toy").files[0].sha256, "toy.gguf") is None
    disk.leave(1 << 30)
    assert pull("toy")["toy.gguf"].read_bytes() == WHOLE


@pytest.mark.parametrize("what", ["step", "save", "fetch"])
def test_every_fifth_write_fails(what: str, tmp_path: Path) -> None:
    command = ["fiu-run", "-x", sys.executable, "-m", "tests.system.failing_disk", what, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    if what == "step":
        assert growing_world.faults(tmp_path / "w", tmp_path / "told.txt") == []
