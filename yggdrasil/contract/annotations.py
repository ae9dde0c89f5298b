"""What kind of value an annotation in a signature stands for."""

from __future__ import annotations

import inspect
import sys
import types
from pathlib import Path
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from yggdrasil.contract import kinds
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.values import kind_of_class

_PLAIN: dict[Any, Kind] = {
    str: kinds.TEXT,
    bool: kinds.BOOLEAN,
    int: kinds.INTEGER,
    float: kinds.NUMBER,
    bytes: kinds.BYTES,
    Path: kinds.PATH,
    Any: kinds.ANY,
    inspect.Parameter.empty: kinds.ANY,
}


def kind_of(annotation: Any) -> tuple[Kind, bool]:
    """The kind that an annotation stands for, and whether it admits None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        for extra in get_args(annotation)[1:]:
            if isinstance(extra, Kind):
                return extra, kind_of(get_args(annotation)[0])[1]
        return kind_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        inner = [a for a in get_args(annotation) if a is not type(None)]
        optional = len(inner) < len(get_args(annotation))
        return (kind_of(inner[0])[0] if len(inner) == 1 else kinds.JSON), optional
    if annotation in _PLAIN:
        return _PLAIN[annotation], False
    cls = origin or annotation
    if isinstance(cls, type) and cls.__module__ != "builtins":
        return kind_of_class(cls) or kinds.JSON, False
    return kinds.JSON, annotation is type(None)


def checkable(annotation: Any) -> Any:
    """The annotation as pydantic takes it: before Python 3.12 it refuses the TypedDict of `typing` inside of a type."""
    if sys.version_info >= (3, 12):
        return annotation
    if is_typeddict(annotation) and type(annotation).__module__ == "typing":
        return _typed_dict(annotation)
    parts, origin = get_args(annotation), get_origin(annotation)
    made = [checkable(part) for part in parts]
    if all(new is old for new, old in zip(made, parts, strict=True)):
        return annotation
    return (Union if origin is types.UnionType else origin)[tuple(made)]


def _typed_dict(known: Any) -> Any:
    from typing_extensions import TypedDict

    make: Any = TypedDict
    hints = get_type_hints(known, include_extras=True)
    fields = {n: checkable(a) if n in known.__required_keys__ else NotRequired[checkable(a)] for n, a in hints.items()}
    return make(known.__name__, fields)
