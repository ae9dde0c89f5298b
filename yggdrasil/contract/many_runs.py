"""One run a value: lists of inputs, each run exactly what a single one with its values would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from yggdrasil.contract.context import here, own_artifacts, standing
from yggdrasil.contract.errors import CONTROL, PortError
from yggdrasil.contract.ports import checked_inputs
from yggdrasil.contract.running import Outputs, outputs_of
from yggdrasil.contract.session import RunSession, Session

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block


def mapped(block: Block, inputs: Mapping[str, Any], *, return_exceptions: bool = False) -> list[Any]:
    """A run for each value of the inputs that are lists, in their order; what is no list is given to all.

    They run one after another, since a batch has other bytes than its parts. All inputs are checked before the first
    run. Each stands in a session of its own. With `return_exceptions` one that fails leaves its error in its place, and
    the rest go on. Raises PortError for lists of unequal length or none.
    """
    lists = {name: cast(list[Any], value) for name, value in inputs.items() if isinstance(value, list | tuple)}
    lengths = {name: len(value) for name, value in lists.items()}
    if not lists:
        mend = "give at least one input as a list, or call run"
        raise PortError("map was given no list", where=block.name, mend=mend)
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        mend = "give as many of each, or a single value for all runs"
        raise PortError(f"the lists are of unequal length: {told}", where=block.name, mend=mend)
    count = next(iter(lengths.values()))
    each = [{**inputs, **{name: value[number] for name, value in lists.items()}} for number in range(count)]
    ports = block.inputs
    for number, values in enumerate(each, 1):
        checked_inputs(ports, values, f"{block.name} (run {number} of {count})")
    outputs: list[Any] = []
    for number, values in enumerate(each, 1):
        try:
            outputs.append(_alone(block, values))
        except Exception as error:  # raised or kept: it says which run it was
            error.add_note(f"in run {number} of {count} of {block.name}.map")
            if isinstance(error, CONTROL) or not return_exceptions:
                raise
            outputs.append(error)
    return outputs


def _alone(block: Block, values: dict[str, Any]) -> Outputs:
    """A run that remembers nothing of another; what is large it puts where its caller's runs do."""
    place = here()
    own = RunSession(given=Session()).rooted(block)
    with standing(place.but(session=own, artifacts=own_artifacts(place, block))):
        return outputs_of(block, values)
