"""Whether a model calls tools by its own template: found out once, by asking it to."""

from __future__ import annotations

from yggdrasil.blocks.llm.abilities import LanguageModel

_TOOL = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Tell the time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
_ASK = [{"role": "user", "content": "What time is it in Oslo? Use the tool."}]


def calls_tool(llm: LanguageModel) -> bool:
    """One small turn with a tool that is due. Raises what the model's turn raises."""
    turn = llm.chat(_ASK, tools=[_TOOL], max_tokens=48, temperature=0.0)
    return any(call.name == "get_time" and "Oslo" in call.arguments for call in turn.tool_calls)
