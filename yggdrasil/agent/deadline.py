"""When one run of an agent must be at its end, and what is stopped then."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from yggdrasil.contract import CancelToken, here, standing


class Deadline:
    """So many seconds from now; None for never."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def met(self) -> dict[str, Any]:
        """The limit as a status names it, once its time has come."""
        if self._end is None or time.monotonic() < self._end:
            return {}
        return {"kind": "seconds", "limit": self._seconds}

    @property
    def left(self) -> float | None:
        """Seconds until then, at least 0; None for ever."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    @contextmanager
    def stopping(self) -> Generator[None]:
        """What runs inside is told to stop when the time comes."""
        if self._end is None:
            yield
            return
        token = CancelToken(here().cancel)
        timer = threading.Timer(self.left or 0.0, token.cancel)
        timer.daemon = True
        timer.start()
        try:
            with standing(here().but(cancel=token)):
                yield
        finally:
            timer.cancel()


def least(*bounds: float | None) -> float | None:
    """The smallest of those that bound anything."""
    return min((bound for bound in bounds if bound is not None), default=None)
