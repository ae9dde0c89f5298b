"""Waiting for what another thread or process does, where it gives no event."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 60.0
"""Seconds after which it will not come; no test says anything of how long it took."""


def until(come: Callable[[], object]) -> None:
    """Look until `come()` is true. Raises AssertionError if it never is."""
    end = time.monotonic() + LONGEST
    while not come():
        assert time.monotonic() < end, "what was waited for never came"
        time.sleep(0.005)
