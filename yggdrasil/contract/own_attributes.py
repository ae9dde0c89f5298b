"""Which attributes a block may get: those that its class declares, and those that its own code sets."""

from __future__ import annotations

import inspect
import sys
from contextvars import ContextVar
from difflib import get_close_matches
from types import FrameType
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.config import config_model
from yggdrasil.contract.errors import ConfigError, did_you_mean
from yggdrasil.contract.foreign_names import done_here

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block

    class Part(Block):
        """A block of a class that a type checker cannot know: what is set on it is judged when it is set."""

        def __setattr__(self, name: str, value: Any) -> None: ...


_NEAR, _MODULE = 0.85, "torch.nn.modules.module.Module"
_looking = ContextVar("yggdrasil_looking_for_parts", default=False)
TOLD = ("about", "bounds")
"""What anybody may tell of any block: a model that calls it reads the one instead of its docstring, and then what it
cannot take."""
_WORDS = ("about", "name")


class NoAttribute(ConfigError, AttributeError):
    """A block was asked for an attribute that it does not have."""


def absent(block: Block, name: str) -> Any:
    """Say of an attribute that is not there that it was never made, or how what others call so is done here.

    Raises NoAttribute; for a property that has failed, its own error.
    """
    cls, known = block.__class__, vars(block)
    if made := next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None):
        return made.__get__(block, cls)
    if name.startswith("_"):
        raise AttributeError(name)
    what, mend = f"has no {name!r}", ""
    if "serial" not in known:
        what = f"the __init__ of {cls.__name__} did not call that of {cls.__mro__[1].__name__}"
        mend = "call super().__init__(**settings) at its beginning"
    else:
        mend = _instead(block, name)
    error = NoAttribute(what, where=known.get("name", cls.__name__), mend=mend)
    error.name, error.obj = name, block  # by these Python looks for a near name where the error is shown
    raise error


def _instead(block: Block, name: str) -> str:
    """How the block does what elsewhere an attribute of this name does; one that is half made has no parts yet."""
    if _looking.get():
        return ""
    token = _looking.set(True)
    try:
        return done_here(name, block.children(), lambda own: hasattr(block, own))
    except Exception:  # whatever `children` of a half made block meets, the attribute is what was asked for
        return done_here(name)
    finally:
        _looking.reset(token)


def refuse_strange(block: Block, name: str) -> None:
    """Refuse a new attribute that looks like a setting and would change nothing.

    That is one whose name is nearly that of a setting, and any that is set from outside of the block.
    """
    cls = block.__class__
    if name in TOLD or any(name in inspect.get_annotations(base) for base in cls.__mro__):
        return
    fields = config_model(cls).model_fields
    near = get_close_matches(name, fields, n=1, cutoff=_NEAR)
    if near:
        mend = f"did you mean {near[0]!r}? An attribute of a like name is declared in the class body"
    elif _sets_itself(block, sys._getframe(1)):  # pyright: ignore[reportPrivateUsage]
        return
    elif name in block.children():
        mend = f"it is a part, put another in its place: {block.name}[{name!r}] = block"
    else:
        mend = _mend(block, name)
    raise ConfigError(f"there is no setting {name!r}", where=cls.type_name or cls.__name__, mend=mend)


def check_written(cls: type[Block]) -> None:
    """Refuse a class that is written as torch's modules are: a block has a module, and is called through `forward`."""
    if any(f"{base.__module__}.{base.__qualname__}" == _MODULE for base in cls.__mro__):
        mend = "derive from ygg.TorchBlock alone, whose `build` makes the module"
        raise ConfigError("a block is no module of torch", where=cls.__qualname__, mend=mend)
    own = inspect.signature(cls.__call__).parameters.values() if "__call__" in vars(cls) else ()
    if "forward" not in vars(cls) and any(part.kind is part.POSITIONAL_OR_KEYWORD for part in [*own][1:]):
        raise ConfigError("calls are made through `forward`", where=cls.__qualname__, mend="rename __call__ to forward")


def check_own(block: Block, name: str, value: object) -> None:
    """Refuse what is no text where a block has a text, and any value over what its class computes or does."""
    if name in vars(block) and name not in _WORDS:
        return
    where = f"{block.type_name or block.__class__.__name__}.{name}"
    if name in _WORDS and not isinstance(value, str):
        raise ConfigError(f"takes a text, not {value!r:.80}", where=where, mend=f'write {name} = "…"')
    part = inspect.getattr_static(block.__class__, name, None)
    if isinstance(part, property) and part.fset is None:
        raise ConfigError("is only read: the block says it itself", where=where, mend=_mend(block, name))
    if inspect.isfunction(part) and not callable(value):
        raise ConfigError(f"is what the block does, and cannot be {value!r:.80}", where=where, mend=_mend(block, name))


def _mend(block: Block, name: str) -> str:
    return f"set a setting; what is none, a block sets in its own code: {did_you_mean(name, _settable(block))}"


def _settable(block: Block) -> set[str]:
    """The names that anybody may give another value: settings, words, and what the class has a setter for."""
    cls = block.__class__
    set_by = [
        (n, getattr(part, "fset", part)) for n, part in inspect.getmembers_static(cls) if hasattr(part, "__set__")
    ]
    return {*config_model(cls).model_fields, *_WORDS, *(name for name, setter in set_by if setter and name[0] != "_")}


def _sets_itself(block: Block, frame: FrameType | None) -> bool:
    """Whether the code that sets an attribute is a method of the block, a part of one, or of its class."""
    while frame is not None and frame.f_code.co_name == "__setattr__":
        frame = frame.f_back
    if frame is None:
        return False
    code, known = frame.f_code, frame.f_locals
    owner = known.get(code.co_varnames[0]) if code.co_argcount else known.get("self")
    return owner is block or known.get("self") is block or (isinstance(owner, type) and isinstance(block, owner))
