"""Results by a Merkle key: what a node is and the keys of what it was given, never a walk over ancestors."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.digest import canonical
from yggdrasil.contract.errors import ManifestError, YggError
from yggdrasil.contract.tree import describe, walk
from yggdrasil.engine.flow.plan import Plan, Round, Step

LIMIT = 256 << 20


class Cache:
    """Results of one graph's nodes, the least used dropped past `limit` bytes. Safe to share between threads."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._found: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        with self._lock:
            entry = self._found.get(key)
            if entry is None:
                return None
            self._found.move_to_end(key)
            return entry[0]

    def put(self, key: str, value: Any) -> None:
        size = _size(value)
        if size > self.limit:
            return
        with self._lock:
            old = self._found.pop(key, (None, 0))[1]
            self._found[key] = (value, size)
            self._bytes += size - old
            while self._bytes > self.limit:
                self._bytes -= self._found.popitem(last=False)[1][1]

    def clear(self) -> None:
        with self._lock:
            self._found.clear()
            self._bytes = 0

    def step_key(self, plan: Plan, step: Step, keys: dict[str, str | None]) -> str | None:
        """The key of a step's results; None if it, or anything it was given, has none."""
        calls = step.calls if isinstance(step, Round) else [step]
        total = hashlib.sha256()
        inside = {c.name for c in calls}
        for call in calls:
            own = plan.keys.get(call.name)
            if own is None:
                own = plan.keys[call.name] = block_key(call.block)
            if not own:
                return None
            total.update(f"{call.name}={own};".encode())
            for port, sources, join in call.feeds:
                for node, out in sources:
                    if node in inside:
                        continue
                    key = keys.get(f"{node}.{out}")
                    if key is None:
                        return None
                    total.update(f"{port}{join}<{key};".encode())
        return total.hexdigest()


def block_key(block: Block) -> str:
    """What a block is, as a key: structure and weights; empty if its results must not be kept.

    A block is not kept if it or a part of it says so, or holds weights that no file names.
    """
    parts = [b for _, b in walk(block)]
    if any(not b.cacheable or b.tensors() is not None for b in parts):
        return ""
    try:
        manifest = describe(block)
    except ManifestError:
        return f"object:{id(block)}"
    return f"{manifest.structure_digest()}:{manifest.weights_digest()}"


def value_key(value: Any, salt: str) -> str | None:
    """The key of a value from outside: its bytes hashed; None if it cannot be hashed."""
    if value is None or isinstance(value, str | int | float | bool):
        return f"{salt}{type(value).__name__}:{value!r}"
    if hasattr(value, "tobytes") and hasattr(value, "size"):
        meta = f"{getattr(value, 'mode', '')}{value.size}{getattr(value, 'dtype', '')}"
        return salt + hashlib.sha256(meta.encode() + value.tobytes()).hexdigest()
    if isinstance(value, dict | list | tuple):
        try:
            return salt + hashlib.sha256(canonical(value)).hexdigest()
        except YggError:
            return None
    return None


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_size(v) for v in value.values()) + 64
    if isinstance(value, list | tuple):
        return sum(_size(v) for v in value) + 64
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if hasattr(value, "mode") and hasattr(value, "size"):
        return value.size[0] * value.size[1] * len(value.getbands())
    return len(value) if isinstance(value, str | bytes) else 64
