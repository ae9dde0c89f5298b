"""Watches a run from beside it: what it tells, whether it is told to stop, and two runs line by line at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any, is_typeddict

from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import Here
from yggdrasil.contract.events import KINDS, SCHEMAS, Event, keys
from yggdrasil.contract.readers import InlineReader

PATIENCE = 0.5
"""Seconds that a thread waits for the other's line: who stands before a lock goes on alone."""


class _AllKinds(frozenset[Any]):
    """Holds every kind of event, also one that there is not."""

    def __contains__(self, kind: object) -> bool:
        return kind != "preview"


class Hearing(InlineReader):
    """Hears every event in the run's own thread, of unknown kinds too; previews are not asked for."""

    def __init__(self, listener: Callable[[Event], None]) -> None:
        super().__init__(listener, KINDS)
        self.wants = _AllKinds()


def ill_formed(event: Event) -> str:
    """What is wrong with an event that a block made; '' if it is as `events.SCHEMAS` says."""
    if event.kind not in SCHEMAS:
        return f"it emits {event.kind!r}, which is no kind of event"
    known = keys(SCHEMAS[event.kind])
    unknown = sorted(event.data.keys() - known.keys())
    if unknown:
        return f"its event {event.kind!r} has {', '.join(unknown)}, which contract/events.py does not know"
    for name, (hint, always) in known.items():
        if name not in event.data and always:
            return f"its event {event.kind!r} is ill-formed: it has no {name}"
        if name in event.data and not _fits(event.data[name], hint):
            return f"its event {event.kind!r} is ill-formed: {name} is {event.data[name]!r:.80}"
    return ""


def _fits(value: Any, hint: Any) -> bool:
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(dict if is_typeddict(hint) else hint).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


class Refusing(CancelToken):
    """Knows whether anybody who asked, also by a token below it, was told to stop."""

    __slots__ = ("refused",)

    def __init__(self) -> None:
        super().__init__()
        self.refused = False

    @property
    def cancelled(self) -> bool:
        asker: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        while asker is not None and asker.f_code.co_name == "cancelled":
            asker = asker.f_back
        raises = asker is not None and asker.f_code in (CancelToken.check.__code__, Here.check.__code__)
        self.refused = self.refused or (self._set and raises)
        return self._set


class InStep:
    """Two threads that run the lines of the same functions in turn: what one writes on a block, the other reads."""

    def __init__(self, functions: Collection[Callable[..., Any]]) -> None:
        self._codes = {code for f in functions if isinstance(code := getattr(f, "__code__", None), CodeType)}
        self._lines = threading.Barrier(2)

    def run(self, call: Callable[[], Any]) -> Any:
        """Call in this thread, waiting at each line for the other's; the last lines of the longer one go alone."""
        self._lines.wait()
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            return call()
        finally:
            sys.settrace(before)
            self._lines.abort()

    def _called(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return self._line if frame.f_code in self._codes else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line":
            with suppress(threading.BrokenBarrierError):
                self._lines.wait(PATIENCE)
        return self._line
