"""Only one writer at a time lives in a world's folder; the next one waits or is told who has it."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yggdrasil.engine.cycle.errors import WorldBusy

_PAUSE = 0.05


@contextmanager
def holding(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock file `path` for the block; freed by the kernel if the process dies.

    Raises WorldBusy, which names the holder, after `timeout` seconds.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(handle, path, timeout)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int, path: Path, timeout: float) -> None:
    until = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                holder = os.pread(handle, 200, 0).decode(errors="replace") or "another process"
                raise WorldBusy(holder, timeout, str(path)) from None
            time.sleep(_PAUSE)
