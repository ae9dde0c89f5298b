"""A stage asks a person: the run pauses, and goes on from the same place when the answer is there."""

from __future__ import annotations

from typing import Any, NoReturn

from yggdrasil.contract.context import here
from yggdrasil.contract.errors import Paused


def ask(question: str, *, id: str) -> Any:
    """The answer to `question`, known by `id` within its stage. Raises Paused until it is given.

    When it is, the stage runs again from its top: whatever acts upon the outside stands behind `here().once`.
    """

    def wait() -> NoReturn:
        raise Paused(question, id=id, where=here().path)

    return here().once("ask", {"id": id, "ask": question}, wait)
