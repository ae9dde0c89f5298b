"""How large a language model is, as its files say."""

from __future__ import annotations

from yggdrasil.contract.block import Block
from yggdrasil.contract.weights import numbers_of


def parameters_in(block: Block) -> int | None:
    """How many parameters the files of a block hold, by their headers; None if it has none, or not on this machine."""
    paths = [ref.path for ref in block.pieces().values()]
    known = [path for path in paths if path is not None and path.is_file()]
    return sum(map(numbers_of, known)) if known and len(known) == len(paths) else None
