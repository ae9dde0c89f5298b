"""Results by a Merkle key: what a node is and the keys of what it was given, never a walk over ancestors."""

from __future__ import annotations

import hashlib
from dataclasses import is_dataclass
from typing import Any, overload

from yggdrasil.contract.block import Block
from yggdrasil.contract.edges import SELF
from yggdrasil.contract.errors import ConfigError, ManifestError
from yggdrasil.contract.tree import describe, walk
from yggdrasil.contract.value_forms import NotKeepable
from yggdrasil.contract.values import copied, digest, fields, form_of
from yggdrasil.contract.values import size as size_of
from yggdrasil.engine.flow.budget import BUDGET, Budget
from yggdrasil.engine.flow.plan import Plan, PlannedCall, Round, Step

Keys = dict[tuple[str, str], str | None]
"""(node, output) → the key of its value; None where it has none."""


class Cache:
    """Results of one graph's nodes, within the budget that all graphs share. Safe to share between threads.

    What is kept is a copy, and so is what is given back: nobody who changes a result in place changes it here.
    """

    def __init__(self, budget: Budget = BUDGET) -> None:
        self._budget = budget
        self._owner = budget.owner(self)

    def __reduce__(self) -> tuple[type[Cache], tuple[()]]:
        """A copy of a graph keeps results of its own, and has none at first."""
        return type(self), ()

    def get(self, key: str) -> Any:
        """A copy of the results kept under `key`, or None."""
        found = self._budget.get(self._owner, key)
        return None if found is None else copied(found)

    def put(self, key: str, value: Any) -> None:
        """Keep a copy of `value`; what cannot be copied, or is larger than the whole budget, is not kept.

        Nor is a view with gaps or repeats, of which a copy lies otherwise in memory.
        """
        try:
            size = size_of(value)
            if size <= self._budget.limit and _unkept(kept := copied(value)) == _unkept(value):
                self._budget.put(self._owner, key, kept, size)
        except NotKeepable:
            return

    def clear(self) -> None:
        """Forget everything."""
        self._budget.forget(self._owner)

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
            if call.extra is not None and call.extra.worn is not None:
                parts.append(call.extra.worn.key)
            for port, sources, join in call.feeds:
                for source in sources:
                    key = keys.get(source)
                    if key is None:
                        if (source[0] != SELF and source[0] not in inside) or source in keys:
                            return None
                        key = ""
                    parts += (port, join, *source, key)
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class CacheSetting:
    """Whether a graph keeps the results of its pure nodes: True for a new cache, False or None for none."""

    @overload
    def __get__(self, graph: None, owner: type[Any]) -> CacheSetting: ...
    @overload
    def __get__(self, graph: Block, owner: type[Any]) -> Cache | None: ...
    def __get__(self, graph: Block | None, owner: type[Any]) -> Any:
        return self if graph is None else vars(graph)["_cache"]

    def __set__(self, graph: Block, given: Cache | bool | None) -> None:
        if not isinstance(given, Cache | bool | None):
            mend = "write True or False; how much all graphs keep together says ygg.set_cache(bytes)"
            what = f"takes whether to keep results, not {given!r:.80}"
            raise ConfigError(what, where=f"{graph.name}.cache", mend=mend)
        vars(graph)["_cache"] = Cache() if given is True else given or None


def _own_key(plan: Plan, call: PlannedCall) -> str:
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
    if any(not p.pure or p.remembers or p.altered() for p in parts):
        return ""
    try:
        manifest = describe(block)
        return f"{manifest.structure_digest()}:{manifest.weights_digest()}"
    except ManifestError:
        return f"object:{[(p.serial, p.touched()) for p in parts]}"


def _unkept(value: Any) -> list[Any]:
    """What a block can see of a value and its bytes do not keep, at every depth."""
    if isinstance(value, dict | list | tuple):
        known: Any = value
        return [_unkept(part) for part in (known.values() if isinstance(known, dict) else known)]
    form = form_of(value)
    if form is None:
        return []
    inner = _unkept(fields(value)) if is_dataclass(value) else []
    return [*inner, *(form.unkept(value) if form.unkept is not None else [])]


def value_key(value: Any, *, as_given: bool = True) -> str | None:
    """The key of a value from outside: all that a block can see of it hashed; None if it cannot be hashed.

    Without `as_given` only what its bytes keep.
    """
    try:
        return digest(value, as_given=as_given)
    except NotKeepable:
        return None
