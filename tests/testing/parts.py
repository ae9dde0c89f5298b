"""The parts of a graph with what each was given in a run, so that every part can be checked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yggdrasil.contract import Block, Here, standing
from yggdrasil.contract.tree import walk


def parts_of(whole: Block, inputs: dict[str, Any]) -> list[tuple[Block, dict[str, Any]]]:
    """Each leaf of `whole` that a run with `inputs` calls, with the inputs of its first call."""
    given: dict[int, tuple[Block, dict[str, Any]]] = {}
    with _heard(whole, given), standing(Here(seed=7)):
        whole.run(**inputs)
    return list(given.values())


@contextmanager
def _heard(whole: Block, given: dict[int, tuple[Block, dict[str, Any]]]) -> Iterator[None]:
    leaves = [part for _, part in walk(whole) if not part.children()]
    for leaf in leaves:

        def forward(*, own: Any = leaf.forward, part: Block = leaf, **values: Any) -> Any:
            given.setdefault(id(part), (part, values))
            return own(**values)

        vars(leaf)["forward"] = forward
    try:
        yield
    finally:
        for leaf in leaves:
            del vars(leaf)["forward"]
