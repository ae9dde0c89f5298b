"""What an agent's turn costs without its model: a tool call and an answer, beside pydantic-ai and LangGraph's agent.

pip install "yggdrasill[bench]"; python -m benchmarks.agents_turn langgraph pydantic_ai tokens
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import yggdrasil as ygg
from benchmarks.pairs import Row, main, timed
from yggdrasil.blocks.llm.language_model import LanguageModel, RequestedCall, Turn, Usage

RUNS = 100
TOKENS = 2000


class Scripted(LanguageModel, init=False):
    """Calls the tool, then answers."""

    def calls_tools(self) -> bool:
        return True

    def chat(self, messages: Any, **asked: Any) -> Turn:
        if messages[-1]["role"] == "tool":
            return Turn("It is 5.", [], Usage(10, 5), "stop")
        return Turn("", [RequestedCall("c1", "add", '{"a": 2, "b": 3}')], Usage(10, 5), "tool_calls")


class Talks(LanguageModel, init=False):
    """Says many words."""

    def chat(self, messages: Any, **asked: Any) -> Turn:
        say = ygg.here().token
        for _ in range(TOKENS):
            say("word ")
        return Turn("word " * TOKENS, [], Usage(10, TOKENS), "stop")


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def often(work: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: [work() for _ in range(RUNS)]


def ours() -> Callable[[], Any]:
    agent = ygg.Agent(Scripted(), [add])

    def work() -> Any:
        with ygg.session():
            return agent.run("What is 2 + 3?")

    assert work().response == "It is 5."
    return often(work)


def of_langgraph() -> Callable[[], Any]:
    """LangGraph's prebuilt agent with a scripted chat model."""
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Model(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "scripted"

        def bind_tools(self, tools: Any, **rest: Any) -> Any:
            return self

        def _generate(self, messages: Any, *args: Any, **rest: Any) -> ChatResult:
            calls: Any = [{"name": "add", "args": {"a": 2, "b": 3}, "id": "c1", "type": "tool_call"}]
            done = isinstance(messages[-1], ToolMessage)
            said = AIMessage("It is 5.") if done else AIMessage("", tool_calls=calls)
            return ChatResult(generations=[ChatGeneration(message=said)])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langgraph.prebuilt import create_react_agent

        agent: Any = create_react_agent(Model(), [add])

    def work() -> Any:
        return agent.invoke({"messages": [HumanMessage("What is 2 + 3?")]})

    assert work()["messages"][-1].content == "It is 5."
    return often(work)


def of_pydantic_ai() -> Callable[[], Any]:
    """pydantic-ai's agent with a function for a model."""
    from importlib import import_module

    parts: Any = import_module("pydantic_ai.messages")
    agents: Any = import_module("pydantic_ai")
    models: Any = import_module("pydantic_ai.models.function")

    def said(messages: Any, info: Any) -> Any:
        done = any(isinstance(part, parts.ToolReturnPart) for part in messages[-1].parts)
        part = parts.TextPart("It is 5.") if done else parts.ToolCallPart("add", {"a": 2, "b": 3}, "c1")
        return parts.ModelResponse([part])

    agent = agents.Agent(models.FunctionModel(said), tools=[add])

    def work() -> Any:
        return agent.run_sync("What is 2 + 3?")

    assert work().output == "It is 5."
    return often(work)


def _beside(name: str, peer: Callable[[], Any]) -> Iterator[Row]:
    pairs = timed(ours(), peer)
    yield Row(f"agent-turn-{name}", tuple((a / RUNS, b / RUNS) for a, b in pairs), 0.5)


def beside_langgraph() -> Iterator[Row]:
    yield from _beside("langgraph", of_langgraph())


def beside_pydantic_ai() -> Iterator[Row]:
    yield from _beside("pydantic-ai", of_pydantic_ai())


def tokens() -> Iterator[Row]:
    """A token passed on to who reads the answer's words, beside 20 µs."""
    agent = ygg.Agent(Talks())

    def work() -> Any:
        with ygg.session():
            return sum(event.kind == "text" for event in agent.stream("Talk."))

    pairs = timed(work, work)
    yield Row("agent-token", tuple((a / TOKENS, 20e-6) for a, _ in pairs), 1.0)


if __name__ == "__main__":
    main({"langgraph": beside_langgraph, "pydantic_ai": beside_pydantic_ai, "tokens": tokens})
