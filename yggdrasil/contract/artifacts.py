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


class FolderArtifacts:
    """Artifacts as files `aa/<sha256>`, each written whole and made durable before its name is seen."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the bytes of `sha256` stand. Raises ArtifactError if that is no sha256."""
        if len(sha256) != 64 or any(c not in "0123456789abcdef" for c in sha256):
            raise ArtifactError(f"{sha256[:80]!r} is not a sha256", mend="an artifact is named by 64 hex digits")
        return self.root / sha256[:2] / sha256

    def put(self, data: bytes, media_type: str) -> Artifact:
        sha = digest_bytes(data)
        target = self.path(sha)
        if not target.exists():
            write_durably(target, data)
        return Artifact(sha, media_type, len(data))

    def get(self, sha256: str) -> bytes:
        path = self.path(sha256)
        if not path.exists():
            raise _absent(sha256, str(self.root))
        data = path.read_bytes()
        if digest_bytes(data) != sha256:
            raise ArtifactError(
                f"the bytes of artifact {sha256} have changed on disk",
                where=str(path),
                mend="restore the file from a copy; its content must match its name",
            )
        return data

    def has(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def names(self) -> Iterator[str]:
        """The sha256 of every stored artifact."""
        for path in self.root.glob("??/*"):
            if len(path.name) == 64:
                yield path.name


def write_durably(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
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
