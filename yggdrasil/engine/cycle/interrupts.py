"""Carrying an interrupt of a graph below past the graph that runs it, which would swallow it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")


class _Through(BaseException):
    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__()


def carried(work: Callable[[], Result]) -> Result:
    """What `work` gives; called by a node of a graph that runs inside `surfacing`."""
    from langgraph.errors import GraphBubbleUp

    try:
        return work()
    except GraphBubbleUp as error:
        raise _Through(error) from None


@contextmanager
def surfacing() -> Generator[None]:
    """Raise here what `carried` carried past the graph that runs inside."""
    try:
        yield
    except _Through as through:
        raise through.error from None
