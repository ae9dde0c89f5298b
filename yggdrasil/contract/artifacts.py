"""Large values live here, named by their own hash; everything else carries a small reference."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from yggdrasil.contract.digest import digest_bytes, digest_file
from yggdrasil.contract.errors import ArtifactError, NotStored
from yggdrasil.contract.os_fork import ending, lock

_HELD = 256 << 20
_AT_ONCE = 16 << 20
_LARGEST = 2 << 30
_SHA = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A reference: the sha256 (hex) of the bytes, their media type and their number."""

    sha256: str
    media_type: str
    size: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class ArtifactStore(Protocol):
    """Where bytes go; a folder and a memory are given here, a cluster brings its own."""

    def put(self, data: bytes, media_type: str) -> Artifact: ...
    def get(self, sha256: str) -> bytes: ...
    def has(self, sha256: str) -> bool: ...


class MemoryArtifacts:
    """Artifacts of runs outside a world: `held` bytes in memory, older ones in a folder that goes with the store."""

    def __init__(self, held: int = _HELD) -> None:
        self._data: dict[str, bytes] = {}
        self._held, self._bytes = held, 0
        self._older: FolderArtifacts | None = None
        self._lock = lock()

    def put(self, data: bytes, media_type: str) -> Artifact:
        sha = digest_bytes(data)
        with self._lock:
            if sha not in self._data:
                self._data[sha] = data
                self._bytes += len(data)
            while self._bytes > self._held:
                self._put_away()
        return Artifact(sha, media_type, len(data))

    def get(self, sha256: str) -> bytes:
        with self._lock:
            if sha256 in self._data:
                return self._data[sha256]
        if self._older is None or not self._older.has(sha256):
            raise _absent(sha256, "this run's memory")
        return self._older.get(sha256)

    def has(self, sha256: str) -> bool:
        return sha256 in self._data or (self._older is not None and self._older.has(sha256))

    def _put_away(self) -> None:
        if self._older is None:
            self._older = FolderArtifacts(Path(tempfile.mkdtemp(prefix="yggdrasil-artifacts-")))
            ending(self, shutil.rmtree, self._older.root, True)
        sha, data = next(iter(self._data.items()))
        self._older.put(data, "")
        del self._data[sha]
        self._bytes -= len(data)


class CountingStore:
    """A store that counts how often something was put into it: what refers to that has a meaning only there."""

    def __init__(self, store: ArtifactStore) -> None:
        self.times = 0
        self._store = store

    def put(self, data: bytes, media_type: str) -> Artifact:
        self.times += 1
        return self._store.put(data, media_type)

    def get(self, sha256: str) -> bytes:
        return self._store.get(sha256)

    def has(self, sha256: str) -> bool:
        return self._store.has(sha256)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class SessionArtifacts(MemoryArtifacts):
    """What the runs of one session put: it goes when nobody holds the session or what a run of it gave.

    A name that another store of this kind holds is found there: one run's result may be another's input.
    """

    _living: ClassVar[weakref.WeakValueDictionary[int, SessionArtifacts]] = weakref.WeakValueDictionary()

    def __init__(self, held: int = _HELD) -> None:
        super().__init__(held)
        SessionArtifacts._living[id(self)] = self

    def get(self, sha256: str) -> bytes:
        if not super().has(sha256):
            for other in self._others():
                if MemoryArtifacts.has(other, sha256):
                    return MemoryArtifacts.get(other, sha256)
        return super().get(sha256)

    def has(self, sha256: str) -> bool:
        return super().has(sha256) or any(MemoryArtifacts.has(other, sha256) for other in self._others())

    def _others(self) -> list[SessionArtifacts]:
        """Those that live now; other threads may begin sessions meanwhile."""
        found = (reference() for reference in SessionArtifacts._living.valuerefs())
        return [other for other in found if other is not None and other is not self]


SUFFIXES = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/apng": ".apng", "image/tiff": ".tiff",
    "audio/wav": ".wav", "application/x-safetensors": ".safetensors", "application/x-npy": ".npy",
    "application/json": ".json", "text/plain;charset=utf-8": ".txt",
}  # fmt: skip
"""Endings by media type, so that a person can open an artifact; the name itself is the hash."""


def _ending(media_type: str) -> str:
    """The ending of a file of this media type: a built-in one, or that of a package's kind."""
    if media_type in SUFFIXES or not media_type:
        return SUFFIXES.get(media_type, "")
    from yggdrasil.contract.values import form_of_media

    form = form_of_media(media_type)
    return form.media_types.get(media_type, "") if form is not None else ""


class FolderArtifacts:
    """Artifacts as files `aa/<sha256>.<ending>`, each written whole and made durable before its name is seen."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, sha256: str) -> Path | None:
        """The file of an artifact, or None. Raises ArtifactError if `sha256` is none."""
        if not _SHA.fullmatch(str(sha256)):
            raise ArtifactError(f"{str(sha256)[:80]!r} is not a sha256", mend="an artifact is named by 64 hex digits")
        stem = self.root / sha256[:2] / sha256
        if stem.parent.is_symlink():
            mend = "put the folder itself there: no link is followed"
            raise ArtifactError("is a link", where=str(stem.parent), mend=mend)
        for suffix in (*SUFFIXES.values(), ""):
            if (path := stem.with_suffix(suffix)).exists():
                return path
        return next(stem.parent.glob(f"{sha256}.*"), None)

    def path(self, sha256: str) -> Path:
        """The file of an artifact that is there. Raises ArtifactError if it is not."""
        found = self.find(sha256)
        if found is None:
            raise _absent(sha256, str(self.root))
        return found

    def put(self, data: bytes, media_type: str) -> Artifact:
        sha = digest_bytes(data)
        there = self.find(sha)
        if there is None or not _holds(there, sha, len(data)):
            write_durably(there or self.root / sha[:2] / f"{sha}{_ending(media_type)}", data)
        return Artifact(sha, media_type, len(data))

    def get(self, sha256: str) -> bytes:
        """The bytes, checked; what is no plain file, or large and another, is refused before it fills the memory."""
        path = self.path(sha256)
        try:
            status = path.lstat()
            plain = stat.S_ISREG(status.st_mode)
            if plain and _is_readable(path, status.st_size, sha256):
                data = path.read_bytes()
                if digest_bytes(data) == sha256:
                    return data
        except OSError as error:
            raise ArtifactError(
                f"cannot be read ({error})", where=str(path), mend="make it readable, or restore it"
            ) from None
        raise ArtifactError(
            f"the bytes of artifact {sha256} have changed on disk" if plain else "is no plain file",
            where=str(path),
            mend="restore the file from a copy; its content must match its name",
        )

    def has(self, sha256: str) -> bool:
        return self.find(sha256) is not None

    def names(self) -> Iterator[str]:
        """The sha256 of every stored artifact."""
        for path in self.root.glob("??/*"):
            if len(path.stem) == 64:
                yield path.stem


def _holds(path: Path, sha256: str, size: int) -> bool:
    """Whether a file is a plain one with the content that its name says; what cannot be read is not."""
    try:
        status = path.lstat()
        return stat.S_ISREG(status.st_mode) and status.st_size == size and digest_file(path) == sha256
    except OSError:
        return False


def _is_readable(path: Path, size: int, sha256: str) -> bool:
    """Whether a file may be taken into memory: a small one, or one that is what its name says."""
    return size <= _AT_ONCE or (size <= _LARGEST and digest_file(path) == sha256)


@contextmanager
def storing(where: Path) -> Generator[None]:
    """Turn what the system says about writing at `where` into NotStored."""
    try:
        yield
    except OSError as error:
        raise NotStored(error.strerror or error, str(where)) from error


def write_durably(target: Path, data: bytes | Iterable[bytes | memoryview]) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename, fsync of the folder. Raises NotStored."""
    _written(target.parent, [data] if isinstance(data, bytes) else data, lambda: target)


def write_by_digest(folder: Path, pieces: Iterable[bytes | memoryview], suffix: str) -> tuple[str, Path]:
    """The same for a file that is named by its sha256 (hex); gives both. Raises NotStored."""
    total = hashlib.sha256()

    def hashed() -> Iterator[bytes | memoryview]:
        for piece in pieces:
            total.update(piece)
            yield piece

    path = _written(folder, hashed(), lambda: folder / f"{total.hexdigest()}{suffix}")
    return total.hexdigest(), path


def _written(folder: Path, pieces: Iterable[bytes | memoryview], named: Callable[[], Path]) -> Path:
    with storing(folder):
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".tmp-")
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                os.fchmod(file.fileno(), 0o644)
                file.flush()
                os.fsync(file.fileno())
            target = named()
            os.replace(name, target)
        except BaseException:  # raised again: whatever ends it, Ctrl-C too, leaves no temporary file
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(folder)
        if new:
            sync_folder(folder.parent)
    return target


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _absent(sha256: str, where: str) -> ArtifactError:
    return ArtifactError(
        f"artifact {sha256} is not there", where=where, mend="copy the artifacts folder together with its world"
    )
