"""Only one writer at a time lives in a world's folder; the next one waits or is told who has it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from yggdrasil.contract.artifacts import storing
from yggdrasil.contract.context import here
from yggdrasil.engine.cycle.errors import WorldBusy

if TYPE_CHECKING:
    from filelock import BaseFileLock


_LONGEST = 200
"""Bytes of the holder's name. All of them are written each time: to cut a file short takes milliseconds."""


@contextmanager
def holding(path: Path, timeout: float, busy: type[WorldBusy] = WorldBusy) -> Iterator[None]:
    """Hold the lock file `path` for the block; freed by the system if the process dies, and not held by its forks.

    Whoever waits holds a second file, the turn, so that one who steps again and again lets others in between.
    Raises `busy`, which names the holder (process, host, since when), after `timeout` seconds; Cancelled.
    """
    from filelock import FileLock

    until = time.monotonic() + timeout
    lock, turn = (
        FileLock(name, mode=0o644, thread_local=False) for name in (path, path.with_name(f"{path.name}.turn"))
    )
    try:
        _take(turn, path, until, timeout, busy)
        _take(lock, path, until, timeout, busy)
        turn.release()
        _sign(path, f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z")
        yield
        _sign(path, "")
    finally:
        turn.release()
        lock.release()


def _sign(path: Path, holder: str) -> None:
    """Say who holds the lock; on a full disk, or where a held file cannot be written, nobody is named."""
    with suppress(OSError), path.open("r+b", buffering=0) as file:
        file.write(holder.encode()[:_LONGEST].ljust(_LONGEST))


def _take(lock: BaseFileLock, path: Path, until: float, timeout: float, busy: type[WorldBusy]) -> None:
    from filelock import Timeout

    place = here()
    left = max(until - time.monotonic(), 0.0)
    with storing(path):
        try:
            lock.acquire(left, cancel_check=lambda: place.cancel.cancelled)
            return
        except Timeout:
            place.check()
    raise busy(_holder(path) or "another process", timeout, str(path))


def _holder(path: Path) -> str:
    with suppress(OSError), path.open("rb") as file:
        return file.read(_LONGEST).decode(errors="replace").strip()
    return ""
