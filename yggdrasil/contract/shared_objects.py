"""Live objects that the whole process shares: one for each key, and weights only while nobody has changed them."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from yggdrasil.contract.os_fork import lock, rlock
from yggdrasil.contract.shared_weights import SharedWeights

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")
Key = tuple[str, ...]
_pool: weakref.WeakValueDictionary[Key, Any] = weakref.WeakValueDictionary()
_locks: dict[Key, threading.RLock] = {}
_guard = lock()


def one_instance(key: Key, load: Callable[[], T]) -> T:
    """The live object of this key, loaded once however many places and threads ask; dropped when none holds it."""
    with _guard:
        loading = _locks.setdefault(key, rlock())
    with loading:
        found = _pool.get(key)
        if found is None:
            found = load()
            _pool[key] = found
        return found


def one_module(key: Key, load: Callable[[], nn.Module]) -> SharedWeights:
    """The weights of this key as they were loaded; those that were changed since belong to who changed them."""
    import torch

    def loaded() -> SharedWeights:
        with torch.inference_mode(False):
            return SharedWeights(key, load())

    found = one_instance(key, loaded)
    if found.whole():
        return found
    with _guard:
        if _pool.get(key) is found:
            del _pool[key]
    return one_module(key, load)
