"""Functions written `async def`, called as plain ones: on the loop of who awaits the run, else on one of our own."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.cancel import Inbox
from yggdrasil.contract.context import Here, here
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.os_fork import lock, renew

if TYPE_CHECKING:
    import asyncio

_AWAITING = "contract.awaiting"
"""Where in the surroundings stands a function that gives the event loop on which this run is awaited, or None."""
_guard = lock()
_loops: dict[str, asyncio.AbstractEventLoop] = {}
renew(_loops.clear)


def is_async(function: Any) -> bool:
    """Whether calling it gives a coroutine: an `async def`, a partial of one, an object whose `__call__` is one."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def as_plain(function: Callable[..., Any], of: Any = None) -> Callable[..., Any]:
    """The function, or one that waits for the end of what an asynchronous one began; who cancels the run cancels that.

    `of` is the thing that it stands for, where that says better whether it is asynchronous.
    """
    if not is_async(of or function):
        return function

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        return _ended(lambda: function(*args, **given))

    return called


def loop_in_thread(name: str) -> asyncio.AbstractEventLoop:
    """The event loop of this name, which runs in a thread of its own for as long as the process."""
    import asyncio

    with _guard:
        if name not in _loops:
            _loops[name] = asyncio.new_event_loop()
            threading.Thread(target=_loops[name].run_forever, name=name, daemon=True).start()
        return _loops[name]


def awaiting() -> asyncio.AbstractEventLoop | None:
    """The event loop on which the run around this is awaited, so that what it calls may go there."""
    return here().shared.get(_AWAITING, _nobody)()


def running() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread."""
    import asyncio

    return asyncio._get_running_loop()  # pyright: ignore[reportPrivateUsage] - the public one raises if none runs


def awaited_on(loop: Callable[[], asyncio.AbstractEventLoop | None]) -> Here:
    """The surroundings of runs that are awaited on what `loop` gives when it is asked."""
    place = here()
    return place.but(shared={**place.shared, _AWAITING: loop})


def _ended(begin: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    import asyncio

    place, loop = here(), awaiting() or loop_in_thread("yggdrasil-async")
    if loop is running():
        what = "an asynchronous function is run from the event loop that is to do it"
        raise ConfigError(what, where=place.path, mend="await it: await block.arun(…)")
    over: Inbox[object] = Inbox()
    future = asyncio.run_coroutine_threadsafe(begin(), loop)
    future.add_done_callback(over.put)
    try:
        over.take(place.cancel, place.path)
        return future.result()
    finally:
        future.cancel()


def _nobody() -> None:
    """Nobody awaits a run that was called plainly."""
