"""Types by name: a manifest names a registered type, never code; strangers' types come by entry point."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.entry_points import only, opened, points
from yggdrasil.contract.errors import ConfigError, UnknownType
from yggdrasil.contract.os_fork import rlock

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block

GROUP = "yggdrasil.blocks"
_types: dict[str, type[Block]] = {}
_lock = rlock()


def register(name: str, cls: type[Block]) -> None:
    """Make `cls` the type `name`. Raises ConfigError if another class holds the name."""
    with _lock:
        old = _types.get(name)
        if old is not None and _owner(old) != _owner(cls):
            raise ConfigError(
                f"type {name!r} is registered by {_owner(old)} and by {_owner(cls)}",
                mend="give one of them another name; a name has one owner",
            )
        _types[name] = cls


def find(name: str, where: str = "") -> type[Block]:
    """The class of type `name`, imported from its entry point if need be. Raises UnknownType."""
    with _lock:
        if name in _types:
            return _types[name]
        claims = points(GROUP).get(name)
        if claims:
            _load(only(f"type {name!r}", claims, where), where)
        if name in _types:
            return _types[name]
    near = get_close_matches(name, names(), n=1)
    guess = f"did you mean {near[0]!r}? " if near else ""
    mend = f"{guess}install the package that has it: a type is found by an entry point of {GROUP} (docs/blocks.md)"
    raise UnknownType(f"no type {name!r} is installed", where=where, mend=mend)


def names() -> list[str]:
    """All types that can be found now, imported or not."""
    return sorted({*_types, *points(GROUP)})


def owner(name: str) -> str:
    """The distribution that an entry point of this name comes from, or the module that registered it."""
    claims = points(GROUP).get(name, [])
    if claims and claims[0].dist is not None:
        return claims[0].dist.name
    return _owner(_types[name]) if name in _types else ""


def _load(point: EntryPoint, where: str) -> None:
    loaded = opened(f"type {point.name!r}", point, where)
    registered = getattr(loaded, "type_name", None)
    if registered != point.name:
        raise UnknownType(
            f"entry point {point.name!r} ({point.value}) gives a class of type {registered!r}",
            where=where,
            mend="declare the class with the type name of its entry point",
        )


def _owner(cls: type[Any]) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"
