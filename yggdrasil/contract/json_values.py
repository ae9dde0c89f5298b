"""Any value as plain JSON: what is large inside it is a reference, and what has no JSON form is told by its place."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, cast, get_args, get_origin

from yggdrasil.contract.errors import ArtifactError, ConfigError, PortError
from yggdrasil.contract.values import class_names, form_of

if TYPE_CHECKING:
    from yggdrasil.contract.ports import Port, Ports

Keep = Callable[[Any], dict[str, Any]]
"""Puts a large value away and gives its reference."""
Leaf = Callable[[Any, str], Any]
_NO_NUMBER = "give a finite number, or null where there is none"


def as_json(port: Port, value: Any, keep: Keep) -> Any:
    """The value of an output as JSON; pictures, sounds, tensors and arrays at any depth are what `keep` gives for them.

    Dates, paths, enums, models and sets are written as their annotation, or pydantic, writes them.
    Raises PortError, with the place in the value, for NaN and for what has no JSON form; ArtifactError for a large
    value that no file holds.
    """
    if port.kind.name == "numbers" and hasattr(value, "tolist"):
        value = value.tolist()
    free = _is_free(port.annotation)

    def leaf(part: Any, place: str) -> Any:
        return _written(port if place == port.name and not free else None, part, place, keep)

    try:
        walked = _walked(value, port.name, keep, leaf if free else _left)
        return walked if free else _walked(leaf(walked, port.name), port.name, keep, _left)
    except RecursionError:
        raise _refused(port.name, "holds itself, or is nested too deep", "give plain nested data") from None


def check_told(ports: Ports, where: str) -> None:
    """Raises ConfigError for an output whose type says that its values have no JSON form and are of no kind."""
    from pydantic.errors import PydanticUserError

    for port in ports.values():
        if port.kind.form is not None or port.kind.tensor or port.kind.of or _is_free(port.annotation):
            continue
        try:
            _ = port.adapter
        except PydanticUserError:
            shown = getattr(port.annotation, "__name__", port.annotation)
            mend = "make it a dataclass or a pydantic model, register a kind for it (docs/values.md), or give text"
            raise ConfigError(
                f"output {port.name!r} is a {shown}, which no JSON holds", where=where, mend=mend
            ) from None


def _is_free(annotation: Any) -> bool:
    """Whether an annotation says nothing of the value: `Any`, `Json`, either of them or None."""
    if get_origin(annotation) is Annotated:
        return _is_free(get_args(annotation)[0])
    return annotation is Any or (
        get_origin(annotation) in (Union, UnionType) and any(map(_is_free, get_args(annotation)))
    )


def not_finite(value: Any, place: str = "") -> str:
    """Where in a JSON value the first NaN or infinity stands, as `rows.2.x`; '' if nowhere."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else place or "."
    if isinstance(value, dict):
        parts = [(f"{place}.{name}", part) for name, part in cast("dict[Any, Any]", value).items()]
    elif isinstance(value, list):
        parts = [(f"{place}.{number}", part) for number, part in enumerate(cast("list[Any]", value))]
    else:
        return ""
    return next((found.lstrip(".") for at, part in parts if (found := not_finite(part, at))), "")


def kept(value: Any, place: str, keep: Keep) -> dict[str, Any]:
    """The reference of a large value. Raises ArtifactError with the place of one that no file holds."""
    try:
        return keep(value)
    except ArtifactError as error:
        raise ArtifactError(f"output {place!r}: {error.what}", where=error.where, mend=error.mend) from None


def _walked(value: Any, place: str, keep: Keep, leaf: Leaf) -> Any:
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, dict):
        return _object(cast("dict[Any, Any]", value), place, keep, leaf)
    if isinstance(value, list | tuple):
        parts = cast("list[Any]", value)
        return [_walked(part, f"{place}.{number}", keep, leaf) for number, part in enumerate(parts)]
    if form_of(value) is not None:
        return kept(value, place, keep)
    if "numpy:generic" in class_names(cast("type[Any]", type(value))):
        value = value.item()
    if not isinstance(value, float):
        return leaf(value, place)
    if not math.isfinite(value):
        raise _refused(place, f"is {value}, which is no JSON", _NO_NUMBER)
    return float(value)


def _object(known: dict[Any, Any], place: str, keep: Keep, leaf: Leaf) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, part in known.items():
        name = key if isinstance(key, str) else _name(key, place)
        if name in made:
            raise _refused(place, f"has two names that are {name!r} in JSON", "give names that differ as texts")
        made[name] = _walked(part, f"{place}.{name}", keep, leaf)
    return made


def _name(key: Any, place: str) -> str:
    if key is None or isinstance(key, bool | int | float):
        return json.dumps(key)
    raise _refused(place, f"has the name {key!r:.60}, a {type(key).__name__}", "name the parts by texts")


def _left(value: Any, place: str) -> Any:
    return value


def _written(port: Port | None, value: Any, place: str, keep: Keep) -> Any:
    """A value of no plain class, or one that has an annotation of its own, as pydantic writes it."""
    from pydantic_core import to_jsonable_python

    def inner(part: Any) -> Any:
        if form_of(part) is not None:
            return kept(part, place, keep)
        if "numpy:generic" in class_names(cast("type[Any]", type(part))):
            return part.item()
        raise _refused(place, f"holds a {type(part).__name__}, which has no JSON form", _MEND)

    if port is None and type(value) in (bytes, bytearray, memoryview):
        raise _refused(place, f"holds {type(value).__name__}, which have no JSON form", _MEND)
    try:
        if port is not None:
            shown: Any = port.adapter.dump_python(value, mode="json", fallback=inner, warnings=False)
        else:
            shown = to_jsonable_python(value, fallback=inner, inf_nan_mode="constants")
    except (TypeError, ValueError) as error:
        raise _refused(place, f"has no JSON form ({error!s:.200})", _MEND) from None
    if isinstance(value, set | frozenset):
        shown = sorted(shown, key=json.dumps)
    return _walked(shown, place, keep, _left) if port is None else shown


_MEND = "give text, numbers, lists and dicts of them, or values of a kind (docs/values.md)"


def _refused(place: str, what: str, mend: str) -> PortError:
    return PortError(f"output {place!r} {what}", mend=mend)
