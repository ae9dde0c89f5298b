"""A call that may fail for a moment or hang: made again after a wait, or stopped when its time is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import Here
from yggdrasil.contract.errors import PortError, YggError
from yggdrasil.contract.faults import fault_text
from yggdrasil.contract.running import drive_at
from yggdrasil.engine.cycle.agent_loop import is_control

_GRACE = 0.5
_LONGEST_WAIT = 8.0


class TooSlow(YggError):
    """A call took longer than it was given, and was stopped."""


def drive_again(
    block: Block,
    values: dict[str, Any],
    place: Here,
    *,
    times: int,
    seconds: float | None = None,
    wait: float = 0.5,
    final: tuple[type[Exception], ...] = (),
    begun: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Run it at a place, up to `times` times again after a failure: after `wait` seconds, then twice as long, up to 8.

    Bad inputs, what ends the whole run, and the errors of `final` are raised at once; so is TooSlow, which an attempt
    of more than `seconds` raises, if it is among them. `begun` hears the number of each attempt, from 1.
    """
    for attempt in range(times + 1):
        begun(attempt + 1)
        try:
            return _within(seconds, block, values, place)
        except Exception as error:  # a stranger's code may fail in any way, and may do better a moment later
            if attempt == times or is_control(error) or isinstance(error, (PortError, *final)):
                raise
            pause = min(wait * 2**attempt, _LONGEST_WAIT)
            why = fault_text(error)
            place.note(
                f"{block.name} failed, tried again in {pause:g} s: {why}", "tried_again", block=block.name, why=why
            )
            place.cancel.wait(pause)
            place.check()
    raise AssertionError


def _within(seconds: float | None, block: Block, values: dict[str, Any], place: Here) -> dict[str, Any]:
    """Run in this thread, or for at most `seconds` in another, which is told to stop and then left."""
    if seconds is None:
        return drive_at(block, values, place)
    own = CancelToken(place.cancel)
    ended, woken = threading.Event(), threading.Event()
    given: dict[str, Any] = {}

    def work() -> None:
        try:
            given["outputs"] = drive_at(block, values, place.but(cancel=own))
        except BaseException as error:  # kept, to be raised in the thread that waits for it
            given["error"] = error
        finally:
            ended.set()
            woken.set()

    threading.Thread(target=work, daemon=True, name=f"yggdrasil-timed-{block.name}").start()
    leave = place.cancel.on_cancel(woken.set)
    woken.wait(seconds)
    leave()
    if not ended.is_set():
        own.cancel()
        ended.wait(_GRACE)
        place.check()
        mend = "ask for less, or go on without it"
        raise TooSlow(f"it was not done within {seconds:g} seconds, and was stopped", where=place.path, mend=mend)
    if "error" in given:
        raise given["error"]
    return given["outputs"]
