"""The typed door of an agent: a call may say of what type its result is; the run behind it is that of any block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypedDict, Unpack, cast, overload

from typing_extensions import TypeVar

from yggdrasil.agent.asked import NOTHING, Asked, Check
from yggdrasil.agent.result_type import ResultType
from yggdrasil.contract import Block, Outputs, Stream, here, standing
from yggdrasil.contract.deps import DEPS
from yggdrasil.contract.events import USUAL
from yggdrasil.contract.runs import bound

T = TypeVar("T")
R = TypeVar("R", default=Any)
"""Of what the results are where a call asks for nothing else: what `Agent(…, result=…)` was told."""


class Answer(Outputs, Generic[T]):
    """What a run of an agent gave: `response` in words, `result` of the type that was asked for, `status`."""

    response: str
    result: T
    status: dict[str, Any]


class AnswerStream(Stream, Generic[T]):
    """The events of an agent's run; its outputs are the typed answer."""

    def __init__(self, block: Block, inputs: dict[str, Any], kind: ResultType | None) -> None:
        self._kind = kind
        super().__init__(block, inputs, USUAL)

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


class Inputs(TypedDict, total=False):
    """What a call of an agent takes by name, beside its prompt."""

    task: Any
    more: int
    pictures: Any
    sounds: Any
    messages: Any


class TypedBlock(Block, Generic[R], init=False):
    """Runs that take `result`, `validate` and `deps` beside their inputs, all three for this call alone.

    `result`: a pydantic class, TypedDict, dataclass, plain type, `A | B`, a JSON schema, or a function whose arguments
    the model writes and whose return is the result. `validate`: a function of the result (or of the words) that may
    raise `Retry`. `deps`: anything; tools get it, no model sees it.
    """

    _by_hand: Asked = NOTHING

    @overload
    def run(
        self,
        prompt: Any = ...,
        *,
        result: type[T] | Callable[..., T],
        validate: Check | None = ...,
        deps: Any = ...,
        **inputs: Unpack[Inputs],
    ) -> Answer[T]: ...
    @overload
    def run(
        self,
        prompt: Any = ...,
        *,
        result: None = ...,
        validate: Check | None = ...,
        deps: Any = ...,
        **inputs: Unpack[Inputs],
    ) -> Answer[R]: ...
    @overload
    def run(
        self, prompt: Any = ..., *, result: Any, validate: Check | None = ..., deps: Any = ..., **inputs: Unpack[Inputs]
    ) -> Answer[Any]: ...
    def run(
        self, *args: Any, result: Any = None, validate: Check | None = None, deps: Any = None, **inputs: Any
    ) -> Answer[Any]:
        """Answer once. Raises RefusedOutput for a result that stays wrong."""
        result, inputs = _type_of_task(result, inputs)
        with self._asked(result, validate, deps) as kind:
            return answer_of(super().run(*args, **inputs), kind)

    @overload
    def stream(
        self,
        prompt: Any = ...,
        *,
        result: type[T] | Callable[..., T],
        validate: Check | None = ...,
        deps: Any = ...,
        **inputs: Unpack[Inputs],
    ) -> AnswerStream[T]: ...
    @overload
    def stream(
        self,
        prompt: Any = ...,
        *,
        result: None = ...,
        validate: Check | None = ...,
        deps: Any = ...,
        **inputs: Unpack[Inputs],
    ) -> AnswerStream[R]: ...
    @overload
    def stream(
        self, prompt: Any = ..., *, result: Any, validate: Check | None = ..., deps: Any = ..., **inputs: Unpack[Inputs]
    ) -> AnswerStream[Any]: ...
    def stream(
        self, *args: Any, result: Any = None, validate: Check | None = None, deps: Any = None, **inputs: Any
    ) -> AnswerStream[Any]:
        """The same in the background: iterate over the events by `for` or `async for`, then read `outputs`."""
        result, inputs = _type_of_task(result, inputs)
        with self._asked(result, validate, deps) as kind:
            return AnswerStream(self, bound(self, args, inputs), kind)

    if TYPE_CHECKING:

        @overload
        async def arun(
            self,
            prompt: Any = ...,
            *,
            result: type[T] | Callable[..., T],
            validate: Check | None = ...,
            deps: Any = ...,
            **inputs: Unpack[Inputs],
        ) -> Answer[T]: ...
        @overload
        async def arun(
            self,
            prompt: Any = ...,
            *,
            result: None = ...,
            validate: Check | None = ...,
            deps: Any = ...,
            **inputs: Unpack[Inputs],
        ) -> Answer[R]: ...
        @overload
        async def arun(
            self,
            prompt: Any = ...,
            *,
            result: Any,
            validate: Check | None = ...,
            deps: Any = ...,
            **inputs: Unpack[Inputs],
        ) -> Answer[Any]: ...
        async def arun(self, *args: Any, **inputs: Any) -> Answer[Any]: ...
        @overload
        def astream(
            self,
            prompt: Any = ...,
            *,
            result: type[T] | Callable[..., T],
            validate: Check | None = ...,
            deps: Any = ...,
            **inputs: Unpack[Inputs],
        ) -> AnswerStream[T]: ...
        @overload
        def astream(
            self,
            prompt: Any = ...,
            *,
            result: None = ...,
            validate: Check | None = ...,
            deps: Any = ...,
            **inputs: Unpack[Inputs],
        ) -> AnswerStream[R]: ...
        @overload
        def astream(
            self,
            prompt: Any = ...,
            *,
            result: Any,
            validate: Check | None = ...,
            deps: Any = ...,
            **inputs: Unpack[Inputs],
        ) -> AnswerStream[Any]: ...
        def astream(self, *args: Any, **inputs: Any) -> AnswerStream[Any]: ...

    def __call__(self, *args: Any, **inputs: Any) -> Any:
        """In a drawn graph: record a node. Elsewhere the same as `run`."""
        given = super().__call__(*args, **inputs)
        ran = isinstance(given, Outputs) and isinstance(given["status"], dict)
        return answer_of(given, self._by_hand.result) if ran else given

    @contextmanager
    def _asked(self, result: Any, validate: Check | None, deps: Any) -> Iterator[ResultType | None]:
        asked = self._by_hand.also(None if result is None else ResultType(result), validate)
        place = here()
        shared = place.shared if deps is None else {**place.shared, DEPS: deps}
        if asked is not self._by_hand:
            shared = {**shared, asked_of(self): asked}
        if shared is place.shared:
            yield asked.result
            return
        with standing(place.but(shared=shared)):
            yield asked.result


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
