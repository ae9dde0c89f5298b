"""What a file's digest was when somebody last read it, kept for the user, so that no process reads gigabytes anew."""

from __future__ import annotations

import contextvars
import json
import os
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from yggdrasil.contract.digest import digest_bytes, digest_file

_LARGE = 1 << 20
_MOST = 1000
_SETTLED, _TICK = 2_000_000_000, 50_000_000
"""Nanoseconds: a file that was changed less long ago may change again without another time, so nothing of it is kept
for others, or not even here; the first is of the coarsest file systems, the second of the kernel's own clock."""
Version = tuple[int, ...]
_seen: dict[tuple[str, Version], str] = {}
_anew: contextvars.ContextVar[dict[tuple[str, Version], str] | None] = contextvars.ContextVar(
    "yggdrasil_digests_anew", default=None
)


def home() -> Path:
    """The folder of what is fetched or kept for the user: `$YGGDRASIL_HOME`, else `~/.cache/yggdrasil`."""
    return Path(os.environ.get("YGGDRASIL_HOME") or Path.home() / ".cache" / "yggdrasil")


@contextmanager
def reading_anew() -> Generator[None]:
    """Inside, every file is read, whatever is known of it: bytes that went bad on the disk change no time."""
    token = _anew.set({})
    try:
        yield
    finally:
        _anew.reset(token)


def digest_of_version(path: Path, wanted: str = "") -> str:
    """sha256 (hex) of a file, read once for each version of it (device, inode, size, times of change).

    A large one is remembered for other processes of the user. A remembered digest that is not the one `wanted` is
    looked up in the file itself.
    """
    asked = _anew.get()
    seen = _seen if asked is None else asked
    version = _version(path)
    key = (str(path.absolute()), version)
    found = seen.get(key) or (_known(*key) if asked is None else "")
    if not found or (wanted and found != wanted):
        found = digest_file(path)
        if _version(path) == version:
            _keep(*key, found)
    if _age(version) > _TICK:
        seen[key] = found
    return found


def _age(version: Version) -> int:
    return time.time_ns() - max(version[3:])


def _version(path: Path) -> Version:
    status = path.stat()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _note(path: str) -> Path:
    return home() / "digests" / f"{digest_bytes(os.fsencode(path))[:32]}.json"


def _known(path: str, version: Version) -> str:
    """The digest that was kept for this version, or ''."""
    try:
        kept: Any = json.loads(_note(path).read_bytes())
        return str(kept["sha256"]) if kept["path"] == path and kept["version"] == list(version) else ""
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _keep(path: str, version: Version, sha256: str) -> None:
    """Best effort: without a folder to write in, the file is read again by the next process."""
    if version[2] < _LARGE or _age(version) < _SETTLED:
        return
    note = _note(path)
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=note.parent, prefix=".tmp-", delete=False) as file:
            json.dump({"path": path, "version": version, "sha256": sha256}, file)
        os.replace(file.name, note)
        for old in sorted(note.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)[:-_MOST]:
            old.unlink(missing_ok=True)
