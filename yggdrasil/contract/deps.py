"""What a caller hands to the tools of one call, such as a database: it is no input, never saved, never told a model."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import PortError

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block


class _Mark:
    """Stands in the annotation of a parameter that is fed by `deps=`."""


DEPS = "contract.deps"
"""Where in the surroundings they stand; `here().deps` reads it."""
_WRITTEN = re.compile(r"(\w+\.)*Deps(\[.*\])?")
T = TypeVar("T")
Deps = Annotated[T, _Mark]
"""Annotation of a function's parameter that gets what its caller gave as `deps=`: `db: ygg.Deps[Database]`."""


@contextmanager
def handing(block: Block, inputs: dict[str, Any]) -> Generator[dict[str, Any]]:
    """What is given as `deps` reaches every agent and function of a run that begins inside; gives the other inputs.

    A block that has an input of that name gets it as one.
    """
    if "deps" not in inputs or "deps" in block.inputs:
        yield inputs
        return
    place, rest = here(), {name: value for name, value in inputs.items() if name != "deps"}
    if inputs["deps"] is None:
        yield rest
        return
    with standing(place.but(shared={**place.shared, DEPS: inputs["deps"]})):
        yield rest


def handed(function: Callable[..., Any]) -> list[str]:
    """The parameters of a function that are annotated `Deps`."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # a class that is known to a type checker alone; other ports tell it themselves
        written = getattr(function, "__annotations__", {})
        return [name for name, hint in written.items() if isinstance(hint, str) and _WRITTEN.fullmatch(hint)]
    return [name for name, hint in hints.items() if get_origin(hint) is Annotated and _Mark in get_args(hint)]


def asks_deps(function: Any) -> str:
    """The parameter of a function, which `with_deps` gave, that cannot do without deps; '' if there is none."""
    return getattr(function, "asks_deps", "")


def _must_have(function: Callable[..., Any], names: list[str]) -> str:
    """The first of these parameters that has neither a default nor a type that admits None."""
    try:
        hints = get_type_hints(function)
    except (NameError, TypeError):
        hints = dict[str, Any]()
    parts = inspect.signature(function).parameters
    due = [name for name in names if parts[name].default is inspect.Parameter.empty]
    return next((name for name in due if NoneType not in (hints.get(name), *get_args(hints.get(name)))), "")


def with_deps(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function without its parameters annotated `Deps`: at each call they get the deps of the call around it."""
    names = handed(function)
    if not names:
        return function
    due = _must_have(function, names)
    optional = all(
        inspect.signature(function).parameters[name].default is not inspect.Parameter.empty for name in names
    )

    @functools.wraps(function)
    def fed(*args: Any, **given: Any) -> Any:
        found = here().deps
        if found is None and due:
            mend = "call it with deps=…; where it may do without, annotate Deps[X | None]"
            raise PortError(f"it takes deps ({due!r}), and the call gave none", where=here().path, mend=mend)
        return function(*args, **given, **({} if found is None and optional else dict.fromkeys(names, found)))

    whole = inspect.signature(function)
    kept = [part for name, part in whole.parameters.items() if name not in names]
    fed.__signature__ = whole.replace(parameters=kept)  # pyright: ignore[reportAttributeAccessIssue]
    fed.__annotations__ = {name: hint for name, hint in fed.__annotations__.items() if name not in names}
    fed.asks_deps = due  # pyright: ignore[reportAttributeAccessIssue]
    return fed
