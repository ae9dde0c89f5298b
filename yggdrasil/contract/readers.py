"""Who reads a run's events, and the wall between them: a reader never fails a run, and never makes it wait."""

from __future__ import annotations

import contextvars
import os
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from yggdrasil.contract.callers_line import warn_caller
from yggdrasil.contract.events import PASSING, Event, EventKind, wanted
from yggdrasil.contract.os_fork import renewed, rlock
from yggdrasil.contract.own_copies import owned_parts

if TYPE_CHECKING:
    from yggdrasil.contract.artifacts import ArtifactStore
    from yggdrasil.contract.taps import Measure, Taps

Listener = Callable[[Event], None]
Word = tuple[EventKind, str, dict[str, Any], float, int, "ArtifactStore"]
"""What an event is made of: kind, path, data, time, number, store. The reader's side makes it, so a run pays less."""
ROOM = 1024
"""How many events wait for a reader."""
PATIENCE = 5.0
"""Seconds that the end of `listening` waits for a reader that is behind."""
GATHERS = 0.05
"""Seconds that a function which has read all lets events gather before it is called again."""
_NOTHING: frozenset[EventKind] = frozenset()
_VIEWS = 2
"""How many previews wait for a reader: each holds a whole picture, and only the newest says anything."""


class ReaderDropped(RuntimeWarning):
    """A reader of events has failed, or was too far behind at the end; it hears nothing more, the run goes on."""


class Reader(ABC):
    """What every reader has: the kinds that it wants, and a lock that keeps its events in order."""

    def __init__(self, kinds: Iterable[EventKind]) -> None:
        self.wants: frozenset[EventKind] = wanted(kinds)
        self.taps: Taps = frozenset()
        self.measured: Measure | None = None
        self.lock = rlock()

    @abstractmethod
    def accept(self, seat: ReaderSeat, word: Word) -> None:
        """Take what an event is made of; called under the lock."""

    @abstractmethod
    def leave(self) -> None:
        """Nothing more comes."""


class ReaderSeat:
    """A reader's place in one run: the numbers of what it was sent and of what it got."""

    __slots__ = ("got", "reader", "run", "sent")

    def __init__(self, reader: Reader, run: str) -> None:
        self.reader = reader
        self.run = run
        self.sent = self.got = 0

    def tell(self, kind: EventKind, path: str, data: dict[str, Any], artifacts: ArtifactStore) -> None:
        with self.reader.lock:
            self.sent += 1
            self.reader.accept(self, (kind, path, data, time.time(), self.sent, artifacts))

    def taken(self, word: Word) -> Event:
        """The event as the reader gets it, its own to change: it says what was lost before it."""
        kind, path, data, at, seq, artifacts = word
        before, self.got = self.got, seq
        return Event(kind, path, owned_parts(data, path), at, self.run, seq, seq - before - 1, artifacts)


class Audience:
    """The readers of one run."""

    __slots__ = ("kept_from", "run", "seats", "taps", "watched")

    def __init__(self, readers: Iterable[Reader]) -> None:
        self.run = os.urandom(8).hex()
        self.kept_from: frozenset[EventKind] = frozenset()
        self.seats = tuple(ReaderSeat(reader, self.run) for reader in readers)
        self.taps: Taps = frozenset(tap for seat in self.seats for tap in seat.reader.taps)
        self.watched = bool(self.taps) or any(seat.reader.measured is not None for seat in self.seats)

    def fresh(self) -> Audience:
        """The same readers at the beginning of another run."""
        return Audience(seat.reader for seat in self.seats)

    def joined(self, reader: Reader) -> Audience:
        """One reader more, in the middle of this run: it counts from where it came in."""
        new = Audience(())
        new.run = self.run
        new.seats = (*self.seats, ReaderSeat(reader, self.run))
        new.kept_from, new.taps = self.kept_from, self.taps | reader.taps
        new.watched = self.watched or bool(reader.taps) or reader.measured is not None
        return new

    def without(self, *kinds: EventKind) -> Audience:
        """The same readers of the same run, who do not hear these kinds of what they are given, nor values."""
        new = Audience(())
        new.run, new.seats, new.kept_from = self.run, self.seats, self.kept_from | frozenset(kinds)
        return new

    def wants(self, kind: EventKind) -> bool:
        return kind not in self.kept_from and any(kind in seat.reader.wants for seat in self.seats)

    def tell(self, kind: EventKind, place: Any, data: dict[str, Any]) -> None:
        if kind in self.kept_from:
            return
        for seat in self.seats:
            if kind in seat.reader.wants:
                seat.tell(kind, place.path, data, place.artifacts)


class Mailbox(Reader):
    """Events that wait to be read: `room` at most; previews, tokens and progress go first when there are more."""

    def __init__(self, kinds: Iterable[EventKind], room: int = ROOM) -> None:
        super().__init__(kinds)
        self._room = max(room, 1)
        self._ready = threading.Condition(self.lock)
        self._held: OrderedDict[int, tuple[ReaderSeat, Word]] = OrderedDict()
        self._passing: deque[int] = deque()
        self._views: deque[int] = deque()
        self._serial = 0
        self._open = True
        self._waiting, self._enough = 0, 1
        self._wakers: list[Callable[[], None]] = []

    def accept(self, seat: ReaderSeat, word: Word) -> None:
        if not self._open:
            return
        kind = word[0]
        passing = kind in PASSING
        if kind == "preview":
            self._keep_few(self._views)
        if len(self._held) >= self._room and not self._dropped_passing():
            if passing:
                return
            self._held.popitem(last=False)
        self._serial += 1
        self._held[self._serial] = (seat, word)
        if kind == "preview":
            self._views.append(self._serial)
        if passing:
            self._passing.append(self._serial)
            if len(self._passing) > 2 * self._room:
                self._passing = deque(serial for serial in self._passing if serial in self._held)
        if self._wakers or (self._waiting and len(self._held) >= self._enough):
            self._wake()

    def take(self, seconds: float | None = None) -> Event | None:
        """The next event, waited for; None when no more will come, or none came in so many seconds."""
        with self._ready:
            self._wait(1, seconds)
            return self._next()

    def gather(self, seconds: float) -> None:
        """Let events come in for so long, or until half the room is full, or no more come."""
        with self._ready:
            self._wait(max(self._room // 2, 1), seconds)

    def poll(self, wake: Callable[[], None]) -> tuple[Event | None, bool]:
        """The next event if there is one, and whether there may be more; `wake` is called when it is worth looking."""
        with self._ready:
            event = self._next()
            if event is None and self._open:
                self._wakers.append(wake)
            return event, self._open or bool(self._held)

    def leave(self) -> None:
        with self._ready:
            self._open = False
            self._wake()

    def clear(self) -> int:
        """Let go what was not read; gives how many events that were."""
        with self._ready:
            lost = len(self._held)
            self._held.clear()
            return lost

    def _wait(self, enough: int, seconds: float | None) -> None:
        """Wait for so many events; nobody is woken for fewer, since each waking takes time from the run."""
        if len(self._held) >= enough:
            return
        self._waiting, self._enough = self._waiting + 1, enough
        try:
            self._ready.wait_for(lambda: len(self._held) >= enough or not self._open, seconds)
        finally:
            self._waiting, self._enough = self._waiting - 1, 1

    def _next(self) -> Event | None:
        if not self._held:
            return None
        _, (seat, word) = self._held.popitem(last=False)
        return seat.taken(word)

    def _wake(self) -> None:
        self._ready.notify_all()
        wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def _keep_few(self, serials: deque[int]) -> None:
        while len(serials) >= _VIEWS:
            self._held.pop(serials.popleft(), None)

    def _dropped_passing(self) -> bool:
        """Drop the oldest passing event, if there is one."""
        while self._passing:
            if self._held.pop(self._passing.popleft(), None) is not None:
                return True
        return False


class ThreadReader(Mailbox):
    """A function that is called with each event, in a thread of its own."""

    def __init__(self, listener: Listener, kinds: Iterable[EventKind], room: int = ROOM) -> None:
        super().__init__(kinds, room)
        self._listener = listener
        self._surroundings = contextvars.copy_context()
        self._begin()
        renewed(self, ThreadReader._begin)

    def _begin(self) -> None:
        """Read in a thread of this process; a forked child has its own."""
        self._thread = threading.Thread(
            target=self._surroundings.copy().run, args=(self._read,), name="yggdrasil-reader", daemon=True
        )
        self._thread.start()

    def finish(self, patience: float) -> None:
        """Wait until the reader has read all that came; after so many seconds the rest is dropped, and that is told."""
        self.leave()
        self._thread.join(patience)
        if self._thread.is_alive() and (lost := self.clear()):
            warn_dropped(f"a reader of events was {lost} behind after {patience:g} s, which it did not get")

    def _read(self) -> None:
        while (event := self.take()) is not None:
            try:
                self._listener(event)
            except BaseException as error:
                self.wants = _NOTHING
                self.leave()
                self.clear()
                warn_failed(error)
                return
            if not self._held:
                self.gather(GATHERS)


class InlineReader(Reader):
    """A function that is called with each event in the run's own thread: it sees the run stand still."""

    def __init__(self, listener: Listener, kinds: Iterable[EventKind]) -> None:
        super().__init__(kinds)
        self._listener = listener

    def accept(self, seat: ReaderSeat, word: Word) -> None:
        try:
            self._listener(seat.taken(word))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a reader's fault is never the run's: it is told once, and it hears no more
            self.wants = _NOTHING
            warn_failed(error)

    def leave(self) -> None:
        """It has read all, and so it has at the end."""

    def finish(self, patience: float) -> None:
        """It has read all."""


def warn_failed(error: BaseException, what: str = "a reader of events failed and hears nothing more") -> None:
    """Tell once that somebody beside the run failed, and where."""
    at = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" ({at.filename}:{at.lineno})" if at else ""
    warn_dropped(f"{what}: {type(error).__name__}: {error}{where}")


def warn_dropped(text: str) -> None:
    """A warning; where warnings are made errors, it goes to the hook of threads, since no run may fail by it."""
    try:
        warn_caller(text, ReaderDropped)
    except ReaderDropped as refused:
        told = (type(refused), refused, refused.__traceback__, threading.current_thread())
        threading.excepthook(cast(Any, threading.ExceptHookArgs(told)))
