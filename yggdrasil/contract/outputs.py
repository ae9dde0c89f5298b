"""What `forward` gave, held against what its signature promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import GeneratorType, NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from yggdrasil.contract.errors import PortError, did_you_mean
from yggdrasil.contract.json_values import as_json
from yggdrasil.contract.kinds import ANY, HELD, Kind
from yggdrasil.contract.plain import plain
from yggdrasil.contract.ports import Port, is_halved
from yggdrasil.contract.surrogates import lost, whole_value
from yggdrasil.contract.values import class_names, form_of, problem

_CLASSES: dict[Any, tuple[type[Any], ...]] = {
    str: (str,), bool: (bool,), int: (int,), float: (float, int), Path: (type(Path()), str),
}  # fmt: skip
"""Annotations that a value keeps by its class alone, and these classes."""
_ATOMS = (NoneType, bool, int, float, str)


def as_outputs(result: Any, ports: Mapping[str, Port], where: str) -> dict[str, Any]:
    """What `forward` returned, by output port. Raises PortError for an output that is absent, of another type than
    its annotation says, or not declared.
    """
    if not ports:
        return _nothing(result, where)
    for name, port in ports.items():  # the first alone is asked: a body that is watched gives more beside a bare one
        if port.bare:
            return {name: result if type(result) in port.passing else given(port, result, where)}
        break
    if not isinstance(result, dict):
        raise PortError(f"forward returned {type(result).__name__}", where=where, mend=f"a dict of {list(ports)}")
    values = cast(dict[str, Any], result)
    if len(values) != len(ports) or values.keys() != ports.keys():
        values = _complete(values, ports, where)
    for name, port in ports.items():
        if type(values[name]) not in port.passing:
            values[name] = given(port, values[name], where)
    return values


def given(port: Port, value: Any, where: str) -> Any:
    """The value of an output, numpy's numbers as Python's. Raises PortError if its annotation does not allow it."""
    kind = cast(type[Any], type(value))
    if kind is str and not value.isascii():
        value = _in_whole_characters(value, where)
    if kind in _right(port):
        if kind is not str:
            port.passing.add(kind)
        return value
    if "numpy:generic" in class_names(kind):
        return given(port, value.item(), where)
    if value is None or kind is GeneratorType:
        raise _wrong(port, "was given " + ("None" if value is None else "a generator, which is read once"), where)
    if port.kind.form is not None or port.kind.tensor:
        return _large(port, value, where)
    if port.kind.name == "schedule":
        return value
    if port.kind != ANY:
        value = _as_promised(port, value, where)
    return _in_whole_characters(value, where)


def _nothing(result: Any, where: str) -> dict[str, Any]:
    if result is not None and result != {}:
        mend = "say what it gives: `-> Text`, a TypedDict of several outputs"
        raise PortError(f"forward promised None and returned {result!r:.60}", where=where, mend=mend)
    return {}


def _complete(values: dict[str, Any], ports: Mapping[str, Port], where: str) -> dict[str, Any]:
    """With None for each output that may be left out."""
    absent = [name for name, port in ports.items() if port.required and name not in values]
    if absent:
        raise PortError(f"forward returned no {', '.join(absent)}", where=where, mend=f"return all of {list(ports)}")
    for name in values:
        if name not in ports:
            mend = f"declare it in what forward returns; {did_you_mean(name, ports)}"
            raise PortError(f"forward returned {name!r}, which is no output", where=where, mend=mend)
    return {name: values.get(name) for name in ports}


def _right(port: Port) -> set[type[Any]]:
    """Classes whose values are right whatever they are, remembered at the port."""
    known: set[type[Any]] | None = vars(port).get("right")
    if known is None:
        inner, optional = _without_none(port.annotation)
        free = port.kind == ANY or (port.kind.name == "json" and _free(port.annotation))
        named = _CLASSES.get(inner, ()) if isinstance(inner, type) else ()
        known = set(_ATOMS if free else named)
        if optional or port.optional:
            known.add(NoneType)
        vars(port)["right"] = known
    return known


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The annotation without the name of a kind and without None, and whether it had None; constraints stay."""
    if get_origin(annotation) is Annotated:
        inner, *rest = get_args(annotation)
        return _without_none(inner) if all(isinstance(part, Kind) for part in rest) else (annotation, False)
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not NoneType]
        optional = len(parts) < len(get_args(annotation))
        return (_without_none(parts[0])[0] if len(parts) == 1 else annotation), optional
    return annotation, annotation is NoneType


def _free(annotation: Any) -> bool:
    """Whether any JSON may stand there: what is large says its kind, and is looked at."""
    if get_origin(annotation) is Annotated:
        inner, *rest = get_args(annotation)
        return _free(inner) and not any(isinstance(part, Kind) and part.form is not None for part in rest)
    return annotation is Any or (get_origin(annotation) in (Union, UnionType) and any(map(_free, get_args(annotation))))


def _large(port: Port, value: Any, where: str) -> Any:
    if wrong := problem(port.kind, value):
        raise _wrong(port, wrong, where)
    if not port.kind.of:
        _right(port).add(cast(type[Any], type(value)))
    return value


def _as_promised(port: Port, value: Any, where: str) -> Any:
    if port.kind.name == "json" and _free(port.annotation):
        _check_json(port, value, where)
        return value
    from pydantic import PydanticUserError, ValidationError

    numbers = value.tolist() if port.kind.name == "numbers" and hasattr(value, "tolist") else value
    try:
        try:
            port.promise.validate_python((numbers,), context=HELD)
        except ValidationError:
            value = plain(value)
            port.promise.validate_python((value,), context=HELD)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inner = _inside(value, first["loc"][1:])
        came = f"was given {first['input']!r:.60}"
        raise _wrong(port, came, where, inner, first["msg"]) from None
    except PydanticUserError as error:
        mend = "annotate it with plain types, models of pydantic, or kinds (yggdrasil.ports)"
        what = f"output {port.name!r} has an annotation that nothing can be checked by ({error.message:.200})"
        raise PortError(what, where=where, mend=mend) from None
    return value


def _inside(value: Any, steps: tuple[Any, ...]) -> str:
    """The place in a value that these steps of pydantic lead to, without the names of types among them."""
    place = ""
    for step in steps:
        try:
            value = value[step]
        except (LookupError, TypeError):
            continue
        place += f".{step}"
    return place


def _check_json(port: Port, value: Any, where: str) -> None:
    """Refuse what has no JSON form; pydantic tells fast what has one, the slow way where it stands."""
    from pydantic_core import to_jsonable_python

    try:
        to_jsonable_python(value, inf_nan_mode="constants", fallback=_known)
    except (TypeError, ValueError):
        try:
            as_json(port, value, lambda _: {})
        except PortError as error:
            error.where = where
            raise


def _known(part: Any) -> None:
    """Let pass what pydantic does not know and a form does, and numpy's numbers."""
    if form_of(part) is None and "numpy:generic" not in class_names(cast(type[Any], type(part))):
        raise TypeError


def _wrong(port: Port, what: str, where: str, inner: str = "", why: str = "") -> PortError:
    told = f" ({why})" if why else ""
    mend = f"let forward return {port.kind.name}, or declare what it returns{told}"
    return PortError(f"output {port.name + inner!r} {what}", where=where, mend=mend)


def _in_whole_characters(value: Any, where: str) -> Any:
    """What a block gave, its half characters joined, or told and replaced by U+FFFD: so nothing is stuck with them."""
    if not is_halved(value, where):
        return value
    if said := lost(value):
        from yggdrasil.contract.context import here

        here().note(f"half a character became U+FFFD: {said}", "half_character", found=said)
    return whole_value(value)
