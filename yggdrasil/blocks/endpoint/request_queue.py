"""The queue of one endpoint: whoever came first goes first, and only so many at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class RequestQueue:
    """First come, first served; each says how many may be under way beside it. Lives on one event loop."""

    def __init__(self) -> None:
        self.under_way = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, at_once: int) -> AsyncGenerator[None]:
        """Wait for a place among `at_once`, and keep it inside the block."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append((at_once, place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave()
            else:
                self._admit()
            raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self.under_way -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and (self._waiting[0][1].cancelled() or self.under_way < self._waiting[0][0]):
            _, place = self._waiting.popleft()
            if not place.cancelled():
                self.under_way += 1
                place.set_result(None)
