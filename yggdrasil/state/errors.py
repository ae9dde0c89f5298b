"""What can be wrong with a change to a world or with the state that asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from yggdrasil.contract.errors import YggError, did_you_mean


class OperationError(YggError):
    """An operation that the world's content does not admit; nothing was changed."""


class UnknownName(OperationError):
    """An operation names something that the world does not hold; `near` are its likeliest meanings."""

    def __init__(self, kind: str, name: str, known: Sequence[str], where: str) -> None:
        self.kind, self.name = kind, name
        self.near = get_close_matches(name, known, n=3, cutoff=0.5)
        mend = did_you_mean(name, known) if known else f"add the {kind} first"
        super().__init__(f"the world has no {kind} {name!r}", where=where, mend=mend)
