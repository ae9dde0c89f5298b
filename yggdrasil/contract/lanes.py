"""How many may compute at once: a lane for each device, and waits in line that a cancelled run leaves at once."""

from __future__ import annotations

import contextvars
import os
import sys
import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager

from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.errors import Cancelled, ConfigError
from yggdrasil.contract.os_fork import lock, renewed


class DeviceQueue:
    """Room for `width` at once; the others wait in the order in which they came, until their run is cancelled.

    A run that has room gets it again below, also in threads of its own: parts inside of parts never wait for each
    other.
    """

    def __init__(self, width: int = 1) -> None:
        self._width = width
        self._inside = 0
        self._waiting: deque[threading.Event] = deque()
        self._lock = lock()
        self._mine: contextvars.ContextVar[_Stay | None] = contextvars.ContextVar("yggdrasil_line", default=None)
        renewed(self, DeviceQueue._empty)

    @property
    def width(self) -> int:
        """How many are let in at once; who is inside when it becomes less stays to the end."""
        return self._width

    @width.setter
    def width(self, width: int) -> None:
        with self._lock:
            self._width = width
            self._call()

    @contextmanager
    def turn(self, cancel: CancelToken, where: str = "") -> Generator[None]:
        """Have room in the block. Raises Cancelled, with the place `where`, as soon as `cancel` is set."""
        above = self._mine.get()
        if above is not None and above.lasts:
            yield
            return
        self._enter(cancel, where)
        stay = _Stay()
        before = self._mine.set(stay)
        try:
            yield
        finally:
            self._mine.reset(before)
            stay.lasts = False
            self._leave()

    def _empty(self) -> None:
        """In a forked child the threads that were inside or waited are not there; who forked inside stays inside."""
        self._waiting.clear()
        stay = self._mine.get()
        self._inside = int(stay is not None and stay.lasts)

    def _enter(self, cancel: CancelToken, where: str) -> None:
        with self._lock:
            if self._inside < self._width and not self._waiting:
                self._inside += 1
                return
            called = threading.Event()
            self._waiting.append(called)
        forget = cancel.on_cancel(called.set)
        try:
            called.wait()
        except BaseException:  # raised again: who is interrupted while waiting must not keep its place in the lane
            self._give_up(called)
            raise
        finally:
            forget()
        if cancel.cancelled:
            self._give_up(called)
            raise Cancelled(where)

    def _give_up(self, called: threading.Event) -> None:
        """Leave the line, or the room if it was given already."""
        with self._lock:
            if called in self._waiting:
                self._waiting.remove(called)
                return
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1
            self._call()

    def _call(self) -> None:
        while self._waiting and self._inside < self._width:
            self._inside += 1
            self._waiting.popleft().set()


class _Stay:
    """That a run has room, for what it calls; over when it leaves."""

    __slots__ = ("lasts",)

    def __init__(self) -> None:
        self.lasts = True


_lanes: dict[str, DeviceQueue] = {}
_guard = lock()


def lane(device: str) -> DeviceQueue:
    """The lane of a device (`cpu`, `cuda`, `cuda:1`): who computes there does so inside of its `turn`."""
    name = _named(device)
    with _guard:
        if name not in _lanes:
            _lanes[name] = DeviceQueue(_usual(name))
        return _lanes[name]


def set_lanes(device: str, count: int) -> None:
    """Let `count` compute at once on a device. Raises ConfigError for less than one.

    Without it a CPU has as many as its cores feed (cores divided by the threads that torch uses for one), another
    device one.
    """
    if count < 1:
        raise ConfigError(f"{device} cannot have {count} lanes", mend="give it one or more")
    lane(device).width = count


def _named(device: str) -> str:
    kind, _, number = device.partition(":")
    return kind if kind == "cpu" or number in ("", "0") else device


def _usual(device: str) -> int:
    if device != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch = sys.modules.get("torch")
    said = os.environ.get("OMP_NUM_THREADS", "")
    threads = torch.get_num_threads() if torch is not None else int(said) if said.isdecimal() else cores
    return max(1, cores // max(1, threads))
