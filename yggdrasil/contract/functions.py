"""A plain typed function as a block: its parameters are the inputs, its docstring is what a model is told."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Coroutine
from types import new_class
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast, overload

from yggdrasil.contract.block import Block
from yggdrasil.contract.coroutines import as_plain
from yggdrasil.contract.deps import with_deps
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.foreign_tools import ForeignTool, Invokable, is_foreign
from yggdrasil.contract.known_arguments import known_arguments
from yggdrasil.contract.ports import input_ports

P = ParamSpec("P")
R = TypeVar("R")


class Function(Block, Generic[P, R]):
    """What `block(function)` makes; it stands for the function in graphs and among tools, and takes what it takes."""

    if TYPE_CHECKING:

        def forward(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


_SCHEMA = frozenset(("function", "input_schema", "parameters"))
"""What a tool is told by to a model, in the forms that endpoints take."""
Plain = Callable[..., Any]
Given = Block | Plain | Invokable
"""A block as a person gives it: one, a typed function, or a tool of LangChain."""


@overload
def block(
    function: Callable[P, Coroutine[Any, Any, R]],
    /,
    *,
    type: str = "",
    role: str = "Tool",
    repeatable: bool = True,
    pure: bool = False,
) -> Function[P, R]: ...
@overload
def block(
    function: Callable[P, R], /, *, type: str = "", role: str = "Tool", repeatable: bool = True, pure: bool = False
) -> Function[P, R]: ...
@overload
def block(
    function: None = None, /, *, type: str = "", role: str = "Tool", repeatable: bool = True, pure: bool = False
) -> Callable[[Callable[P, R]], Function[P, R]]: ...


@known_arguments
def block(
    function: Plain | None = None,
    /,
    *,
    type: str = "",
    role: str = "Tool",
    repeatable: bool = True,
    pure: bool = False,
) -> Any:
    """The function as a block, also as a decorator: `@ygg.block` or `@ygg.block(type="me/add")`.

    Its annotations are the ports and are checked; called, it is the function still. It may be an `async def`: the run
    waits for it. With a `type`, which a package names as an entry point of `yggdrasil.blocks`, it can be saved.
    `repeatable=False` is for what must not be done twice, such as a payment: a tool's call that was cut off in the
    middle is asked about, not made again. `pure`: the same inputs give the same, so a graph's cache may keep it.
    Raises ConfigError, PortError for `*args`.
    """
    if function is None:
        return functools.partial(block, type=type, role=role, repeatable=repeatable, pure=pure)
    if not callable(function):
        what = f"{_name(function)} is a {function.__class__.__name__}"
        raise ConfigError(what, where="block", mend="give a function with typed parameters")
    if inspect.isclass(function):
        raise ConfigError(f"{_name(function)} is a class", where="block", mend=f"give an object: {_name(function)}()")
    if inspect.isfunction(function) and next(iter(inspect.signature(function).parameters), "") == "self":
        owner, _, own = function.__qualname__.rpartition(".")
        mend = f"give that of an object: {owner.rpartition('.')[2] or 'thing'}().{own}"
        raise ConfigError(f"{_name(function)} is a method of no object", where="block", mend=mend)
    if not _says_its_types(function):
        mend = f"write `def`, with typed parameters and a docstring, that calls {_name(function)}"
        raise ConfigError(f"{_name(function)} does not say what it takes", where="block", mend=mend)
    function = with_deps(as_plain(_plain(function), of=function))
    input_ports(function)

    @functools.wraps(function)
    def forward(self: Block, /, **given: Any) -> Any:
        del self
        return function(**given)

    parts = {
        "forward": forward,
        "repeatable": repeatable,
        "pure": pure,
        "__doc__": function.__doc__,
        "__module__": function.__module__,
    }
    made = _class_of(_name(function), parts, type, role)()
    made.name = _name(function)
    return made


@overload
def tool(
    thing: Any, /, *, name: str = "", about: str = "", approve: bool = False, repeatable: bool = True
) -> Block: ...
@overload
def tool(
    thing: None = None, /, *, name: str = "", about: str = "", approve: bool = False, repeatable: bool = True
) -> Callable[[Plain], Block]: ...


def tool(
    thing: Any = None, /, *, name: str = "", about: str = "", approve: bool = False, repeatable: bool = True
) -> Any:
    """A function, a block or a foreign tool as a tool, also as a decorator: under another name, with other words.

    With `approve` the run of an agent pauses before each call of it and asks a person; the answer yes lets it be made.
    Raises ConfigError for what is no tool.
    """
    if thing is None:
        return functools.partial(tool, name=name, about=about, approve=approve, repeatable=repeatable)
    own = isinstance(thing, Block) or is_foreign(thing)
    made = as_block(thing, "tool") if own else block(thing, repeatable=repeatable)
    if isinstance(thing, Block) and (name or not repeatable):
        mend = "write tools={'name': block}; repeatable stands in its class"
        raise ConfigError(
            "a block has a name of its own, and says itself what may be repeated", where=made.name, mend=mend
        )
    made.name = name or made.name
    if about:
        made.about = about  # pyright: ignore[reportAttributeAccessIssue]
    made._approve = approve  # pyright: ignore
    return made


def as_block(thing: Any, what: str) -> Block:
    """The block itself, or the function, method, callable object or foreign tool as one.

    Raises ConfigError for anything else, called `what`.
    """
    if isinstance(thing, Block):
        if "serial" not in vars(thing):
            mend = "call super().__init__(**settings) at its beginning"
            raise ConfigError(f"the __init__ of {thing.__class__.__name__} did not call that of Block", mend=mend)
        return thing
    if is_foreign(thing):
        return ForeignTool(thing)
    if inspect.isclass(thing) or not callable(thing) or hasattr(thing, "state_dict"):
        shown = f"{thing!r:.80}" if "\n" not in repr(thing) else f"an object of {thing.__class__.__name__}"
        raise ConfigError(f"a {what} is a block or a function, not {shown}", mend=_mend(thing))
    return block(thing)


def called_after(block: Block) -> str:
    """How a node that nobody named is called: after the role of its block, or after its function."""
    return node_name(block.name) if isinstance(block, Function) else (block.role or block.name).lower()


def node_name(name: str) -> str:
    """The name as an edge can spell it."""
    return re.sub(r"[^\w-]+", "_", name)[:60] or "node"


def _mend(thing: Any) -> str:
    """How what is neither a block nor a function becomes one."""
    if _is_told(thing):
        return "that is what a model is told of a tool: give the function itself, whose schema is made of its types"
    if isinstance(thing, str):
        return f"give a typed function, or a block: ygg.load({thing!r})"
    if inspect.isclass(thing):
        return f"give an object, {thing.__name__}()"
    name = thing.__class__.__name__
    if isinstance(thing, list | tuple | dict):
        return "give one; several tools of a world's creator stand in ygg.Creator([…])"
    if hasattr(thing, "state_dict"):
        return "give a TorchBlock whose `build` makes it; to a block that stands there: graph[name].module = it"
    if name.endswith("Scheduler"):
        return (
            f"give ygg.Solver({name!r}, like=graph[name]), or to the solver that stands there its name as `scheduler`"
        )
    if hasattr(thing, "invoke"):
        return "give a typed function that calls its `invoke`"
    return "give a block or a typed function"


def _is_told(thing: object) -> bool:
    return isinstance(thing, dict) and not _SCHEMA.isdisjoint(cast("dict[str, Any]", thing))


def _class_of(name: str, parts: dict[str, Any], type_name: str, role: str) -> type[Function[..., Any]]:
    return new_class(name, (Function,), {"type": type_name, "role": role}, lambda space: space.update(parts))


def _plain(function: Plain) -> Plain:
    """An object that can be called, or a partial, as a function: of its class's name, with the hints of its call."""
    if inspect.isroutine(function):
        return cast(Plain, function)
    thing: Any = function
    whole, partial = inspect.signature(function), isinstance(thing, functools.partial)
    typed: Any = thing.func if partial else thing.__call__

    def called(*args: Any, **given: Any) -> Any:
        return thing(*args, **given)

    called.__name__ = _name(typed) if partial else thing.__class__.__name__.lower()
    called.__doc__ = typed.__doc__ if partial else thing.__class__.__doc__ or typed.__doc__
    called.__module__ = typed.__module__
    called.__wrapped__ = getattr(typed, "__func__", typed)  # pyright: ignore[reportFunctionMemberAccess]
    called.__signature__ = whole.replace(  # pyright: ignore[reportFunctionMemberAccess]
        parameters=[part for part in whole.parameters.values() if not _is_fixed(function, part)]
    )
    called.__annotations__ = dict(getattr(typed, "__annotations__", {}))
    return called


def _says_its_types(function: Plain) -> bool:
    """Whether it, or what it stands around, is written in Python: what is built in has no types, often no signature."""
    try:
        inspect.signature(function)
    except (TypeError, ValueError):
        return False
    inner = inspect.unwrap(function)
    return not (inspect.isbuiltin(inner) or inspect.ismethoddescriptor(inner))


def _is_fixed(function: Any, part: inspect.Parameter) -> bool:
    return isinstance(function, functools.partial) and part.name in function.keywords


def _name(function: Any) -> str:
    return getattr(function, "__name__", function.__class__.__name__)
