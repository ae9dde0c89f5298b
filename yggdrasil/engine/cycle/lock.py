"""Only one writer at a time lives in a world's folder; the next one waits or is told who has it."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from yggdrasil.contract.artifacts import storing
from yggdrasil.engine.cycle.errors import WorldBusy

_PAUSE = 0.05


@contextmanager
def holding(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock file `path` for the block; freed by the kernel if the process dies.

    Whoever waits holds a second file, the turn, so that one who steps again and again lets others in between.
    Raises WorldBusy, which names the holder (process, host, since when), after `timeout` seconds.
    """
    until = time.monotonic() + timeout
    handle, turn = _opened(path), _opened(path.with_name(f"{path.name}.turn"))
    try:
        _take(turn, handle, path, until, timeout)
        _take(handle, handle, path, until, timeout)
        fcntl.flock(turn, fcntl.LOCK_UN)
        _sign(handle, f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z")
        yield
        _sign(handle, "")
    finally:
        os.close(turn)
        os.close(handle)


def _opened(path: Path) -> int:
    """The lock file, made if need be; a link is refused, since it would lead the writing elsewhere."""
    with storing(path):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)


def _sign(handle: int, holder: str) -> None:
    """Say who holds the lock; on a full disk nobody is named, and the lock holds all the same."""
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, holder.encode(), 0)


def _take(wanted: int, signed: int, path: Path, until: float, timeout: float) -> None:
    while True:
        try:
            fcntl.flock(wanted, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                holder = os.pread(signed, 200, 0).decode(errors="replace") or "another process"
                raise WorldBusy(holder, timeout, str(path)) from None
            time.sleep(_PAUSE)
