"""What a durable session of a block offers; the levels, which stand above, keep it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from yggdrasil.contract.running import Outputs
    from yggdrasil.contract.stream import Stream


class Question(Protocol):
    """What a turn waits for: its id, the words of the question, the place in the tree that asks."""

    @property
    def id(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def place(self) -> str: ...


class Turn(Protocol):
    """One run of a session as it is kept; inputs, outputs and pictures are read when they are asked for."""

    @property
    def number(self) -> int:
        """Turns count from 1."""
        ...

    @property
    def status(self) -> str:
        """`whole`, `dropped`, or how an open one stands: `paused`, `failed`, `cancelled`, `cut`."""
        ...

    @property
    def inputs(self) -> dict[str, Any]: ...
    @property
    def outputs(self) -> Outputs: ...
    @property
    def events(self) -> list[dict[str, Any]]:
        """Its tool calls, their results and the artifacts that it made, in order."""
        ...

    @property
    def when(self) -> datetime:
        """When it began, in UTC."""
        ...

    @property
    def seconds(self) -> float: ...
    @property
    def reason(self) -> str:
        """Why an unfinished turn stands where it does; '' for a whole one."""
        ...

    @property
    def changed(self) -> list[str]:
        """What was set otherwise in the block than at the turn before it."""
        ...


class DurableSession(Protocol):
    """A conversation with a block that outlives the process: each turn, effect and answer stands in a log."""

    @property
    def name(self) -> str: ...
    @property
    def folder(self) -> Path: ...

    def run(self, *args: Any, **inputs: Any) -> Outputs:
        """One turn, as `block.run` takes it. An unfinished turn of these very inputs is gone on with.

        Raises TurnOpen if a turn of other inputs is unfinished, Paused at a question, SessionBusy, and what the
        block raises.
        """
        ...

    def stream(self, *args: Any, **inputs: Any) -> Stream:
        """The same in the background, read event by event."""
        ...

    def astream(self, *args: Any, **inputs: Any) -> Stream:
        """The same, for `async for`."""
        ...

    async def arun(self, *args: Any, **inputs: Any) -> Outputs:
        """The same without holding up the event loop."""
        ...

    @property
    def waiting(self) -> Question | None:
        """The question that the unfinished turn waits for, the first if there are more; None if nobody asks."""
        ...

    @property
    def questions(self) -> list[Question]:
        """Every question that has no answer yet."""
        ...

    def answer(self, value: Any, id: str = "", *, go_on: bool = True, **more: Any) -> Outputs | None:
        """Answer the open question (`id` if there are more), then go on as `resume` does, unless `go_on` is false."""
        ...

    def resume(self, **more: Any) -> Outputs:
        """Go on with the unfinished turn; what stands in the journal is not done again.

        What its call was given beside the inputs holds again, as far as JSON keeps it; `more` is the rest: functions,
        tools, deps, a result's Python class. Raises PortError that names what is missing, before anything runs.
        """
        ...

    def drop(self) -> None:
        """Leave the unfinished turn out for good; the history keeps it as dropped, no memory does."""
        ...

    @property
    def unfinished(self) -> Turn | None: ...
    @property
    def history(self) -> list[Turn]:
        """Whole and dropped turns, oldest first."""
        ...

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation of an agent so far, with its whole turns; empty for a block that holds none."""
        ...

    @property
    def changed(self) -> list[str]:
        """What is set otherwise in the block now than at the last turn."""
        ...

    def fork(self, name: str, at: int | None = None) -> DurableSession:
        """Another session that shares the turns up to `at` (the last whole one) and copies nothing."""
        ...

    def replay(self) -> list[Turn]:
        """The turns out of the log, every digest and artifact checked, their events told again; nothing is called."""
        ...

    def verify(self) -> dict[str, int]:
        """The same, silently: how many turns and artifacts were checked. Raises ReplayError, ArtifactError."""
        ...

    def forget(self) -> None:
        """Delete the session; what its forks share stays for them."""
        ...

    def close(self) -> None:
        """Let go of the folder; the next use opens it again."""
        ...
