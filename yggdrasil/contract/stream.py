"""A run in the background, read event by event: with `for`, or with `async for`."""

from __future__ import annotations

import contextvars
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.coroutines import awaited_on, awaiting, running
from yggdrasil.contract.errors import Cancelled
from yggdrasil.contract.events import USUAL, Event, EventKind, wanted
from yggdrasil.contract.os_fork import renewed
from yggdrasil.contract.readers import ROOM, Mailbox, warn_failed
from yggdrasil.contract.running import Outputs, heard, outputs_of
from yggdrasil.contract.taps import Taps, taps_of

if TYPE_CHECKING:
    import asyncio

    from yggdrasil.contract.block import Block


class _Work:
    """What the thread of a stream holds; it knows nothing of the stream, so that a dropped one can go."""

    def __init__(self, kinds: Iterable[EventKind], room: int, taps: Taps) -> None:
        self.events = Mailbox(kinds, room)
        self.events.taps = taps
        self.cancel = CancelToken(here().cancel)
        self.outputs: Outputs | None = None
        self.error: BaseException | None = None
        self.loop = awaiting()

    def orphaned(self) -> None:
        """In a forked child the thread of the run is not there: what it told until then is all that is read."""
        self.events.leave()

    def do(self, block: Block, inputs: dict[str, Any]) -> None:
        try:
            with standing(awaited_on(lambda: self.loop)), heard(self.events, self.cancel):
                self.outputs = outputs_of(block, inputs)
        except BaseException as error:
            self.error = error
        finally:
            self.events.leave()


class Stream:
    """The events of one run in the background; iterate (`for` or `async for`), then read `outputs`.

    `kinds`: what is heard; `room`: how many events wait for the reader (previews, tokens and progress go first,
    and the next event says how many were `dropped`); `tap`: outputs inside of the run, as `node.port` or
    `node/node.port`, each told as an event `tap` whenever it is given (nothing then comes from a cache).
    Closing it cancels the run, and so does dropping it: a run that nobody hears does not go on.
    """

    def __init__(
        self,
        block: Block,
        inputs: dict[str, Any],
        kinds: Iterable[EventKind] = USUAL,
        *,
        room: int = ROOM,
        tap: Iterable[str] = (),
    ) -> None:
        self._work = _Work(kinds, room, taps_of(block, tap, here().path))
        self._of, self._over = block.name, False
        surroundings = contextvars.copy_context()
        work = (self._work.do, block, inputs)
        self._thread = threading.Thread(target=surroundings.run, args=work, name="yggdrasil-run", daemon=True)
        self._thread.start()
        weakref.finalize(self, self._work.cancel.cancel)
        renewed(self._work, _Work.orphaned)

    def __repr__(self) -> str:
        return f"<stream of {self._of!r}, {'over' if self._over else 'open'}>"

    def want(self, *kinds: EventKind) -> Stream:
        """Hear these kinds as well from now on, such as `preview`."""
        self._work.events.wants |= wanted(kinds)
        return self

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Event:
        if self._work.loop is not None and self._work.loop is running():
            self._work.loop = None  # read plainly, so the loop stands still: nothing may wait for it
        event = None if self._over else self._work.events.take()
        if event is None:
            self._finish()
            raise StopIteration
        return event

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Event:
        import asyncio

        loop = self._work.loop = asyncio.get_running_loop()
        while not self._over:
            ready = asyncio.Event()
            event, more = self._work.events.poll(lambda ready=ready: _set(loop, ready))
            if event is not None:
                return event
            if not more:
                break
            await ready.wait()
        self._finish()
        raise StopAsyncIteration

    def _finish(self) -> None:
        """Note that all was read. Raises, once, what the run raised, if that is no cancelling."""
        error = None if self._over else self._work.error
        self._over = True
        if error is not None and not isinstance(error, Cancelled):
            raise error

    def close(self) -> None:
        """Cancel the run and wait until it has stopped (it looks at the flag at each step and token)."""
        self._cancel()
        self._thread.join()

    async def aclose(self) -> None:
        """The same without holding up the event loop."""
        import asyncio

        self._cancel()
        await asyncio.to_thread(self._thread.join)

    def _cancel(self) -> None:
        try:
            self._work.cancel.cancel()
        except Exception as error:  # who asked to be called on cancellation has failed, which is not the reader's fault
            warn_failed(error, "a callback on cancellation failed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def outputs(self) -> Outputs:
        """What the run gave; reads the stream to its end first. Raises what the run raised."""
        for _ in self:
            pass
        self._thread.join()
        if self._work.outputs is None:
            raise self._work.error or Cancelled()
        return self._work.outputs

    async def result(self) -> Outputs:
        """The same without holding up the event loop."""
        async for _ in self:
            pass
        return self.outputs


def _set(loop: asyncio.AbstractEventLoop, ready: asyncio.Event) -> None:
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(ready.set)
