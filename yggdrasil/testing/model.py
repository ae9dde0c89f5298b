"""A language model that says what a test wrote down, so that an agent is tested without any model."""

from __future__ import annotations

import json
from typing import Any

from yggdrasil.blocks.llm.language_model import LanguageModel, RequestedCall, Turn, Usage
from yggdrasil.contract import here

READ = 10
"""Tokens that every scripted turn reads."""


def says(text: str, finish: str = "stop", tokens: int = 5) -> Turn:
    """A turn of words, which takes `tokens` to write; `finish` is "stop", "length" or "content_filter"."""
    return Turn(text, [], Usage(READ, tokens), finish)


def calls(*wanted: tuple[str, str, Any]) -> Turn:
    """A turn that calls tools: (id, name, arguments) each; arguments that are no text are written as JSON."""
    written: list[Any] = [a if a is None or isinstance(a, str) else json.dumps(a) for _, _, a in wanted]
    made = [RequestedCall(i, n, text) for (i, n, _), text in zip(wanted, written, strict=True)]
    return Turn("", made, Usage(READ, 5), "tool_calls")


class ScriptedModel(LanguageModel):
    """Its n-th turn in a conversation is the n-th that was written down, or the last; `seen` keeps what it was asked.

    `native` says whether it calls tools by itself. Subclass it with a `type` (and `init=False`) to save what holds it.
    """

    chooses = True

    native: bool = True

    def __init__(self, turns: list[Turn] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
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
