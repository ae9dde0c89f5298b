"""The threads of the whole process in which heavy branches run; who finds none free does the work itself."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from yggdrasil.contract.os_fork import renew

COUNT = 32
"""Threads of one process: many of them wait for an endpoint. How many compute, the lanes say."""


class Workers:
    """At most `count` threads. Work is taken only if a thread is free for it, so none ever waits in a queue.

    A graph inside of a branch can hence not wait for a thread that waits for that graph.
    """

    def __init__(self, count: int = COUNT) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="yggdrasil-heavy")

    def start(self, work: Callable[[], None]) -> Future[None] | None:
        """Do `work` in a thread, in the surroundings of the caller; None if no thread is free."""
        if not self._free.acquire(blocking=False):
            return None
        try:
            return self._pool.submit(contextvars.copy_context().run, self._do, work)
        except BaseException:
            self._free.release()
            raise

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._free.release()


_workers: Workers


def workers() -> Workers:
    """Those of this process."""
    return _workers


def _renew() -> None:
    global _workers
    _workers = Workers()


renew(_renew)
