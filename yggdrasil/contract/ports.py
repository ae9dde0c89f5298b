"""Typed ports, read from the signature of `forward`, and the check of a value at a port."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NotRequired, Required, cast, get_args, get_origin, get_type_hints, is_typeddict

from yggdrasil.contract import kinds
from yggdrasil.contract.annotations import checkable, kind_of
from yggdrasil.contract.docstrings import told_in
from yggdrasil.contract.errors import PortError, did_you_mean
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.own_copies import MUTABLE, endless, owned
from yggdrasil.contract.surrogates import halved, lost, whole_value
from yggdrasil.contract.values import class_names, problem

_PATH = type(Path())
_READ_ONCE = (Iterator, Generator, AsyncIterator, AsyncGenerator)


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

        return TypeAdapter(checkable(self.annotation))

    @cached_property
    def promise(self) -> Any:
        """The same of an output, in a tuple of one: nothing is turned into what was promised, no more is let by."""
        from pydantic import ConfigDict, TypeAdapter

        one: Any = tuple
        config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)
        return TypeAdapter(one[checkable(self.annotation),], config=config)

    @property
    def plain(self) -> bool:
        """Whether its values have a JSON form of their own: they stand in manifests, schemas and requests."""
        return not (self.kind.large or self.kind.tensor or self.kind.name == "schedule")

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
            raise PortError(f"input {self.name!r} {wrong}", where=where, mend=_giving(self.kind))
        if _is_torchs(self.annotation) and "numpy:ndarray" in class_names(cast("type[Any]", type(value))):
            mend = _giving(self.kind)
            raise PortError(f"input {self.name!r} was given an array of numpy, not a tensor", where=where, mend=mend)
        if self.kind.large or self.kind.tensor or self.kind.name == "schedule":
            return value
        if self.kind.name in MUTABLE:
            value = owned(value, where)
        return self._in_whole_characters(value, where) if self.kind.name == "any" else self._validated(value, where)

    def _in_whole_characters(self, value: Any, where: str) -> Any:
        if not is_halved(value, where):
            return value
        if said := lost(value):
            mend = "give whole characters: bytes that are no UTF-8 have no meaning here"
            raise PortError(f"input {self.name!r} holds half a character: {said}", where=where, mend=mend)
        return whole_value(value)

    def _validated(self, value: Any, where: str) -> Any:
        from pydantic import PydanticUserError, ValidationError

        value = self._in_whole_characters(value, where)
        try:
            valid = self.adapter.validate_python(value)
            if isinstance(valid, float) and not math.isfinite(valid):
                mend = "give a finite number"
                raise PortError(f"input {self.name!r} was given {valid}", where=where, mend=mend)
            return valid
        except PydanticUserError:
            mend = "let each tensor have a port of its own, or annotate it as `Any`, plain types, models or kinds"
            what = f"input {self.name!r} has the annotation {self.annotation}, by which nothing can be checked"
            raise PortError(what, where=where, mend=mend) from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            inner = "".join(f".{part}" for part in first["loc"])
            shown = repr(value)[:80]
            many = f"; for a run each: map({self.name}=[…])" if isinstance(value, list) and not first["loc"] else ""
            if isinstance(value, dict) and self.name in value:
                many = f"; inputs are given by name: {self.name}=given[{self.name!r}]"
            mend = f"{first['msg']}{_legal(self.adapter.json_schema())}{many}"
            raise PortError(f"input {self.name + inner!r} was given {shown}", where=where, mend=mend) from None


Ports = dict[str, Port]


def _giving(kind: Kind) -> str:
    """How a value of a large kind or a tensor is made of what a newcomer has."""
    of_array = "of an array of numpy: torch.from_numpy(array); of numbers: torch.tensor(numbers)" if kind.tensor else ""
    opened = "of a file: PIL.Image.open(path); of an array: PIL.Image.fromarray(array)"
    how = of_array or (opened if kind.form is kinds.IMAGE.form else "")
    return f"give it {kind.name}" + (f", {how}" if how else "")


def _is_torchs(annotation: Any) -> bool:
    return isinstance(annotation, type) and annotation.__module__.partition(".")[0] == "torch"


def _legal(schema: Mapping[str, Any]) -> str:
    """The legal range of a number, told whatever was wrong with it; nothing for other types."""
    for option in schema.get("anyOf", ()):
        if told := _legal(option):
            return told
    low, over = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, under = schema.get("maximum"), schema.get("exclusiveMaximum")
    ends = [f"{sign} {end}" for sign, end in ((">=", low), (">", over), ("<=", high), ("<", under)) if end is not None]
    return f"; legal is {schema.get('type', 'number')} {' and '.join(ends)}" if ends else ""


def is_halved(value: Any, where: str) -> bool:
    """Whether it holds half a character. Raises PortError for a value that holds itself."""
    try:
        return halved(value)
    except RecursionError:
        raise endless(where) from None


def input_ports(forward: Callable[..., Any]) -> Ports:
    """Ports of the parameters of `forward` (after `self`). Raises PortError for `*args` and `**kwargs`."""
    hints, told = _hints(forward), told_in(forward.__doc__).parameters
    found: Ports = {}
    for name, parameter in inspect.signature(forward).parameters.items():
        if name == "self":
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise PortError(
                f"forward has *{name}", where=forward.__qualname__, mend="name every port: each becomes an input"
            )
        if parameter.kind is parameter.POSITIONAL_ONLY:
            mend = "take the `/` out: inputs are given by name"
            raise PortError(f"{name!r} stands before a `/`", where=forward.__qualname__, mend=mend)
        annotation, default = _with_field(hints.get(name, Any), parameter.default)
        kind, optional = kind_of(annotation)
        required = default is parameter.empty
        default = None if required else default
        optional = optional or (not required and default is None)
        about = "" if _described(annotation) else told.get(name, "")
        found[name] = Port(name, kind, annotation, required and not optional, default, optional, about=about)
    return found


def _with_field(annotation: Any, default: Any) -> tuple[Any, Any]:
    """The annotation and the default that are meant where a pydantic `Field` stands as the default."""
    if type(default).__module__ != "pydantic.fields" or not hasattr(default, "is_required"):
        return annotation, default
    held = inspect.Parameter.empty if default.is_required() else default.get_default(call_default_factory=True)
    return Annotated[annotation, default], held


def output_ports(forward: Callable[..., Any]) -> Ports:
    """Ports of the return annotation: a TypedDict's fields, or one port named by its kind.

    Raises PortError for an iterator, of which nobody after the first reader would get anything.
    """
    annotation = _hints(forward).get("return", Any)
    if inspect.isgeneratorfunction(forward) or _cls(annotation) in _READ_ONCE:
        mend = "return a list; what comes bit by bit is told on the way: here().emit('token', text=…)"
        raise PortError("forward gives an iterator, which is read once", where=forward.__qualname__, mend=mend)
    if is_typeddict(annotation):
        fields = get_type_hints(annotation, include_extras=True)
        return {n: _output(n, a, n in annotation.__required_keys__) for n, a in fields.items()}
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


def _described(annotation: Any) -> bool:
    """Whether `Annotated` holds words of its own, as pydantic's Field does."""
    return any(getattr(said, "description", None) for said in getattr(annotation, "__metadata__", ()))


def _output(name: str, annotation: Any, required: bool = True) -> Port:
    if get_origin(annotation) in (Required, NotRequired):
        required, (annotation,) = get_origin(annotation) is Required, get_args(annotation)
    kind, optional = kind_of(annotation)
    return Port(name, kind, annotation, required=required, optional=optional or not required)


def _cls(annotation: Any) -> Any:
    return get_origin(annotation) or annotation


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
