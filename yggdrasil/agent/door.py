"""The typed door of an agent: a call may say of what type its result is; the run behind it is that of any block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Literal, Unpack, cast, overload

from typing_extensions import TypeForm, TypeVar

from yggdrasil.agent.asked import NOTHING, Asked
from yggdrasil.agent.by_steps import steps
from yggdrasil.agent.kept_call import called_again, kept_call
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.one_call import OneCall, check_named, parted
from yggdrasil.agent.result_type import ResultType
from yggdrasil.contract import Block, Outputs, Stream, here, standing
from yggdrasil.contract.deps import DEPS
from yggdrasil.contract.events import USUAL, Event
from yggdrasil.contract.runs import bound

if TYPE_CHECKING:
    from pathlib import Path

    from yggdrasil.agent.typed_session import AgentSession

Words = Literal["own", "all"]
_ANSWERS = ("text", "partial")
T = TypeVar("T")
R = TypeVar("R", default=Any)
"""Of what the results are where a call asks for nothing else: what `Agent(…, result=…)` was told."""


class Answer(Outputs, Generic[T]):
    """What a run of an agent gave: `response` in words, `result` of the type that was asked for, `status`."""

    response: str
    result: T
    status: dict[str, Any]


class AnswerStream(Stream, Generic[T]):
    """The events of an agent's run; its outputs are the typed answer.

    Of the events `text` and `partial` it tells the agent's own: with `words="all"` also those of agents below it.
    """

    def __init__(self, block: Block, inputs: dict[str, Any], kind: ResultType | None, words: Words = "own") -> None:
        self._kind = kind
        above = here().path
        self._own = "" if words == "all" else f"{above}/{block.name}" if above else block.name
        super().__init__(block, inputs, USUAL)

    def __next__(self) -> Event:
        while self._of_others(event := super().__next__()):
            pass
        return event

    async def __anext__(self) -> Event:
        while self._of_others(event := await super().__anext__()):
            pass
        return event

    def _of_others(self, event: Event) -> bool:
        return event.kind in _ANSWERS and bool(self._own) and event.path != self._own

    @property
    def outputs(self) -> Answer[T]:
        """The answer; reads the stream to its end first. Raises what the run raised."""
        return answer_of(super().outputs, self._kind)

    async def result(self) -> Answer[T]:
        """The same without holding up the event loop."""
        return cast("Answer[T]", await super().result())


def answer_of(outputs: Outputs, kind: ResultType | None) -> Answer[Any]:
    """The outputs with the result as an instance of the type."""
    made: Answer[Any] = Answer(outputs)
    made.__dict__.update(outputs.__dict__)
    if kind is not None and made["status"]["state"] == "done":
        made["result"] = kind.returned(made["result"])
    return made


class TypedBlock(Block, Generic[R], init=False):
    """Runs that take `result` and what `OneCall` names beside their inputs, all for this call alone.

    `result`: a pydantic class, TypedDict, dataclass, plain type, `A | B`, a JSON schema, or a function whose arguments
    the model writes and whose return is the result. `validate`: a function of the result (or of the words) that may
    raise `Retry`. `deps`: anything; tools get it, no model sees it.
    """

    _by_hand: Asked = NOTHING
    if TYPE_CHECKING:
        limits: Limits

    @overload
    def run(self, prompt: str = ..., *, result: None = ..., **call: Unpack[OneCall]) -> Answer[R]: ...
    @overload
    def run(self, prompt: str = ..., *, result: type[T] | Callable[..., T], **call: Unpack[OneCall]) -> Answer[T]: ...
    @overload
    def run(self, prompt: str = ..., *, result: TypeForm[T], **call: Unpack[OneCall]) -> Answer[T]: ...
    @overload
    def run(self, prompt: str = ..., *, result: Any, **call: Unpack[OneCall]) -> Answer[Any]: ...
    def run(self, *args: Any, result: Any = None, **call: Any) -> Answer[Any]:
        """Answer once. Raises RefusedOutput for a result that stays wrong."""
        with self._asked(result, call) as (kind, inputs):
            return answer_of(super().run(*args, **inputs), kind)

    @overload
    def map(self, *, result: None = ..., **call: Any) -> list[Answer[R]]: ...
    @overload
    def map(self, *, result: type[T] | Callable[..., T], **call: Any) -> list[Answer[T]]: ...
    @overload
    def map(self, *, result: TypeForm[T], **call: Any) -> list[Answer[T]]: ...
    @overload
    def map(self, *, result: Any, **call: Any) -> list[Answer[Any]]: ...
    def map(self, *, result: Any = None, **call: Any) -> list[Answer[Any]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A run for each value of the inputs that are lists; `result` and what is set for one call are for all."""
        with self._asked(result, call) as (kind, inputs):
            return [answer_of(outputs, kind) for outputs in super().map(**inputs)]

    @overload
    def stream(
        self, prompt: str = ..., *, result: None = ..., words: Words = ..., **call: Unpack[OneCall]
    ) -> AnswerStream[R]: ...
    @overload
    def stream(
        self, prompt: str = ..., *, result: type[T] | Callable[..., T], words: Words = ..., **call: Unpack[OneCall]
    ) -> AnswerStream[T]: ...
    @overload
    def stream(
        self, prompt: str = ..., *, result: TypeForm[T], words: Words = ..., **call: Unpack[OneCall]
    ) -> AnswerStream[T]: ...
    @overload
    def stream(
        self, prompt: str = ..., *, result: Any, words: Words = ..., **call: Unpack[OneCall]
    ) -> AnswerStream[Any]: ...
    def stream(self, *args: Any, result: Any = None, words: Words = "own", **call: Any) -> AnswerStream[Any]:
        """The same in the background: iterate over the events by `for` or `async for`, then read `outputs`."""
        with self._asked(result, call) as (kind, inputs):
            return AnswerStream(self, bound(self, args, inputs), kind, words)

    @overload
    def steps(self, prompt: str = ..., *, result: None = ..., **call: Unpack[OneCall]) -> Iterator[Answer[R]]: ...
    @overload
    def steps(
        self, prompt: str = ..., *, result: type[T] | Callable[..., T], **call: Unpack[OneCall]
    ) -> Iterator[Answer[T]]: ...
    @overload
    def steps(self, prompt: str = ..., *, result: TypeForm[T], **call: Unpack[OneCall]) -> Iterator[Answer[T]]: ...
    @overload
    def steps(self, prompt: str = ..., *, result: Any, **call: Unpack[OneCall]) -> Iterator[Answer[Any]]: ...
    def steps(self, *args: Any, result: Any = None, **call: Any) -> Iterator[Answer[Any]]:
        """The run turn by turn: after each turn of the model, and the tools that it called, what it came to so far.

        `status["state"]` is `limit_reached` until the last one; who stops here may go on later by `run(more=…)`.
        """
        return cast("Iterator[Answer[Any]]", steps(self.run, self.limits, args, {**call, "result": result}))

    if TYPE_CHECKING:

        @overload
        async def arun(self, prompt: str = ..., *, result: None = ..., **call: Unpack[OneCall]) -> Answer[R]: ...
        @overload
        async def arun(
            self, prompt: str = ..., *, result: type[T] | Callable[..., T], **call: Unpack[OneCall]
        ) -> Answer[T]: ...
        @overload
        async def arun(self, prompt: str = ..., *, result: TypeForm[T], **call: Unpack[OneCall]) -> Answer[T]: ...
        @overload
        async def arun(self, prompt: str = ..., *, result: Any, **call: Unpack[OneCall]) -> Answer[Any]: ...
        async def arun(self, *args: Any, **call: Any) -> Answer[Any]: ...
        @overload
        def astream(
            self, prompt: str = ..., *, result: None = ..., words: Words = ..., **call: Unpack[OneCall]
        ) -> AnswerStream[R]: ...
        @overload
        def astream(
            self, prompt: str = ..., *, result: type[T] | Callable[..., T], words: Words = ..., **call: Unpack[OneCall]
        ) -> AnswerStream[T]: ...
        @overload
        def astream(
            self, prompt: str = ..., *, result: TypeForm[T], words: Words = ..., **call: Unpack[OneCall]
        ) -> AnswerStream[T]: ...
        @overload
        def astream(
            self, prompt: str = ..., *, result: Any, words: Words = ..., **call: Unpack[OneCall]
        ) -> AnswerStream[Any]: ...
        def astream(self, *args: Any, **call: Any) -> AnswerStream[Any]: ...
        def session(self, name: str, at: Path | str, *, adopt: bool = False, wait: float = 60.0) -> AgentSession[R]: ...

    def __call__(self, *args: Any, **inputs: Any) -> Any:
        """In a drawn graph: record a node. Elsewhere the same as `run`."""
        given = super().__call__(*args, **inputs)
        ran = isinstance(given, Outputs) and isinstance(given["status"], dict)
        return answer_of(given, self._by_hand.result) if ran else given

    @staticmethod
    def tool_outputs(given: Mapping[str, Any]) -> dict[str, Any]:
        """What another agent's model is told of its run: the answer alone, and how it ended where that is none."""
        answer = "response" if given["result"] is None else "result"
        return {name: given[name] for name in (answer, *(() if given["status"]["state"] == "done" else ("status",)))}

    def kept_call(self) -> dict[str, Any]:
        return kept_call(self._asked_here(), self._by_hand)

    def called_again(self, kept: dict[str, Any]) -> dict[str, Any]:
        return {asked_of(self): called_again(self._asked_here(), self._by_hand, kept, self.name)}

    def _asked_here(self) -> Asked:
        return here().shared.get(asked_of(self), self._by_hand)

    @contextmanager
    def _asked(self, result: Any, call: dict[str, Any]) -> Iterator[tuple[ResultType | None, dict[str, Any]]]:
        """What the call is asked for stands in the surroundings; gives the type of its result, and its inputs."""
        stepping = call.pop("stepping", 0)
        inputs, functions, changes = parted(call)
        check_named(self, inputs)
        validate, deps = inputs.pop("validate", None), inputs.pop("deps", None)
        result, inputs = _type_of_task(result, inputs)
        asked = self._by_hand.also(None if result is None else ResultType(result), validate)
        if functions or changes:
            asked = replace(asked.called(functions, changes), stepping=stepping)
        place = here()
        shared = place.shared if deps is None else {**place.shared, DEPS: deps}
        if asked is not self._by_hand:
            shared = {**shared, asked_of(self): asked}
        if shared is place.shared:
            yield asked.result, inputs
            return
        with standing(place.but(shared=shared)):
            yield asked.result, inputs


def _type_of_task(result: Any, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A Python type that stands as the schema of a task is the type of the call's result."""
    task = inputs.get("task")
    kind = cast(dict[str, Any], task).get("schema") if isinstance(task, Mapping) else None
    if kind is None or isinstance(kind, Mapping) or result is not None:
        return result, inputs
    rest = {name: part for name, part in cast(dict[str, Any], task).items() if name != "schema"}
    return cast(Any, kind), {**inputs, "task": rest}


def asked_of(block: Block) -> str:
    """Where in the surroundings stands what the next call of this block is asked for."""
    return f"agent.asked.{block.serial}"
