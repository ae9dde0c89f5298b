"""One budget of bytes for the results that the graphs of a process keep: the least used goes, whosever it is."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict, deque
from typing import Any

from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.os_fork import lock, renewed

USUAL = 256 << 20
_numbers = itertools.count()


class Budget:
    """Results of many owners, `limit` bytes in all. Safe to share between threads; a forked child begins with none."""

    def __init__(self, limit: int = USUAL) -> None:
        self._limit = limit
        self._found: OrderedDict[tuple[int, str], tuple[Any, int]] = OrderedDict()
        self._owned: dict[int, set[str]] = {}
        self._gone: deque[int] = deque()
        self._bytes = 0
        self._lock = lock()
        renewed(self, Budget._empty)

    @property
    def limit(self) -> int:
        """Bytes that all results may take together; what is above a lower one goes at once."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        with self._lock:
            self._limit = limit
            self._make_room()

    @property
    def taken(self) -> int:
        """Bytes that the results take now."""
        return self._bytes

    def owner(self, thing: object) -> int:
        """A number under which results are kept until `thing` goes."""
        number = next(_numbers)
        weakref.finalize(thing, self._leave, number).atexit = False
        return number

    def get(self, owner: int, key: str) -> Any:
        """What was kept, itself, or None."""
        with self._lock:
            entry = self._found.get((owner, key))
            if entry is None:
                return None
            self._found.move_to_end((owner, key))
            return entry[0]

    def put(self, owner: int, key: str, value: Any, size: int) -> None:
        """Keep `value`, of so many bytes, instead of what was kept under that key."""
        with self._lock:
            place = (owner, key)
            old = self._found.pop(place, None)
            if old is None:
                self._owned.setdefault(owner, set()).add(key)
            else:
                self._bytes -= old[1]
            self._found[place] = (value, size)
            self._bytes += size
            if self._gone or self._bytes > self._limit:
                self._make_room()

    def forget(self, owner: int) -> None:
        """Let everything of one owner go."""
        with self._lock:
            self._gone.append(owner)
            self._make_room()

    def _leave(self, owner: int) -> None:
        """The same for an owner that is no more; if the lock is taken, also by this thread, the next one does it."""
        self._gone.append(owner)
        if self._lock.acquire(blocking=False):
            try:
                self._make_room()
            finally:
                self._lock.release()

    def _make_room(self) -> None:
        while self._gone:
            owner = self._gone.popleft()
            for key in list(self._owned.get(owner, ())):
                self._take_out(owner, key)
        while self._bytes > self._limit:
            self._take_out(*next(iter(self._found)))

    def _take_out(self, owner: int, key: str) -> None:
        entry = self._found.pop((owner, key), None)
        if entry is not None:
            self._bytes -= entry[1]
            keys = self._owned[owner]
            keys.discard(key)
            if not keys:
                del self._owned[owner]

    def _empty(self) -> None:
        self._found.clear()
        self._owned.clear()
        self._bytes = 0


BUDGET = Budget()
"""That of this process."""


def set_cache(limit: int) -> None:
    """Let the results that all graphs keep take `limit` bytes together; 0 keeps none. Raises ConfigError below 0."""
    if not isinstance(limit, int) or limit < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"results cannot take {limit!r} bytes", mend="give a whole number: 0, to keep none, or more")
    BUDGET.limit = limit
