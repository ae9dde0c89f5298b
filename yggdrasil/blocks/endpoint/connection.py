"""One connection an endpoint and secret: its client, its queue, its retries, and the bounds of every answer.

The requests run on one event loop in a thread of their own, so that a cancelled or timed-out one closes its socket at
once; whoever asks waits in their own thread and hears the pieces there.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from yggdrasil.blocks.endpoint.dialect import Dialect
from yggdrasil.blocks.endpoint.errors import EndpointError, nonsense, too_slow, typed
from yggdrasil.blocks.endpoint.proxy import Proxy, transport
from yggdrasil.blocks.endpoint.request_queue import RequestQueue
from yggdrasil.contract import here
from yggdrasil.contract.cancel import Inbox
from yggdrasil.contract.coroutines import loop_in_thread
from yggdrasil.contract.os_fork import ending, renewed

if TYPE_CHECKING:
    from httpx2 import Request, Response
    from openai import AsyncOpenAI

T = TypeVar("T")
Say = Callable[[Callable[[], object]], None]
"""Hands something to do to the thread that asks, such as telling a token to the run's reader."""
Ask = Callable[["AsyncOpenAI", Say], Awaitable[T]]
MAX_BYTES = 64 << 20
_CONNECT = 10.0
_OF_PROXIES = frozenset({403, 407, 502, 503, 504})


@dataclass(frozen=True)
class RequestBounds:
    """Bounds of one request: `timeout` seconds from when its turn comes, `retries`, how many go `at_once`.

    `once`: it costs, so it goes again only if it surely was not taken. `key` is its Idempotency-Key, or ''.
    """

    timeout: float
    retries: int
    at_once: int
    once: bool = False
    key: str = ""


class Connection:
    """What all blocks share that name one endpoint and one secret. `dialects` holds that of each model."""

    def __init__(self, base_url: str, secret: str, proxy: Proxy | None = None) -> None:
        self.dialects: defaultdict[str, Dialect] = defaultdict(Dialect)
        self._base_url = base_url
        self._proxy = proxy
        self._secret = secret
        self._left: list[object] = []
        self.line = RequestQueue()
        _ = self.client
        renewed(self, Connection._leave)

    @cached_property
    def client(self) -> AsyncOpenAI:
        """What speaks; in a forked child it is made when it is first needed."""
        from httpx2 import AsyncClient
        from openai import AsyncOpenAI

        wire = AsyncClient(
            transport=transport(self._proxy),
            follow_redirects=False,
            event_hooks={"request": [] if self._secret else [_unsigned], "response": [_bounded]},
            headers={"accept-encoding": "identity"},
        )
        key = self._secret or "none"
        made = AsyncOpenAI(api_key=key, base_url=self._base_url, max_retries=0, http_client=wire)
        ending(self, _close, made).atexit = False
        return made

    def _leave(self) -> None:
        """In a forked child: the parent's sockets are kept unused, since closing them would speak there."""
        self._left.append(vars(self).pop("client", None))
        self.line = RequestQueue()

    def ask(self, ask: Ask[T], how: RequestBounds) -> T:
        """What `ask` gives, run on the loop; its turn is waited for in order. Raises EndpointError, Cancelled."""
        place = here()
        heard: Inbox[Callable[[], object] | None] = Inbox()
        future = asyncio.run_coroutine_threadsafe(self._in_turn(ask, how, heard.put, place.check), _loop())
        future.add_done_callback(lambda _: heard.put(None))
        try:
            while (act := heard.take(place.cancel, place.path)) is not None:
                act()
            return future.result()
        except EndpointError as error:
            error.where = error.where or place.path
            raise
        finally:
            future.cancel()

    async def _in_turn(self, ask: Ask[T], how: RequestBounds, say: Say, check: Callable[[], None]) -> T:
        """`check` raises before anything is sent for a run that was cancelled while its turn was waited for."""
        loop = asyncio.get_running_loop()
        async with self.line.turn(how.at_once):
            until = loop.time() + how.timeout
            for attempt in itertools.count():
                check()
                told = _Told(say)
                try:
                    async with asyncio.timeout_at(until):
                        return await ask(self._within(until - loop.time(), how.key), told)
                except TimeoutError:
                    raise too_slow(how.timeout) from None
                except Exception as error:  # whatever a client or server does becomes an EndpointError
                    failure = self._told_of_proxy(typed(error, self._secret))
                    wait = failure.wait(attempt)
                    if told.something or not failure.passing or attempt >= how.retries:
                        raise failure from None
                    if how.once and not failure.untaken:
                        failure.what += "; it may have been taken and paid for, so it is not sent again"
                        failure.mend = f"{failure.mend}, or set `idempotent` if the endpoint obeys an Idempotency-Key"
                        raise failure from None
                    if loop.time() + wait >= until:
                        failure.mend = f"it asks for {wait:.0f} s, beyond `timeout` ({how.timeout:g} s): {failure.mend}"
                        raise failure from None
                    say(functools.partial(_note, f"{failure.what}; asked again in {wait:.1f} s"))
                    await asyncio.sleep(wait)
        raise too_slow(how.timeout)

    def _within(self, seconds: float, key: str) -> AsyncOpenAI:
        from httpx2 import Timeout

        limit = Timeout(max(seconds, 0.01), connect=min(max(seconds, 0.01), _CONNECT))
        return self.client.with_options(timeout=limit, default_headers={"Idempotency-Key": key} if key else None)

    def _told_of_proxy(self, failure: EndpointError) -> EndpointError:
        """The failure with the proxy that stands between named, where that may be at fault."""
        if self._proxy is not None and (failure.status == 0 or failure.status in _OF_PROXIES):
            failure.what += f"; it was asked through the proxy of {self._proxy.variable}"
            failure.mend = f"{self._proxy.mend}; else {failure.mend}"
        return failure


def _note(text: str) -> None:
    """Note it where the asking thread stands."""
    here().note(text)


class _Told:
    """Passes on what is to be told, and remembers that something was: from then on nothing is asked twice."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.something = False

    def __call__(self, act: Callable[[], object]) -> None:
        self.something = True
        self._say(act)


async def _unsigned(request: Request) -> None:
    """Where there is no secret the client's stand-in for one stays here."""
    request.headers.pop("authorization", None)


async def _bounded(response: Response) -> None:
    """Bound what the answer may hold, before any of it is read."""
    coding = response.headers.get("content-encoding", "identity")
    if coding not in ("", "identity"):
        raise nonsense(f"{coding}-packed bytes, which were not asked for")
    response.stream = _counted(response.stream)


def _counted(stream: Any) -> Any:
    from httpx2 import AsyncByteStream

    class Counted(AsyncByteStream):
        """The bytes of an answer, up to the bound."""

        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = MAX_BYTES
            async for piece in stream:
                left -= len(piece)
                if left < 0:
                    raise nonsense(f"more than {MAX_BYTES >> 20} MiB")
                yield piece

        async def aclose(self) -> None:
            await stream.aclose()

    return Counted()


def _loop() -> asyncio.AbstractEventLoop:
    """The one loop on which all connections live."""
    return loop_in_thread("yggdrasil-endpoints")


def _close(client: AsyncOpenAI) -> None:
    asyncio.run_coroutine_threadsafe(client.close(), _loop())
