"""Artifacts of runs outside a world hold little memory and lose nothing; those in a folder are whole or refused."""

from __future__ import annotations

import copy
import gc
import os
import sys
import threading
import weakref
from pathlib import Path
from typing import Any, ClassVar

import pytest

import yggdrasil as ygg
from yggdrasil.contract import ArtifactError, Block, FolderArtifacts, MemoryArtifacts, NotStored, here, standing
from yggdrasil.contract.artifacts import write_durably
from yggdrasil.contract.session import Session, own_session
from yggdrasil.ports import Json, Text


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


class Put(Block, type="test_artifacts/put"):
    """Put words away, and refer to them."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Json:
        return here().artifacts.put(text.encode(), "text/plain;charset=utf-8").to_json()


class Get(Block, type="test_artifacts/get"):
    """The words that are referred to."""

    def forward(self, reference: Json) -> Text:
        return here().artifacts.get(reference["sha256"]).decode()


def test_what_runs_put_away_goes_with_their_session_and_their_results_and_is_found_until_then() -> None:
    put, get, session = Put(), Get(), Session()
    with ygg.session(session):
        out = put.run(text="of a session")
    assert out.value["sha256"] in session.artifacts._data and not own_session(put).artifacts._data
    assert here().artifacts.get(out.value["sha256"]) == b"of a session"
    assert get.run(reference=out.value).text == "of a session"
    reference, store = dict(out.value), weakref.ref(session.artifacts)
    del session
    gc.collect()
    assert get.run(reference=reference).text == "of a session"
    assert copy.deepcopy(out) == out
    del out
    gc.collect()
    assert store() is None and not here().artifacts.has(reference["sha256"])
    with pytest.raises(ArtifactError, match="is not there"):
        get.run(reference=reference)


def test_who_looks_for_an_artifact_is_not_disturbed_by_sessions_that_begin_meanwhile() -> None:
    own, over, before, lasting = Session(), threading.Event(), sys.getswitchinterval(), list[Any]()

    def begin() -> None:
        while not over.is_set():
            lasting[:] = [Session().artifacts for _ in range(50)]

    others = [threading.Thread(target=begin) for _ in range(2)]
    sys.setswitchinterval(1e-5)
    try:
        for other in others:
            other.start()
        assert not any(own.artifacts.has("0" * 64) for _ in range(4000))
    finally:
        over.set()
        for other in others:
            other.join()
        sys.setswitchinterval(before)


def test_a_result_that_refers_to_a_store_is_answered_from_no_cache_into_another() -> None:
    graph = ygg.Graph("g").add(Put(), "put").connect("self.text", "put.text").connect("put.value", "self.reference")
    kept = list[dict[str, Any]]()
    for _ in range(2):
        with ygg.session():
            out = graph.run(text="again")
            kept.append(out.reference)
            assert here().artifacts.get(out.reference["sha256"]) == b"again"
        del out
        gc.collect()
    assert kept[0] == kept[1] and not here().artifacts.has(kept[0]["sha256"])


def test_a_run_that_is_given_a_store_uses_that(tmp_path: Path) -> None:
    folder = FolderArtifacts(tmp_path)
    with standing(here().but(artifacts=folder)):
        out = Put().run(text="into the folder")
        with ygg.session():
            other = Put().run(text="too")
    assert set(folder.names()) == {out.value["sha256"], other.value["sha256"]}
    graph = ygg.Graph("g").add(Put(), "put").connect("self.text", "put.text").connect("put.value", "self.reference")
    with standing(here().but(artifacts=folder)):
        assert folder.has(graph.run(text="third").reference["sha256"])
