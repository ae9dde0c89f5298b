"""A durable session of an agent, typed as the agent's own runs are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Unpack, overload

from typing_extensions import TypeForm, TypeVar

from yggdrasil.contract.durable import DurableSession

if TYPE_CHECKING:
    from yggdrasil.agent.door import Answer, AnswerStream, Words
    from yggdrasil.agent.one_call import OneCall

T = TypeVar("T")
R = TypeVar("R", default=Any)


class AgentSession(DurableSession, Protocol[R]):
    """A conversation with an agent that outlives the process: its turns take and give what the agent's runs do."""

    @overload
    def run(self, prompt: str = ..., *, result: None = ..., **call: Unpack[OneCall]) -> Answer[R]: ...
    @overload
    def run(self, prompt: str = ..., *, result: type[T] | Callable[..., T], **call: Unpack[OneCall]) -> Answer[T]: ...
    @overload
    def run(self, prompt: str = ..., *, result: TypeForm[T], **call: Unpack[OneCall]) -> Answer[T]: ...
    @overload
    def run(self, prompt: str = ..., *, result: Any, **call: Unpack[OneCall]) -> Answer[Any]: ...
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
    def answer(self, value: Any, id: str = "", *, go_on: bool = True, **more: Any) -> Answer[Any] | None: ...
    def resume(self, **more: Any) -> Answer[Any]: ...
    def fork(self, name: str, at: int | None = None) -> AgentSession[R]: ...
