"""Live objects that the whole process shares: one for each key, and a module only while nobody has changed it."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from yggdrasil.contract.os_fork import lock, rlock

if TYPE_CHECKING:
    from torch import Tensor, nn

T = TypeVar("T")
Key = tuple[str, ...]
_pool: weakref.WeakValueDictionary[Key, Any] = weakref.WeakValueDictionary()
_prints: weakref.WeakKeyDictionary[nn.Module, int] = weakref.WeakKeyDictionary()
_locks: dict[Key, threading.RLock] = {}
_guard = lock()
_ticks = itertools.count(1)
_FEW = 4


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


def one_module(key: Key, load: Callable[[], nn.Module]) -> nn.Module:
    """The module of this key as it was loaded; one whose weights were changed since belongs to who holds it."""
    import torch

    def loaded() -> nn.Module:
        with torch.inference_mode(False):
            module = load()
        _prints[module] = fingerprint(module)
        return module

    found = one_instance(key, loaded)
    if changed(found):
        with _guard:
            if _pool.get(key) is found:
                del _pool[key]
        return one_module(key, load)
    return found


def keep_out(module: nn.Module) -> None:
    """Never give this module to another block: it is no longer what a file holds."""
    _prints.pop(module, None)


def changed(module: nn.Module) -> bool:
    """Whether a module is no longer as `one_module` loaded it; true of one that it never loaded."""
    return _prints.get(module) != fingerprint(module)


def mark(module: nn.Module) -> int:
    """Which version of its weights a module has: another after each change that torch counts; made in microseconds.

    A module of which something learns has another one each time: torch does not count what fused optimizers write.
    """
    found: list[int] = []
    learns = False
    for tensor in _tensors(module):
        found.append(tensor.data_ptr())
        found.append(0 if tensor.is_inference() else tensor._version)  # pyright: ignore[reportPrivateUsage]
        learns = learns or tensor.requires_grad
    return hash((next(_ticks) if learns else 0, *found))


def fingerprint(module: nn.Module) -> int:
    """The mark, and a few values of each tensor: it tells trained weights also where torch counted nothing."""
    return hash((mark(module), *(_sample(tensor) for tensor in _tensors(module))))


def _sample(tensor: Tensor) -> bytes:
    import torch

    flat = tensor.detach()
    while flat.dim() > 1 and flat.numel():
        flat = flat[-1]
    few = flat.reshape(-1)[-_FEW:].contiguous()
    if few.is_meta or not few.numel():
        return b""
    return few.view(torch.uint8).numpy(force=True).tobytes()


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    """Every parameter and buffer; `nn.Module.parameters` takes four times as long."""
    parts: list[Any] = [module]
    while parts:
        own = cast("dict[str, dict[str, Any]]", vars(parts.pop()))
        for tensor in (*own["_parameters"].values(), *own["_buffers"].values()):
            if tensor is not None:
                yield tensor
        parts += [part for part in own["_modules"].values() if part is not None]
