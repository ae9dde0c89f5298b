"""A durable turn of an agent that calls one tool, beside LangGraph's agent with its SQLite checkpointer."""

from __future__ import annotations

import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pairs import Row, main, timed
from yggdrasil import Agent
from yggdrasil.blocks.llm.language_model import LanguageModel, RequestedCall, Turn, Usage
from yggdrasil.contract import Block
from yggdrasil.ports import Text

SAID = "The weather in the village is calm, and the boats are out on the fjord since the morning."
PAIRS = 31


class Weather(Block, type="bench/weather", role="Tool"):
    """Tell the weather of a place."""

    def forward(self, place: Text) -> Text:
        return f"calm in {place}"


class Model(LanguageModel):
    """Calls the tool, then says what it was told."""

    def calls_tools(self) -> bool:
        return True

    def chat(self, messages: Any, **rest: Any) -> Turn:
        if messages[-1]["role"] == "tool":
            return Turn(SAID, [], Usage(10, 20), "stop")
        call = RequestedCall(f"call_{len(messages)}", "weather", '{"place": "Vik"}')
        return Turn("", [call], Usage(10, 5), "tool_calls")


def ours(folder: Path) -> Callable[[], Any]:
    chat = Agent(Model(), tools=[Weather()]).session("anna", folder)
    assert chat.run("How is the weather in Vik?").response == SAID
    return partial(chat.run, "How is the weather in Vik?")


def of_langgraph(folder: Path) -> Callable[[], Any]:
    """The same agent, model and tool, on the database settings that SqliteSaver makes for itself."""
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langgraph.prebuilt import create_react_agent

    saver: Any = import_module("langgraph.checkpoint.sqlite").SqliteSaver

    class Peer(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "scripted"

        def bind_tools(self, tools: Any, **rest: Any) -> Any:
            return self

        def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **rest: Any) -> Any:
            said = AIMessage(SAID)
            if messages[-1].type != "tool":
                wish = {"name": "weather", "args": {"place": "Vik"}, "id": f"call_{len(messages)}"}
                said = AIMessage("", tool_calls=[wish])
            return ChatResult(generations=[ChatGeneration(message=said)])

    def weather(place: str) -> str:
        """Tell the weather of a place."""
        return f"calm in {place}"

    connection = sqlite3.connect(folder / "peer.db", check_same_thread=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agent: Any = create_react_agent(Peer(), [weather], checkpointer=saver(connection))
    where = {"configurable": {"thread_id": "anna"}}
    asked = {"messages": [("user", "How is the weather in Vik?")]}
    assert agent.invoke(asked, where)["messages"][-1].content == SAID
    return partial(agent.invoke, asked, where)


def at_turn(number: int) -> Iterator[Row]:
    """Turns from `number` on, in seconds of the clock: what waits for the disk counts."""
    with TemporaryDirectory() as folder:
        mine, theirs = ours(Path(folder)), of_langgraph(Path(folder))
        for _ in range(number - 3):
            mine()
            theirs()
        yield Row(f"durable-turn-{number}", timed(mine, theirs, PAIRS, time.perf_counter), 0.7)


if __name__ == "__main__":
    main({f"turn-{number}": partial(at_turn, number) for number in (10, 200)})
