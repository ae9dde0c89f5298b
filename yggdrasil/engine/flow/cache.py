"""Results by a Merkle key: what a node is and the keys of what it was given, never a walk over ancestors."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import replace
from enum import Enum
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ManifestError
from yggdrasil.contract.kinds import AudioClip
from yggdrasil.contract.tree import describe, walk
from yggdrasil.contract.wiring import SELF
from yggdrasil.engine.flow.plan import Call, Plan, Round, Step

LIMIT = 256 << 20
_ATOMS = frozenset((type(None), bool, int, float, str, bytes))
Keys = dict[tuple[str, str], str | None]
"""(node, output) → the key of its value; None where it has none."""


class Cache:
    """Results of one graph's nodes, the least used dropped past `limit` bytes. Safe to share between threads.

    What is kept is a copy, and so is what is given back: nobody who changes a result in place changes it here.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._found: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        """A copy of the results kept under `key`, or None."""
        with self._lock:
            entry = self._found.get(key)
            if entry is None:
                return None
            self._found.move_to_end(key)
        return _copied(entry[0])

    def put(self, key: str, value: Any) -> None:
        """Keep a copy of `value`; what cannot be copied, or is larger than the whole cache, is not kept."""
        try:
            size = _size(value)
            if size > self.limit:
                return
            kept = _copied(value)
        except _NotKeepable:
            return
        with self._lock:
            old = self._found.pop(key, (None, 0))[1]
            self._found[key] = (kept, size)
            self._bytes += size - old
            while self._bytes > self.limit:
                self._bytes -= self._found.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()
            self._bytes = 0

    def step_key(self, plan: Plan, step: Step, keys: Keys, salt: str) -> str | None:
        """The key of a step's results; None if it, or anything it was given, has none."""
        looped = isinstance(step, Round)
        calls = step.calls if looped else (step,)
        inside = {c.name for c in calls} if looped else ()
        parts = [salt, repr(step.loop.to_json())] if looped else [salt]
        for call in calls:
            own = _own_key(plan, call)
            if not own:
                return None
            parts += (call.name, own)
            for port, sources, join in call.feeds:
                for source in sources:
                    key = keys.get(source)
                    if key is None:
                        if (source[0] != SELF and source[0] not in inside) or source in keys:
                            return None
                        key = ""
                    parts += (port, join, *source, key)
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _own_key(plan: Plan, call: Call) -> str:
    """The key of a block, made again only if it or a part of it was touched since."""
    block = call.block
    stamp: Any = (block.serial, block.touched())
    if block.children():
        stamp = tuple((part.serial, part.touched()) for _, part in walk(block))
    known = plan.keys.get(call.name)
    if known is None or known[0] != stamp:
        known = plan.keys[call.name] = (stamp, block_key(block))
    return known[1]


def block_key(block: Block) -> str:
    """What a block is, as a key: structure and weights; empty if its results must not be kept.

    A block is not kept if it or a part of it says so, keeps state between calls, or holds weights that no file names.
    """
    parts = [part for _, part in walk(block)]
    if any(not p.cacheable or p.remembers or p.tensors() is not None for p in parts):
        return ""
    try:
        manifest = describe(block)
        return f"{manifest.structure_digest()}:{manifest.weights_digest()}"
    except ManifestError:
        return f"object:{[(p.serial, p.touched()) for p in parts]}"


def value_key(value: Any) -> str | None:
    """The key of a value from outside: its exact content hashed; None if it cannot be hashed."""
    total = hashlib.sha256()
    try:
        for piece in _pieces(value):
            total.update(len(piece).to_bytes(8, "big") + piece)
    except _NotKeepable:
        return None
    return total.hexdigest()


class _NotKeepable(Exception):
    """A value of a kind that is neither hashed nor copied safely."""


def _pieces(value: Any) -> list[bytes]:
    """The content of a value, types included: 1, 1.0 and True differ, as do two forms of one letter."""
    if type(value) in _ATOMS or isinstance(value, Enum):
        return [f"{type(value).__qualname__}:{value!r}".encode("utf-8", "surrogatepass")]
    if type(value) in (list, tuple):
        return [f"{type(value).__name__}{len(value)}".encode(), *(p for v in value for p in _pieces(v))]
    if type(value) is dict:
        return [f"dict{len(value)}".encode(), *(p for kv in value.items() for v in kv for p in _pieces(v))]
    if isinstance(value, AudioClip):
        return [f"audio{value.rate}".encode(), *_pieces(value.samples)]
    if _is_picture(value):
        about = (value.mode, value.size, value.getpalette(), sorted(map(repr, value.info.items())))
        return [repr(about).encode(), value.tobytes()]
    if _is_tensor(value):
        import torch

        flat = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        return [f"{value.dtype}{tuple(value.shape)}".encode(), flat.numpy().tobytes()]
    if _is_array(value):
        return [f"{value.dtype}{value.shape}".encode(), value.tobytes()]
    raise _NotKeepable


def _copied(value: Any) -> Any:
    if type(value) in _ATOMS or isinstance(value, Enum):
        return value
    if type(value) in (list, tuple):
        return type(value)(_copied(v) for v in value)
    if type(value) is dict:
        return {k: v if type(v) in _ATOMS else _copied(v) for k, v in value.items()}
    if isinstance(value, AudioClip):
        return replace(value, samples=_copied(value.samples))
    if _is_tensor(value):
        return value.detach().clone()
    if _is_picture(value) or _is_array(value):
        return value.copy()
    raise _NotKeepable


def _is_picture(value: Any) -> bool:
    return hasattr(value, "getbands") and hasattr(value, "tobytes")


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "data_ptr") and hasattr(value, "detach") and not value.requires_grad and not value.is_sparse


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "tobytes") and not value.dtype.hasobject


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_size(v) for v in value.values()) + 64
    if isinstance(value, list | tuple):
        return sum(_size(v) for v in value) + 64
    if isinstance(value, AudioClip):
        return _size(value.samples)
    if _is_picture(value):
        return value.size[0] * value.size[1] * len(value.getbands())
    return int(value.nbytes) if hasattr(value, "nbytes") else len(value) if isinstance(value, str | bytes) else 64
