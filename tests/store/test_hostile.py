"""Hostile files: only our own errors, bounded memory, nothing written outside, nothing unpickled."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from tests.store import hostile
from yggdrasil.contract import YggError

CORPUS = hostile.corpus()
MOST = 200 << 20


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {p.name: p.read_bytes() if p.is_file() else None for p in folder.iterdir() if p.name != "in"}


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.timeout(60)
def test_hostile_files_meet_only_typed_errors(name: str, tmp_path: Path) -> None:
    (tmp_path / "victim.txt").write_text("victim")
    (tmp_path / "in").mkdir()
    before = snapshot(tmp_path)
    tracemalloc.start()
    try:
        with suppress(YggError):
            CORPUS[name](tmp_path / "in")
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < MOST
    assert snapshot(tmp_path) == before


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) > 200


@pytest.mark.parametrize("name", [n for n in CORPUS if n.startswith(("pickle", "picture pickle"))])
def test_a_pickle_under_any_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(YggError):
        CORPUS[name](tmp_path)
