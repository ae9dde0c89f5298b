"""Whether a model calls tools by its own template: found out once, by asking it to."""

from __future__ import annotations

from typing import Any

from yggdrasil.contract import Block, here
from yggdrasil.contract.running import perform

_TOOL = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Tell the time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
_ASK = [{"role": "user", "content": "What time is it in Oslo? Use the tool."}]


def calls_tool(llm: Block) -> bool:
    """One small turn with a tool that is due; a note says so if it does not. Raises what the model's turn raises.

    It is told and counted as every request is, but its words are not the answer that a reader waits for.
    """
    place = here().below("probe")
    if place.audience is not None:
        place.audience = place.audience.without("token")
    asked = {"messages": _ASK, "tools": [_TOOL], "max_tokens": 48, "temperature": 0.0}
    calls: list[Any] = perform(llm, asked, place, check=True)["tool_calls"]
    able = any(call["name"] == "get_time" and "Oslo" in call["arguments"] for call in calls)
    if not able:
        here().note("the model calls no tools by itself, so each turn is bound by a schema", "tools_in_words")
    return able
