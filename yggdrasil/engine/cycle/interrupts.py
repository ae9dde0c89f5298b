"""Carrying an interrupt of a graph below past the graph that runs it, which would swallow it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

_TASK = "During task with name "
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
    """Raise here what `carried` carried past the graph that runs inside, and any other error without its notes.

    langgraph writes the name and id of a task of its own into each error, which means nothing to who reads it.
    """
    try:
        yield
    except _Through as through:
        raise through.error from None
    except BaseException as error:
        notes = [note for note in getattr(error, "__notes__", ()) if not note.startswith(_TASK)]
        if hasattr(error, "__notes__"):
            error.__notes__ = notes
        raise
