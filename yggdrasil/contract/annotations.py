"""What kind of value an annotation in a signature stands for."""

from __future__ import annotations

import inspect
import types
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

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
