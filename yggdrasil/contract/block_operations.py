"""Operations: what a block can do besides `forward`, with ports of their own, run by the one path like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from yggdrasil.contract.context import here
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.ports import Ports, input_ports, output_ports

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block

Method = TypeVar("Method", bound=Callable[..., Any])
_MARK = "__operation__"
_ports: dict[Any, tuple[Ports, Ports]] = {}


def operation(method: Method) -> Method:
    """Declare a method of a block an operation: its parameters are ports, as those of `forward` are."""
    setattr(method, _MARK, True)
    return method


def declared(block: Block, name: str) -> Any:
    """The method that declares the operation, in the block's class or one above it; None if there is none."""
    for cls in block.__class__.__mro__:
        method = vars(cls).get(name)
        if getattr(method, _MARK, False):
            return method
    return None


def operation_ports(block: Block, name: str) -> tuple[Ports, Ports]:
    """Inputs and outputs of an operation. Raises ConfigError if the block has none of that name."""
    method = declared(block, name)
    if method is None:
        mend = f"give it a method {name!r} under @operation, or another block"
        raise ConfigError(f"{block.type_name or block.name!r} has no operation {name!r}", where=here().path, mend=mend)
    if method not in _ports:
        _ports[method] = (input_ports(method), output_ports(method))
    return _ports[method]


def operate(block: Block, name: str, at: str = "", /, **inputs: Any) -> Any:
    """Run an operation below here, under the block's name or `at`, with events and all; gives its only output bare.

    Raises ConfigError for an operation that the block does not have, else what the operation raises.
    """
    from yggdrasil.contract.running import perform

    outputs = perform(block, inputs, here().below(at or block.name), operation=name)
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs
