"""Typed ports, read from the signature of `forward`, and the check of a value at a port."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast, get_type_hints, is_typeddict

from yggdrasil.contract import kinds
from yggdrasil.contract.annotations import kind_of
from yggdrasil.contract.errors import PortError, did_you_mean
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.own_copies import MUTABLE, endless, owned
from yggdrasil.contract.surrogates import halved, lost, whole_value
from yggdrasil.contract.values import class_names, problem

_GIVEN: dict[str, tuple[type[Any], ...]] = {
    "text": (str,), "boolean": (bool,), "integer": (int,), "number": (float, int),
}  # fmt: skip
"""What an output of a plain kind may be; of the others only those with a form are looked at."""
_PATH = type(Path())
_TELLING = ("any", "json", "messages")
"""Kinds whose lists and dicts may hold texts."""


@dataclass(frozen=True)
class Port:
    """One named, typed input or output. An input without a default and not optional is required.

    `bare`: the lone output of a `forward` that returns the value itself, not a dict of outputs.
    `hint`: what else than passing a value would feed the input, told where it is missing.
    """

    name: str
    kind: Kind
    annotation: Any = Any
    required: bool = True
    default: Any = None
    optional: bool = False
    bare: bool = False
    about: str = field(default="", compare=False)
    hint: str = field(default="", compare=False)
    passing: set[type[Any]] = field(default_factory=set[type[Any]], init=False, repr=False, compare=False)
    """Classes of what the output has given rightly, whose values need no look; a text may hold half a character."""

    @cached_property
    def adapter(self) -> Any:
        """pydantic's validator of the annotation."""
        from pydantic import TypeAdapter

        return TypeAdapter(self.annotation)

    @property
    def plain(self) -> bool:
        """Whether its values have a JSON form of their own: they stand in manifests, schemas and requests."""
        return not (self.kind.large or self.kind.tensor or self.kind.name == "schedule")

    @cached_property
    def seen(self) -> set[type[Any]] | None:
        """The classes of values that the output has given rightly; None where no class tells what is right."""
        if self.kind.name in _TELLING:
            return {type(None), str, int, float, bool}
        if self.kind.name in _GIVEN:
            return {type(None), *_GIVEN[self.kind.name], *([_PATH] if self.kind == kinds.PATH else [])}
        return {type(None)} if self.kind.tensor or self.kind.form is not None else None

    def given(self, value: Any, where: str) -> Any:
        """What `forward` gave, numpy's scalars as plain numbers. Raises PortError if this output does not carry it."""
        kind = cast(type[Any], type(value))
        if kind is str and not value.isascii():
            value = _in_whole_characters(value, where)
        if self.seen is None or kind in self.seen:
            if kind is not str:
                self.passing.add(kind)
            return value
        plain = _GIVEN.get(self.kind.name)
        if plain is None:
            wrong = problem(self.kind, value)
        else:
            value = value.item() if "numpy:generic" in class_names(kind) else value
            wrong = "" if isinstance(value, plain) else f"was given {value!r:.60}"
        if wrong:
            mend = f"let forward return {self.kind.name}, or declare what it returns"
            raise PortError(f"output {self.name!r} {wrong}", where=where, mend=mend)
        if self.kind.name in _TELLING:
            return _in_whole_characters(value, where)
        if plain is None and not self.kind.of:
            self.seen.add(kind)
        return value

    def fresh_default(self) -> Any:
        """The default, copied, so that two calls never share a list."""
        return copy.deepcopy(self.default)

    def check(self, value: Any, where: str) -> Any:
        """The value as the port takes it. Raises PortError with the port, the value and what is legal."""
        if value is None:
            if self.optional:
                return None
            if not self.required:
                return self.fresh_default()
            raise PortError(f"input {self.name!r} is None", where=where, mend=f"it takes {self.kind.name}")
        if type(value) is _PATH and self.kind == kinds.TEXT:
            value = str(value)
        wrong = problem(self.kind, value)
        if wrong:
            raise PortError(f"input {self.name!r} {wrong}", where=where, mend=f"give it {self.kind.name}")
        if self.kind.large or self.kind.tensor or self.kind.name == "schedule":
            return value
        if self.kind.name in MUTABLE:
            value = owned(value, where)
        return self._in_whole_characters(value, where) if self.kind.name == "any" else self._validated(value, where)

    def _in_whole_characters(self, value: Any, where: str) -> Any:
        try:
            if not halved(value):
                return value
        except RecursionError:
            raise endless(where) from None
        if said := lost(value):
            mend = "give whole characters: bytes that are no UTF-8 have no meaning here"
            raise PortError(f"input {self.name!r} holds half a character: {said}", where=where, mend=mend)
        return whole_value(value)

    def _validated(self, value: Any, where: str) -> Any:
        from pydantic import ValidationError

        value = self._in_whole_characters(value, where)
        try:
            valid = self.adapter.validate_python(value)
            if isinstance(valid, float) and not math.isfinite(valid):
                mend = "give a finite number"
                raise PortError(f"input {self.name!r} was given {valid}", where=where, mend=mend)
            return valid
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            inner = "".join(f".{part}" for part in first["loc"])
            shown = repr(value)[:80]
            many = f"; for a run each: map({self.name}=[…])" if isinstance(value, list) and not first["loc"] else ""
            mend = f"{first['msg']}{_legal(self.adapter.json_schema())}{many}"
            raise PortError(f"input {self.name + inner!r} was given {shown}", where=where, mend=mend) from None


Ports = dict[str, Port]


def _in_whole_characters(value: Any, where: str) -> Any:
    """What a block gave, its half characters joined, or told and replaced by U+FFFD: so nothing is stuck with them."""
    try:
        if not halved(value):
            return value
    except RecursionError:
        raise endless(where) from None
    if said := lost(value):
        from yggdrasil.contract.context import here

        here().note(f"half a character became U+FFFD: {said}", "half_character", found=said)
    return whole_value(value)


def _legal(schema: Mapping[str, Any]) -> str:
    """The legal range of a number, told whatever was wrong with it; nothing for other types."""
    for option in schema.get("anyOf", ()):
        if told := _legal(option):
            return told
    low, over = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, under = schema.get("maximum"), schema.get("exclusiveMaximum")
    ends = [f"{sign} {end}" for sign, end in ((">=", low), (">", over), ("<=", high), ("<", under)) if end is not None]
    return f"; legal is {schema.get('type', 'number')} {' and '.join(ends)}" if ends else ""


def input_ports(forward: Callable[..., Any]) -> Ports:
    """Ports of the parameters of `forward` (after `self`). Raises PortError for `*args` and `**kwargs`."""
    hints = _hints(forward)
    found: Ports = {}
    for name, parameter in inspect.signature(forward).parameters.items():
        if name == "self":
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise PortError(
                f"forward has *{name}", where=forward.__qualname__, mend="name every port: each becomes an input"
            )
        annotation = hints.get(name, Any)
        kind, optional = kind_of(annotation)
        required = parameter.default is parameter.empty
        default = None if required else parameter.default
        optional = optional or (not required and default is None)
        found[name] = Port(name, kind, annotation, required and not optional, default, optional)
    return found


def output_ports(forward: Callable[..., Any]) -> Ports:
    """Ports of the return annotation: a TypedDict's fields, or one port named by its kind."""
    annotation = _hints(forward).get("return", Any)
    if is_typeddict(annotation):
        fields = get_type_hints(annotation, include_extras=True)
        return {n: _output(n, a) for n, a in fields.items()}
    if annotation is type(None):
        return {}
    kind, _ = kind_of(annotation)
    return {kind.output_name: replace(_output(kind.output_name, annotation), bare=True)}


def _hints(forward: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(forward, include_extras=True)
    except NameError as error:
        raise PortError(
            f"an annotation of forward cannot be resolved ({error})",
            where=forward.__qualname__,
            mend="import it at run time and define it at the top of its module, not under TYPE_CHECKING",
        ) from None


def _output(name: str, annotation: Any) -> Port:
    kind, optional = kind_of(annotation)
    return Port(name, kind, annotation, optional=optional)


def checked_inputs(ports: Mapping[str, Port], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """All inputs, validated and with defaults filled in. Raises PortError naming the first wrong port."""
    for name in given:
        if name not in ports:
            raise PortError(f"there is no input {name!r}", where=where, mend=did_you_mean(name, ports))
    values: dict[str, Any] = {}
    for name, port in ports.items():
        if name in given:
            values[name] = port.check(given[name], where)
        elif port.required:
            mend = f"pass {name}=…" + (f", or {port.hint}" if port.hint else "")
            raise PortError(f"input {name!r} ({port.kind.name}) is missing", where=where, mend=mend)
        else:
            values[name] = port.fresh_default()
    return values


def as_outputs(result: Any, ports: Mapping[str, Port], where: str) -> dict[str, Any]:
    """What `forward` returned, by output port. Raises PortError if a declared output is absent or of another kind."""
    if not ports:
        return {}
    first = next(iter(ports.values()))
    if first.bare:
        return {first.name: result if type(result) in first.passing else first.given(result, where)}
    if not isinstance(result, dict):
        raise PortError(f"forward returned {type(result).__name__}", where=where, mend=f"a dict of {list(ports)}")
    values = cast(dict[str, Any], result)
    lost = [name for name in ports if name not in values]
    if lost:
        raise PortError(f"forward returned no {', '.join(lost)}", where=where, mend=f"return all of {list(ports)}")
    for name, port in ports.items():
        if type(values[name]) not in port.passing:
            values[name] = port.given(values[name], where)
    return values


def each_once(ports: Mapping[str, Port], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs without repeats: of pictures or sounds that come singly and as a batch, one of the two.

    A batch of one is told as the single output, a larger one as the batch.
    """
    batches = {port.kind.of: len(outputs.get(name) or ()) for name, port in ports.items() if port.kind.of}
    singles = {port.kind.name for port in ports.values()}

    def repeats(port: Port | None) -> bool:
        if port is None:
            return False
        if port.kind.of:
            return port.kind.of in singles and batches[port.kind.of] <= 1
        return batches.get(port.kind.name, 0) > 1

    return {name: value for name, value in outputs.items() if not repeats(ports.get(name))}
