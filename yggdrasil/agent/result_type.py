"""What an answer is to be, said by a Python type or a JSON schema: what a model is told, and what it wrote as that."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NotRequired, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from yggdrasil.agent.refusals import Retry
from yggdrasil.blocks.llm.schemas import beside_schema, sound_schema
from yggdrasil.contract import ConfigError
from yggdrasil.contract.coroutines import as_plain
from yggdrasil.contract.deps import with_deps
from yggdrasil.contract.json_values import not_finite
from yggdrasil.contract.schema import inlined
from yggdrasil.contract.spending import result_once

Schema = dict[str, Any]
WRAP = "result"
"""The one property under which a model writes what is no object: a number, a list, one of several alternatives."""
RESULT_HEAD = "When you are ready, answer with"
_UNIONS = (Union, types.UnionType)


class ResultType:
    """A pydantic class, TypedDict, dataclass, plain type, union of them, a JSON schema, or a function: then the model
    writes its arguments, and the result is what it gives.

    `schema` is that of the object which a model writes; of a `plain` one the schema says all.
    Raises ConfigError for what has no JSON schema.
    """

    def __init__(self, kind: Any) -> None:
        self.function = with_deps(as_plain(kind)) if inspect.isroutine(kind) else None
        self.plain = isinstance(kind, Mapping) or (self.function is None and _plain(kind))
        self._given = None
        if self.function is not None:
            kind, given = _taken_and_given(self.function)
            self._given = _adapter(given)
        self._adapter = None if isinstance(kind, Mapping) else _adapter(kind)
        self.own: Schema = dict(cast(Any, kind)) if self._adapter is None else _schema_of(kind, self._adapter)
        sound_schema(self.own)
        self.wrapped = self.own.get("type") != "object"
        self.schema = _wrapped(self.own) if self.wrapped else self.own
        self._alternatives = _alternatives(kind)

    @property
    def told(self) -> str:
        """What the model is told of it, in words: every alternative of a union by its name."""
        shown = json.dumps(self.schema, ensure_ascii=False)
        which = f"one of {', '.join(self._alternatives)}, whichever fits" if self._alternatives else "the result"
        return f"{RESULT_HEAD} {which}: one JSON object of this schema: {shown}"

    def value(self, written: Any) -> Any:
        """What stands for the result in what a model wrote: the object itself, or what it holds under `result`."""
        if self.wrapped and isinstance(written, dict) and set(cast(Schema, written)) == {WRAP}:
            return cast(Schema, written)[WRAP]
        return cast(Any, written)

    def read(self, value: Any) -> Any:
        """The value as an instance of the type; as it is under a bare schema. Raises Retry that says what is wrong.

        NaN and infinity are wrong everywhere: no JSON holds them.
        """
        held = self._read(value)
        if at := not_finite(value if self._adapter is None else self._adapter.dump_python(held)):
            raise Retry(f"{at.lstrip('.') or 'it'}: it is NaN or infinity; give a finite number")
        return held

    def _read(self, value: Any) -> Any:
        if self._adapter is None:
            if problem := beside_schema(value, self.own):
                raise Retry(problem)
            return value
        from pydantic import ValidationError

        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            flaws = error.errors(include_url=False, include_context=False)
            told = [f"{'.'.join(map(str, flaw['loc'])) or 'it'}: {flaw['msg']}" for flaw in flaws[:5]]
            raise Retry("; ".join(told)) from None

    def written(self, result: Any) -> Any:
        """An instance as JSON."""
        adapter = self._given or self._adapter
        return result if adapter is None else adapter.dump_python(result, mode="json", warnings=False)

    def made(self, value: Any) -> Any:
        """The result, an instance, of what the model wrote: a function is called with it, once. Raises Retry."""
        held = self.read(value)
        if self.function is None:
            return held
        call, taken = self.function, {name: getattr(held, name) for name in type(held).model_fields}
        return self.returned(result_once(value, lambda: self._promised(call(**taken))))

    def _promised(self, given: Any) -> Any:
        """What the function gave, as JSON. Raises ConfigError for what is not of the type that it names."""
        try:
            written = self.written(given)
            self.returned(written)
            return written
        except ValueError as error:
            why = str(error).splitlines()[min(1, str(error).count("\n"))].strip()
            what = f"the function of the result gave {given!r:.60} ({why:.160})"
            raise ConfigError(what, mend="let it return what its annotation says, a thing that JSON holds") from None

    def returned(self, value: Any) -> Any:
        """The JSON of a result as an instance of its type."""
        return self.read(value) if self._given is None else self._given.validate_python(value)


def _taken_and_given(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The arguments of a function as a pydantic class of its name and words, and the type that it returns."""
    from pydantic import create_model

    hints = get_type_hints(function, include_extras=True)
    parts = inspect.signature(function).parameters.values()
    fields: dict[str, Any] = {
        part.name: (hints.get(part.name, Any), ... if part.default is part.empty else part.default) for part in parts
    }
    return create_model(function.__name__, __doc__=inspect.getdoc(function), **fields), hints.get("return", Any)


def _plain(kind: Any) -> bool:
    """Whether its instances are what stands in JSON, so that the schema alone gives them back."""
    if is_typeddict(kind):
        return all(map(_plain, get_type_hints(kind).values()))
    if get_origin(kind) is Literal:
        return all(type(value) in (str, int, bool) for value in get_args(kind))
    if get_origin(kind) in (list, dict):
        return all(map(_plain, get_args(kind)))
    return kind in (Any, str, int, float, bool, list, dict)


def _adapter(kind: Any) -> Any:
    from pydantic import PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(_readable(kind))
    except (PydanticUserError, NameError, TypeError) as error:
        raise _no_type(kind, error) from None


def _schema_of(kind: Any, adapter: Any) -> Schema:
    from pydantic import PydanticUserError

    try:
        whole: Schema = adapter.json_schema()
    except (PydanticUserError, KeyError) as error:
        raise _no_type(kind, error) from None
    try:
        return inlined(whole, "result")
    except ConfigError:  # a type that contains itself keeps its references, which all lie in the schema
        return whole if "type" in whole else {"anyOf": [{"$ref": whole["$ref"]}], "$defs": whole["$defs"]}


def _no_type(kind: Any, error: Exception) -> ConfigError:
    what = f"the result is to be {kind!r:.80}, which is no type of JSON ({str(error).partition(chr(10))[0]:.160})"
    mend = "give a pydantic model, TypedDict, dataclass, plain type, A | B, a function, or a JSON schema"
    return ConfigError(what, mend=mend)


def _wrapped(schema: Schema) -> Schema:
    inner = {name: part for name, part in schema.items() if name != "$defs"}
    made = {"type": "object", "properties": {WRAP: inner}, "required": [WRAP], "additionalProperties": False}
    return {**made, "$defs": schema["$defs"]} if "$defs" in schema else made


def _alternatives(kind: Any) -> list[str]:
    if get_origin(kind) not in _UNIONS:
        return []
    return [_named(part) for part in get_args(kind)]


def _named(kind: Any) -> str:
    if kind is type(None):
        return "null"
    name = kind.__name__ if isinstance(kind, type) and get_origin(kind) is None else str(kind).replace("typing.", "")
    own = vars(kind).get("__doc__") if isinstance(kind, type) else None
    about = own.strip().partition("\n")[0] if own and not own.startswith(f"{name}(") and own != "dict()" else ""
    about = "" if kind.__class__ is type and kind.__module__ == "builtins" else about
    fields = ", ".join(getattr(kind, "__annotations__", {}))
    inner = "; ".join(part for part in (about.rstrip("."), f"fields {fields}" if fields else "") if part)
    return f"{name} ({inner})" if inner else name


def _readable(kind: Any) -> Any:
    """The type with each TypedDict of the standard library as one that pydantic reads also before Python 3.12."""
    if is_typeddict(kind):
        from typing_extensions import TypedDict

        needed = cast(Any, kind).__required_keys__
        hints = {name: _readable(part) for name, part in get_type_hints(kind).items()}
        made: Any = TypedDict  # the functional form: the fields are known only now
        return made(kind.__name__, {n: h if n in needed else NotRequired[h] for n, h in hints.items()})
    origin, parts = get_origin(kind), get_args(kind)
    if origin in _UNIONS:
        return Union[tuple(map(_readable, parts))]  # noqa: UP007 - of parts that are known only now
    if origin in (list, set, tuple, dict) and parts:
        return cast(Any, origin)[tuple(part if part is ... else _readable(part) for part in parts)]
    if origin is Annotated:
        return Annotated[(_readable(parts[0]), *parts[1:])]
    return kind
