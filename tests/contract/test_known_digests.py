"""A large file is read once for each version of it, by whichever process; a changed one is always seen."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import nn

import yggdrasil as ygg
from yggdrasil.cli.block_commands import validate
from yggdrasil.contract import WeightsError, known_digests
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.known_digests import digest_of_version, reading_anew
from yggdrasil.contract.torch_block import TorchBlock


class Broad(TorchBlock, type="test/broad"):
    """Weights of more than a megabyte."""

    def build(self) -> nn.Module:
        return nn.Linear(600, 600)

    def forward(self, n: int) -> int:
        return n


class Die(ygg.Block, type="test/d4"):
    """A die."""

    sides: int = 6

    def forward(self) -> int:
        return self.sides


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own, and files that count as unchanged for long."""
    monkeypatch.setenv("YGGDRASIL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(known_digests, "_SETTLED", 0)
    return tmp_path / "home" / "digests"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read to know their digest."""
    found: list[Path] = []

    def counted(path: Path) -> str:
        found.append(path)
        return digest_file(path)

    monkeypatch.setattr(known_digests, "digest_file", counted)
    return found


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.safetensors"
    path.write_bytes(b"a" * (2 << 20))
    return path


def in_a_new_process(path: Path, wanted: str = "") -> str:
    known_digests._seen.clear()
    return digest_of_version(path, wanted)


def test_another_process_does_not_read_what_this_one_read(large: Path, read: list[Path]) -> None:
    told = {in_a_new_process(large), digest_of_version(large), in_a_new_process(large)}
    assert told == {digest_file(large)} and read == [large]


def test_a_small_file_leaves_no_note(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "small.json"
    path.write_bytes(b"{}")
    assert in_a_new_process(path) == digest_file(path) and not cache.exists()


def test_a_file_that_changed_a_moment_ago_is_not_kept(
    large: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_digests, "_SETTLED", 10**18)
    assert in_a_new_process(large) == digest_file(large) and not cache.exists()


def written_over(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"b")


def put_in_its_place(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(b"b" + path.read_bytes()[1:])
    os.replace(other, path)


def after_a_tick_of_the_clock_of_files(path: Path) -> None:
    probe = path.with_suffix(".probe")
    probe.touch()
    while probe.stat().st_ctime_ns <= path.stat().st_ctime_ns:
        probe.touch()


def test_within_a_tick_of_that_clock_nothing_is_trusted(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_digests, "_SETTLED", 10**18)
    monkeypatch.setattr(known_digests, "_version", lambda path: (0, 0, 2 << 20, time.time_ns(), 0))
    before = digest_of_version(large)
    written_over(large)
    assert digest_of_version(large) != before


@pytest.mark.parametrize("change", [written_over, put_in_its_place])
@pytest.mark.parametrize("new_process", [False, True])
def test_a_change_is_seen_even_of_one_size_and_time(
    large: Path, change: Callable[[Path], None], new_process: bool
) -> None:
    before, times = in_a_new_process(large), large.stat()
    after_a_tick_of_the_clock_of_files(large)
    change(large)
    os.utime(large, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = in_a_new_process(large) if new_process else digest_of_version(large)
    assert after == digest_file(large) != before


@pytest.mark.parametrize("note", ["", "[]", "{", '{"path": 1, "version": [], "sha256": "x"}', "[" * 100_000])
def test_a_broken_note_is_no_note(large: Path, cache: Path, note: str) -> None:
    in_a_new_process(large)
    (kept,) = cache.iterdir()
    kept.write_text(note)
    assert in_a_new_process(large) == digest_file(large)
    assert json.loads(kept.read_text())["sha256"] == digest_file(large)


def test_a_note_that_lies_is_mended_by_the_file_itself(large: Path, cache: Path) -> None:
    right = in_a_new_process(large)
    (kept,) = cache.iterdir()
    kept.write_text(kept.read_text().replace(right, "0" * 64))
    assert in_a_new_process(large, wanted=right) == right == in_a_new_process(large)


def test_without_a_folder_to_write_in_files_are_read(large: Path, cache: Path, read: list[Path]) -> None:
    cache.parent.write_text("no folder")
    assert in_a_new_process(large) == in_a_new_process(large) == digest_file(large)
    assert read == [large, large]


def test_the_notes_are_bounded(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_digests, "_MOST", 3)
    monkeypatch.setattr(known_digests, "_LARGE", 1)
    for number in range(6):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(b"x")
        in_a_new_process(path)
    assert len(list(cache.iterdir())) == 3


def test_validate_reads_every_file_whatever_is_known_of_it(
    tmp_path: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    block = Broad()
    block.module = nn.Linear(600, 600)
    folder = ygg.save(block, tmp_path / "saved")
    (weights,) = (folder / "weights").iterdir()
    monkeypatch.setattr(known_digests, "_version", lambda path: (0, 0, 2 << 20, 0, 0))
    known_digests._seen.clear()
    ygg.load(folder)
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    known_digests._seen.clear()
    ygg.load(folder)
    assert read == [weights], "bytes that go bad on the disk change no time"
    with pytest.raises(WeightsError, match=r"has sha256 .*the manifest says"):
        validate(folder)
    with reading_anew(), pytest.raises(WeightsError):
        ygg.load(folder)


def test_a_load_describes_the_tree_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yggdrasil.store import load as loading
    from yggdrasil.store import shelf

    monkeypatch.setattr(shelf, "shelf_root", lambda: tmp_path / "shelf")
    ygg.save(Die(sides=4), tmp_path / "shelf" / "tools" / "d4")
    graph = ygg.save(ygg.Graph("g").add(ygg.load("d4"), "die"), tmp_path / "g")
    described: list[object] = []
    plain = loading.describe

    def counted(block: ygg.Block) -> object:
        described.append(block)
        return plain(block)

    monkeypatch.setattr(loading, "describe", counted)
    monkeypatch.setattr("yggdrasil.contract.tree.describe", counted)
    for what, times in (("d4", 1), (graph, 2)):
        described.clear()
        ygg.load(what)
        assert len(described) == times, "once for each manifest"
