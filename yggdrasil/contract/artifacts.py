"""Large values live here, named by their own hash; everything else carries a small reference."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from yggdrasil.contract.digest import digest_bytes
from yggdrasil.contract.errors import ArtifactError


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
    """Artifacts of a run that nobody keeps."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def put(self, data: bytes, media_type: str) -> Artifact:
        sha = digest_bytes(data)
        self._data[sha] = data
        return Artifact(sha, media_type, len(data))

    def get(self, sha256: str) -> bytes:
        if sha256 not in self._data:
            raise _absent(sha256, "this run's memory")
        return self._data[sha256]

    def has(self, sha256: str) -> bool:
        return sha256 in self._data


SUFFIXES = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "audio/wav": ".wav",
    "application/json": ".json", "text/plain;charset=utf-8": ".txt",
}  # fmt: skip
"""Endings by media type, so that a person can open an artifact; the name itself is the hash."""


class FolderArtifacts:
    """Artifacts as files `aa/<sha256>.<ending>`, each written whole and made durable before its name is seen."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, sha256: str) -> Path | None:
        """The file of an artifact, or None. Raises ArtifactError if `sha256` is none."""
        if len(sha256) != 64 or any(c not in "0123456789abcdef" for c in sha256):
            raise ArtifactError(f"{sha256[:80]!r} is not a sha256", mend="an artifact is named by 64 hex digits")
        stem = self.root / sha256[:2] / sha256
        for suffix in (*SUFFIXES.values(), ""):
            if (path := stem.with_suffix(suffix)).exists():
                return path
        return None

    def path(self, sha256: str) -> Path:
        """The file of an artifact that is there. Raises ArtifactError if it is not."""
        found = self.find(sha256)
        if found is None:
            raise _absent(sha256, str(self.root))
        return found

    def put(self, data: bytes, media_type: str) -> Artifact:
        sha = digest_bytes(data)
        if self.find(sha) is None:
            write_durably(self.root / sha[:2] / f"{sha}{SUFFIXES.get(media_type, '')}", data)
        return Artifact(sha, media_type, len(data))

    def get(self, sha256: str) -> bytes:
        path = self.path(sha256)
        data = path.read_bytes()
        if digest_bytes(data) != sha256:
            raise ArtifactError(
                f"the bytes of artifact {sha256} have changed on disk",
                where=str(path),
                mend="restore the file from a copy; its content must match its name",
            )
        return data

    def has(self, sha256: str) -> bool:
        return self.find(sha256) is not None

    def names(self) -> Iterator[str]:
        """The sha256 of every stored artifact."""
        for path in self.root.glob("??/*"):
            if len(path.stem) == 64:
                yield path.stem


def write_durably(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _absent(sha256: str, where: str) -> ArtifactError:
    return ArtifactError(
        f"artifact {sha256} is not there", where=where, mend="copy the artifacts folder together with its world"
    )
