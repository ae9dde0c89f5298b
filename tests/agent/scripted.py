"""A language model that says what the test wrote down, and blocks that agents use as tools."""

from __future__ import annotations

import json
import time
from typing import Any

from yggdrasil.blocks.llm.abilities import LanguageModel, ToolCall, Turn, Usage
from yggdrasil.contract import Block, here
from yggdrasil.ports import Text


def says(text: str, finish: str = "stop", tokens: int = 5) -> Turn:
    return Turn(text, [], Usage(10, tokens), finish)


def calls(*wanted: tuple[str, str, Any]) -> Turn:
    """A turn that calls tools: (id, name, arguments)."""
    written: list[Any] = [a if a is None or isinstance(a, str) else json.dumps(a) for _, _, a in wanted]
    made = [ToolCall(i, n, text) for (i, n, _), text in zip(wanted, written, strict=True)]
    return Turn("", made, Usage(10, 5), "tool_calls")


class Scripted(LanguageModel, type="test/scripted"):
    """Its n-th turn in a conversation is the n-th that was written down, or the last one.

    `native` says whether it calls tools by itself.
    """

    native: bool = True

    def __init__(self, turns: list[Turn] | None = None, **config: Any) -> None:
        super().__init__(**config)
        self.turns = turns or [says("ok")]
        self.seen: list[dict[str, Any]] = []

    def calls_tools(self) -> bool:
        return self.native

    def chat(self, messages: Any, *, tools: Any = None, schema: Any = None, **rest: Any) -> Turn:
        self.seen.append({"messages": json.loads(json.dumps(messages)), "tools": tools, "schema": schema, **rest})
        said = sum(message["role"] == "assistant" for message in messages)
        turn = self.turns[min(said, len(self.turns) - 1)]
        here().token(turn.text)
        return turn


class Fails(Block, type="test/fails", role="Tool"):
    """Fail."""

    message: str = "boom"

    def forward(self) -> Text:
        raise ValueError(self.message)


class Sleeps(Block, type="test/sleeps", role="Tool"):
    """Sleep until told to stop."""

    def forward(self) -> Text:
        for _ in range(200):
            time.sleep(0.02)
            here().check()
        return "slept"


class Fine(Block, type="test/fine", role="Tool"):
    """Say fine."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.runs = 0

    def forward(self) -> Text:
        self.runs += 1
        return "fine"


class Effect(Block, type="test/effect", role="Tool"):
    """Append a letter to a list that outlives the process, as a payment would."""

    def __init__(self, done: list[str] | None = None, **config: Any) -> None:
        super().__init__(**config)
        self.done = done if done is not None else []

    def forward(self, letter: Text) -> Text:
        self.done.append(letter)
        return f"did {letter}"
