"""How much work something is, told without a clock: the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable


def calls_of(act: Callable[[], object]) -> int:
    """How many functions `act` calls and leaves in this thread, those written in C among them."""
    counted = [0]

    def called(*_: object) -> None:
        counted[0] += 1

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        act()
    finally:
        sys.setprofile(before)
    return counted[0]
