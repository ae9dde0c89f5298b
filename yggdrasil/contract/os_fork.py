"""What a forked child must not share with its parent: locks, threads, sockets, other children, and the cleaning up."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
_WAIT = 30.0
"""Seconds that a fork waits for who has a lock that is waited for."""
_locks: weakref.WeakSet[Any] = weakref.WeakSet()
_awaited: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
"""By identity, so that other threads may make locks while a fork looks at all of them."""
_makers: list[Callable[[], None]] = []
_things: weakref.WeakKeyDictionary[Any, Callable[[Any], None]] = weakref.WeakKeyDictionary()
_taken: list[Any] = []
_forking = threading.Lock()
"""Had by the one thread that forks, from before its waiting until after."""


def lock() -> threading.Lock:
    """A lock that a forked child finds free, whoever had it in the parent; nobody forks while having it."""
    made = threading.Lock()
    _locks.add(made)
    return made


def rlock(*, awaited: bool = False) -> threading.RLock:
    """A reentrant lock that a forked child finds free, unless the thread that forks has it: there it still has it.

    With `awaited` a fork waits until who has it lets go: what it guards is then whole in the child.
    """
    made = threading.RLock()
    if awaited:
        _awaited[id(made)] = made
    else:
        _locks.add(made)
    return made


def renew(make: Callable[[], None]) -> None:
    """Call `make` now and in each forked child."""
    make()
    _makers.append(make)


def renewed(thing: T, anew: Callable[[T], None]) -> None:
    """Call `anew(thing)` in each forked child in which `thing` still lives."""
    _things[thing] = anew


def ending(thing: object, act: Callable[..., object], *given: Any) -> weakref.finalize[..., Any]:
    """Call `act` when `thing` goes, at the process's end at the latest; in a forked child nothing: it is no owner."""
    return weakref.finalize(thing, _ended, os.getpid(), act, *given)


def _ended(owner: int, act: Callable[..., object], *given: Any) -> None:
    if os.getpid() == owner:
        act(*given)


def _wait() -> None:
    """Before a fork: nobody is in the middle of what the awaited locks guard."""
    _forking.acquire()
    _taken[:] = [one for one in _all_awaited() if one.acquire(timeout=_WAIT)]


def _all_awaited() -> list[Any]:
    return [one for reference in _awaited.valuerefs() if (one := reference()) is not None]


def _let_go() -> None:
    for one in _taken:
        one.release()
    _taken.clear()
    _forking.release()


def _begin() -> None:
    """In the child, before anybody else runs there: only the thread that forked is left."""
    awaited = list(_taken)
    _let_go()
    for one in (*_locks, *(one for one in _all_awaited() if one not in awaited)):
        if not (hasattr(one, "_is_owned") and one._is_owned()):
            one._at_fork_reinit()
    failed: list[Exception] = []
    for act in (*_makers, *(partial(anew, thing) for thing, anew in list(_things.items()))):
        try:
            act()
        except Exception as error:  # what one cannot do leaves the others what they need
            failed.append(error)
    if failed:
        raise ExceptionGroup("what a forked child needs could not be made", failed)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait, after_in_parent=_let_go, after_in_child=_begin)
