"""The settings of a block: its annotated fields, checked at the edge by name, place and range, and fit to be saved."""

from __future__ import annotations

import inspect
import reprlib
import sys
from collections.abc import Mapping
from enum import Enum
from types import SimpleNamespace, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)  # fmt: skip

from yggdrasil.contract.digest import canonical
from yggdrasil.contract.errors import ConfigError, YggError, did_you_mean
from yggdrasil.contract.plain import plain

if TYPE_CHECKING:
    from pydantic import BaseModel, ConfigDict
    from pydantic.fields import FieldInfo

    from yggdrasil.contract.block import Block

_models: dict[type[Block], Any] = {}
_open: dict[type[Block], tuple[str, ...]] = {}
_CLOSED = (str, int, float, bool, bytes, type(None))


def config_model(cls: type[Block]) -> type[BaseModel]:
    """The pydantic model of a block's config, made from its annotated fields."""
    if cls not in _models:
        from pydantic import ConfigDict, PydanticSchemaGenerationError, create_model

        fields: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            if "__ygg_root__" not in vars(base) and base is not object:
                fields |= {n: (hint, getattr(cls, n, ...)) for n, hint in _settings(base).items()}
        _refuse_reserved(cls, fields)
        settings = ConfigDict(extra="forbid", arbitrary_types_allowed=False, validate_default=True)
        try:
            made = create_model(f"{cls.__name__}Config", __config__=settings, **fields)
        except PydanticSchemaGenerationError:
            raise _no_setting(cls, fields, settings) from None
        _open[cls] = tuple(name for name, field in made.model_fields.items() if not _closed(field.annotation))
        _models[cls] = made
    return _models[cls]


def _no_setting(cls: type[Block], fields: Mapping[str, Any], settings: ConfigDict) -> ConfigError:
    """The error that names the first field whose values no manifest can hold."""
    from pydantic import PydanticSchemaGenerationError, TypeAdapter

    one: Any = tuple
    for name, (annotation, _) in fields.items():
        try:
            TypeAdapter(one[annotation,], config=settings)
        except PydanticSchemaGenerationError:
            what = f"setting {name!r} is a {getattr(annotation, '__name__', annotation)}, which no manifest holds"
            mend = (
                "a module is what `build` of a TorchBlock makes; another object is made in `__init__` from settings "
                f"that are plain, or written as ClassVar or `_{name}`, which are no settings"
            )
            return ConfigError(what, where=_of(cls), mend=mend)
    return ConfigError("has a setting that no manifest holds", where=_of(cls), mend="let its fields be plain data")


def open_settings(cls: type[Block]) -> tuple[str, ...]:
    """Settings whose values may change where they are, as a list does, without the block being told."""
    if cls not in _open:
        config_model(cls)
    return _open[cls]


def _closed(annotation: Any) -> bool:
    """Whether nothing of this type can be changed in place."""
    if annotation in _CLOSED or get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) is Annotated:
        return _closed(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return True
    united = get_origin(annotation) in (Union, UnionType, tuple)
    return united and all(part is ... or _closed(part) for part in get_args(annotation))


class Arguments:
    """The signature of a block's class, for notebooks and help: its settings by name, typed, with their defaults."""

    def __get__(self, block: object, cls: type[Block]) -> inspect.Signature:
        if block is not None:
            raise AttributeError("__signature__")
        own = _own_arguments(cls).values()
        named = {p.name for p in own}
        fields = config_model(cls).model_fields
        settings = [_argument(n, field) for n, field in fields.items() if n not in named]
        return inspect.Signature([*own, *settings])


def _own_arguments(cls: type[Block]) -> dict[str, inspect.Parameter]:
    """What its `__init__` takes besides settings, by name."""
    init = inspect.signature(cls.__init__, eval_str=False)
    own = list(init.parameters.items())[1:]
    return {name: part for name, part in own if part.kind is not inspect.Parameter.VAR_KEYWORD}


def _argument(name: str, field: FieldInfo) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.is_required() else field.get_default(call_default_factory=True)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=field.rebuild_annotation()
    )


def validated(cls: type[Block], config: dict[str, Any]) -> dict[str, Any]:
    """All settings with their defaults. Raises ConfigError naming the first that is unknown, illegal or unsaveable."""
    from pydantic import ValidationError

    model = config_model(cls)
    for name in config:
        if name not in model.model_fields:
            known = [*model.model_fields, *_own_arguments(cls)]
            raise ConfigError(f"there is no setting {name!r}", where=_of(cls), mend=did_you_mean(name, known))
    try:
        made = model.model_validate({name: _given(cls, name, value) for name, value in config.items()})
    except ValidationError as error:
        raise _illegal(cls, error) from None
    for name in config:
        _refuse_unsaveable(cls, name, getattr(made, name))
    return {name: getattr(made, name) for name in model.model_fields}


def validated_one(cls: type[Block], name: str, value: Any) -> Any:
    """A setting as it is given to a block that stands already. Raises ConfigError as `validated` does."""
    from pydantic import ValidationError

    model = config_model(cls)
    checker: Any = model.__pydantic_validator__
    try:
        made = checker.validate_assignment(model.model_construct(), name, _given(cls, name, value))
    except ValidationError as error:
        raise _illegal(cls, error) from None
    _refuse_unsaveable(cls, name, getattr(made, name))
    return getattr(made, name)


def _of(cls: type[Block]) -> str:
    return cls.type_name or cls.__name__


def _illegal(cls: type[Block], error: Any) -> ConfigError:
    first = error.errors(include_url=False)[0]
    setting = ".".join(str(part) for part in first["loc"])
    choices = get_args(config_model(cls).model_fields[first["loc"][0]].annotation)
    given = first["input"]
    named = first["type"] == "literal_error" and len(first["loc"]) == 1 and isinstance(given, str)
    near = f"{given!r} is none of them: {did_you_mean(given, map(str, choices))}" if named else ""
    near = f"write a list: {setting}=[…]" if first["type"] == "list_type" else near
    return ConfigError(f"setting {setting!r}: {first['msg']}", where=_of(cls), mend=near)


def _refuse_unsaveable(cls: type[Block], name: str, value: Any) -> None:
    """Refuse a value that would come back from a manifest as another one, or not at all."""
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    model = config_model(cls)
    try:
        form = to_jsonable_python(value, inf_nan_mode="constants")
        canonical(form)
        again = getattr(model.__pydantic_validator__.validate_assignment(model.model_construct(), name, form), name)
        kept = _listed(again) == _listed(value)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError, YggError):
        kept = False
    if not kept:
        raise _unsaveable(cls, name, value)


def _given(cls: type[Block], name: str, value: Any) -> Any:
    try:
        return plain(value)
    except RecursionError:
        raise _unsaveable(cls, name, value) from None


def _unsaveable(cls: type[Block], name: str, value: Any) -> ConfigError:
    what = f"setting {name!r} was given {reprlib.repr(value):.80}, which no manifest holds as it is"
    mend = "give text, truth values, finite numbers, lists, or objects of them with text as keys"
    return ConfigError(what, where=_of(cls), mend=mend)


def _listed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_listed(part) for part in cast(list[Any], value)]
    if isinstance(value, dict):
        return {name: _listed(part) for name, part in cast(dict[Any, Any], value).items()}
    return value


def _refuse_reserved(cls: type[Block], fields: Mapping[str, Any]) -> None:
    from pydantic import BaseModel

    root = next(base for base in cls.__mro__ if "__ygg_root__" in vars(base))
    for name in fields:
        if hasattr(root, name) or hasattr(BaseModel, name) or name in ("cls", "self", "files", "origin", "serial"):
            mend = "a block or its settings have a part of that name: choose another"
            raise ConfigError(f"a setting cannot be called {name!r}", where=cls.__qualname__, mend=mend)


def _settings(base: type[Any]) -> dict[str, Any]:
    """The annotations of one class body that are settings: neither private nor ClassVar."""
    noted = inspect.get_annotations(base)
    own = {n: a for n, a in noted.items() if not n.startswith("_") and not _is_class_var(a)}
    carrier = SimpleNamespace(__annotations__=own)
    hints = get_type_hints(carrier, vars(sys.modules[base.__module__]), vars(base), include_extras=True)
    return hints


def _is_class_var(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.replace("typing.", "").startswith("ClassVar")
    return annotation is ClassVar or get_origin(annotation) is ClassVar
