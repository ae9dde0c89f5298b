"""The one way to stop a run: a flag that every depth looks at, and that wakes who waits."""

from __future__ import annotations

import functools
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from yggdrasil.contract.errors import Cancelled, ConfigError
from yggdrasil.contract.forks import rlock

T = TypeVar("T")
_LOCK = rlock()
"""Guards who is to be called, of all tokens; reentrant, since a signal may cancel a run in the middle of that."""


class CancelToken:
    """A flag that every depth of a run looks at; set once, never cleared. A part's own token hears its parent's."""

    __slots__ = ("__weakref__", "_callbacks", "_leave", "_parent", "_set")

    def __init__(self, parent: CancelToken | None = None) -> None:
        self._set = False
        self._parent = parent
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._leave: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Set the flag and call who asked for it. Raises what the first failing callback raised, after all of them."""
        self._set = True
        self._fire()

    @property
    def cancelled(self) -> bool:
        return self._set or (self._parent is not None and self._parent.cancelled)

    def check(self, where: str = "") -> None:
        """Raise Cancelled if the reader has gone."""
        if self.cancelled:
            raise Cancelled(where)

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called once when this token or one above it is cancelled; at once if it is already.

        It runs in the thread that cancels. Gives the function that takes the wish back.
        """
        with _LOCK:
            if not self.cancelled:
                key = object()
                self._callbacks[key] = callback
                if self._parent is not None and self._leave is None:
                    self._leave = self._parent.on_cancel(self._fire)
                return functools.partial(self._forget, key)
        callback()
        return _nothing

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the token is cancelled, for at most so many seconds; gives whether it is."""
        woken = threading.Event()
        leave = self.on_cancel(woken.set)
        try:
            return woken.wait(seconds) or self.cancelled
        finally:
            leave()

    def _fire(self) -> None:
        with _LOCK:
            callbacks, self._callbacks = list(self._callbacks.values()), {}
        failure: BaseException | None = None
        for callback in callbacks:
            try:
                callback()
            except BaseException as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _forget(self, key: object) -> None:
        with _LOCK:
            self._callbacks.pop(key, None)
            if not self._callbacks and self._leave is not None:
                leave, self._leave = self._leave, None
                leave()


class NothingRuns(CancelToken):
    """The token where no run is: it stays as it is, since every later run of the process would hear it."""

    __slots__ = ()

    def cancel(self) -> None:
        mend = "cancel inside a run, or by the token that `ygg.listening` and `block.stream` give"
        raise ConfigError("nothing runs here that could be cancelled", mend=mend)


class Inbox(Generic[T]):
    """What other threads put for a run, which takes it in order and stops waiting as soon as it is cancelled."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()

    def put(self, item: T) -> None:
        self._queue.put(item)

    def take(self, cancel: CancelToken, where: str = "", until: float | None = None) -> T:
        """The next item. Raises Cancelled with the place `where`; TimeoutError at `until` (of `time.monotonic`)."""
        forget = cancel.on_cancel(functools.partial(self._queue.put, _WOKEN))
        try:
            while True:
                cancel.check(where)
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                try:
                    item = self._queue.get(timeout=left)
                except queue.Empty:
                    raise TimeoutError from None
                if item is not _WOKEN:
                    return cast("T", item)
        finally:
            forget()


_WOKEN = object()
"""What a cancelled run finds in its inbox."""


def _nothing() -> None:
    """What takes back a wish that was granted at once."""
