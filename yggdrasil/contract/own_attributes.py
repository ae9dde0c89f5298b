"""Which attributes a block may get: those that its class declares, and those that its own code sets."""

from __future__ import annotations

import inspect
import sys
from difflib import get_close_matches
from types import FrameType
from typing import TYPE_CHECKING

from yggdrasil.contract.config import config_model
from yggdrasil.contract.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block

_NEAR = 0.85
TOLD = ("about", "bounds")
"""What anybody may tell of any block: a model that calls it reads the one instead of its docstring, and then what it
cannot take."""


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
        mend = f"set a setting; what is none, a block sets in its own code: {did_you_mean(name, fields)}"
    raise ConfigError(f"there is no setting {name!r}", where=cls.type_name or cls.__name__, mend=mend)


def _sets_itself(block: Block, frame: FrameType | None) -> bool:
    """Whether the code that sets an attribute is a method of the block, a part of one, or of its class."""
    while frame is not None and frame.f_code.co_name == "__setattr__":
        frame = frame.f_back
    if frame is None:
        return False
    code, known = frame.f_code, frame.f_locals
    owner = known.get(code.co_varnames[0]) if code.co_argcount else known.get("self")
    return owner is block or known.get("self") is block or (isinstance(owner, type) and isinstance(block, owner))
