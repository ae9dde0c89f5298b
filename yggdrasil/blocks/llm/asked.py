"""What a block of role LLM is asked through the ports that it has, whoever wrote it."""

from __future__ import annotations

import json
from typing import Any

from yggdrasil.contract import Block


def is_llm(block: Any) -> bool:
    """Whether it is a block of role LLM that turns messages into text."""
    return isinstance(block, Block) and block.role == "LLM" and "messages" in block.inputs and "text" in block.outputs


def calls_tools(block: Block) -> bool:
    """Whether it calls tools by itself: as the block says, by its config or a probe, else if it has the ports."""
    ask = getattr(block, "calls_tools", None)
    ports = "tools" in block.inputs and "tool_calls" in block.outputs
    return ports and (bool(ask()) if ask is not None else True)


def inputs_of(block: Block, messages: list[dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    """Those of `tools`, `schema`, `max_tokens` … that it has ports for; one that no port takes is told in words."""
    ports = block.inputs
    if asked.get("schema") is not None and "schema" not in ports:
        messages = _told(messages, asked["schema"])
    return {"messages": messages, **{n: value for n, value in asked.items() if value is not None and n in ports}}


def _told(messages: list[dict[str, Any]], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """For a model that cannot be bound: the schema in words."""
    text = f"Answer with one JSON object of this schema and nothing else: {json.dumps(schema, ensure_ascii=False)}"
    last = messages[-1] if messages else {}
    if last.get("role") != "user":
        return [*messages, {"role": "user", "content": text}]
    said = last["content"]
    more = f"{said}\n{text}" if isinstance(said, str) else [*said, {"type": "text", "text": text}]
    return [*messages[:-1], {**last, "content": more}]
