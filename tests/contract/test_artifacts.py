"""Artifacts of runs outside a world hold little memory and lose nothing; those in a folder are whole or refused."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from yggdrasil.contract import ArtifactError, FolderArtifacts, MemoryArtifacts, NotStored
from yggdrasil.contract.artifacts import write_durably


def test_what_no_longer_fits_into_the_memory_goes_to_a_folder_that_goes_with_the_store() -> None:
    store = MemoryArtifacts(held=10_000)
    put = [store.put(os.urandom(1000), "image/png") for _ in range(50)]
    assert sum(len(data) for data in store._data.values()) <= 10_000
    assert all(store.has(a.sha256) and len(store.get(a.sha256)) == 1000 for a in put)
    again = store.get(put[0].sha256)
    assert store.put(again, "image/png") == put[0]
    assert store._older is not None
    folder = store._older.root
    assert folder.is_dir()
    del store
    gc.collect()
    assert not folder.exists()


def test_one_that_is_larger_than_all_the_memory_held_is_kept_too() -> None:
    store = MemoryArtifacts(held=10)
    made = store.put(b"x" * 100, "text/plain")
    assert store.get(made.sha256) == b"x" * 100 and not store._data
    with pytest.raises(ArtifactError, match="is not there"):
        store.get("0" * 64)


def test_a_disk_that_refuses_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    write_durably(tmp_path / "a", b"old")
    with monkeypatch.context() as patch:
        patch.setattr("yggdrasil.contract.artifacts.os.fsync", full)
        with pytest.raises(NotStored, match=r"cannot be written \(No space left on device\).*make room"):
            write_durably(tmp_path / "a", b"new")
        with pytest.raises(NotStored):
            FolderArtifacts(tmp_path / "artifacts").put(b"x", "image/png")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a"]


def test_the_right_bytes_heal_a_damaged_artifact_of_their_name(tmp_path: Path) -> None:
    store = FolderArtifacts(tmp_path)
    made = store.put(b"right", "image/png")
    for damage in (b"wrong", b"", b"far longer than it was"):
        store.path(made.sha256).write_bytes(damage)
        with pytest.raises(ArtifactError):
            store.get(made.sha256)
        assert store.put(b"right", "image/png") == made
        assert store.get(made.sha256) == b"right" and len(list(tmp_path.glob("??/*"))) == 1
