"""Whether a result hangs on the machine: the clock and the environment are set otherwise, opened files are seen."""

from __future__ import annotations

import datetime
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from unittest.mock import patch

from yggdrasil.testing.subject import Subject

_LATER = 400 * 86400 + 5 * 3600 + 7 * 60 + 11
"""Seconds by which a clock is set on: another year, month, day, weekday, hour, minute and second."""
_LIBRARY = frozenset({"os", "pathlib", "io", "codecs", "collections", "_collections_abc", "shutil", "tempfile"})
_TICK = 50_000_000
"""Nanoseconds by which a file's time may lie before the clock's."""
_thread = threading.local()


def hangs_on(subject: Subject, modules: Collection[str], files: bool) -> str:
    """What a run's result hangs on besides its inputs, as code of `modules` asks for it; '' for nothing.

    What is asked for and changes nothing (a duration that is told, a switch of a log) is none. A file counts, where
    `files` says so, if it was there before the run and is no part of the code's own package.
    """
    asked, block = _Asked(modules), subject.fresh()
    with _watched(asked):
        subject.run(block)
    if files and asked.files:
        return f"may hang on a file ({asked.files[0]})"
    if asked.clock:
        with _clock_set_on(modules):
            if _differs(subject):
                return "hangs on the clock"
    for name in sorted(asked.variables):
        with patch.dict(os.environ, {name: "2" if os.environ.get(name) == "1" else "1"}):
            if _differs(subject):
                return f"hangs on an environment variable ({name})"
    return ""


def _differs(subject: Subject) -> bool:
    try:
        return subject.digests(subject.run()) != subject.first
    except Exception:  # a value that it does not take is one that it hangs on
        return True


class _Asked:
    """What code of some modules asks of the machine in one thread."""

    def __init__(self, modules: Collection[str]) -> None:
        self._modules = modules
        self._packages = [Path(folder).resolve() for name in modules for folder in _folders(name)]
        self._begun = time.time_ns() - _TICK
        self.clock = False
        self.variables: set[str] = set()
        self.files: list[str] = []

    def called(self, frame: FrameType, event: str, called: Any) -> None:
        """Hear of a call, as `sys.setprofile` tells it."""
        if event == "call" and frame.f_code is _ENVIRONMENT:
            if self._by(frame.f_back):
                self.variables.add(str(frame.f_locals["key"]))
        elif event == "c_call" and not self.clock and _is_clock(called):
            self.clock = self._by(frame)

    def opened(self, path: object) -> None:
        """Hear of a file that is about to be opened."""
        if not isinstance(path, str | os.PathLike) or not self._by(sys._getframe(1)):  # pyright: ignore[reportPrivateUsage]
            return
        with suppress(OSError):
            at = Path(os.fsdecode(path)).resolve(strict=True)
            own = any(at.is_relative_to(folder) for folder in self._packages)
            if not own and at.is_file() and at.stat().st_ctime_ns < self._begun:
                self.files.append(str(at))

    def _by(self, caller: FrameType | None) -> bool:
        while caller is not None and (_module(caller) == __name__ or _module(caller).partition(".")[0] in _LIBRARY):
            caller = caller.f_back
        return caller is not None and _module(caller) in self._modules


_ENVIRONMENT = type(os.environ).__getitem__.__code__
_CLOCKS = ("time", "time_ns", "localtime", "gmtime", "strftime")


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _folders(module: str) -> list[str]:
    """Where the package lies that a module is of; nowhere for a module that stands alone."""
    return list(getattr(sys.modules.get(module.partition(".")[0]), "__path__", ()))


def _is_clock(called: Any) -> bool:
    owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
    return (owner is time and name in _CLOCKS) or (
        getattr(owner, "__module__", "") == "datetime" and name in ("now", "utcnow", "today")
    )


@contextmanager
def _watched(asked: _Asked) -> Iterator[None]:
    _listen_to_opening()
    before = sys.getprofile()
    _thread.asked = asked
    sys.setprofile(asked.called)
    try:
        yield
    finally:
        sys.setprofile(before)
        _thread.asked = None


@functools.cache
def _listen_to_opening() -> None:
    """Once a process: Python takes no such listener back."""

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and (asked := getattr(_thread, "asked", None)) is not None:
            asked.opened(arguments[0])

    sys.addaudithook(heard)


@contextmanager
def _clock_set_on(modules: Collection[str]) -> Iterator[None]:
    """Inside, it is later: for who asks `time` and `datetime`, and for the names that `modules` took out of them."""
    instead: list[tuple[object, object]] = [*_later_functions(), *_later_dates()]
    places: list[ModuleType] = [time, datetime, *(sys.modules[name] for name in modules if name in sys.modules)]
    changed: list[tuple[ModuleType, str, object]] = []
    try:
        for place in places:
            for name, value in list(vars(place).items()):
                for old, new in instead:
                    if value is old:
                        changed.append((place, name, old))
                        setattr(place, name, new)
        yield
    finally:
        for place, name, old in changed:
            setattr(place, name, old)


def _later_functions() -> list[tuple[Callable[..., Any], Callable[..., Any]]]:
    now, now_ns, local, universal, written = time.time, time.time_ns, time.localtime, time.gmtime, time.strftime
    return [
        (now, lambda: now() + _LATER),
        (now_ns, lambda: now_ns() + _LATER * 1_000_000_000),
        (local, lambda at=None: local(now() + _LATER if at is None else at)),
        (universal, lambda at=None: universal(now() + _LATER if at is None else at)),
        (written, lambda form, at=None: written(form, local(now() + _LATER) if at is None else at)),
    ]


def _later_dates() -> list[tuple[type, type]]:
    moment, day, later = datetime.datetime, datetime.date, datetime.timedelta(seconds=_LATER)

    class Moment(moment):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment.now(tz) + later

        @classmethod
        def utcnow(cls) -> Any:
            return moment.now(datetime.UTC).replace(tzinfo=None) + later

        @classmethod
        def today(cls) -> Any:
            return moment.now() + later

    class Day(day):
        @classmethod
        def today(cls) -> Any:
            return (moment.now() + later).date()

    return [(moment, Moment), (day, Day)]
