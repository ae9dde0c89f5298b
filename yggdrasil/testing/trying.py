"""A language model that tries everything: each tool once, by values made of its schema, then an answer."""

from __future__ import annotations

import json
from typing import Any

from yggdrasil.blocks.llm.language_model import LanguageModel, RequestedCall, Turn, Usage
from yggdrasil.contract import here

_WORD = "word"
_DEEPEST = 8


class TryingModel(LanguageModel):
    """Call every tool that is offered, all in the first turn, then answer `words`, or the least object of the schema:
    whether an agent's tools and types fit together is seen without a model and without writing down its turns."""

    words: str = "ok"

    def calls_tools(self) -> bool:
        return True

    def chat(self, messages: Any, *, tools: Any = None, schema: Any = None, **rest: Any) -> Turn:
        last = max((at for at, said in enumerate(messages) if said["role"] == "assistant"), default=0)
        answered = any(said["role"] == "tool" for said in messages[last:])
        functions = [] if answered else [tool["function"] for tool in tools or ()]
        if functions:
            made = [(function["name"], json.dumps(least(function["parameters"]))) for function in functions]
            calls = [RequestedCall(f"try_{number}", *call) for number, call in enumerate(made, 1)]
            return Turn("", calls, Usage(0, 0), "tool_calls")
        text = self.words if schema is None else json.dumps(least(schema))
        here().token(text)
        return Turn(text, [], Usage(0, 0), "stop")


def least(schema: dict[str, Any], whole: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """The least value of a JSON schema: what must be there and no more, each text a word."""
    whole = schema if whole is None else whole
    if "$ref" in schema:
        schema = _named(schema["$ref"], whole)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        plain = [option for option in options if option.get("type") == "null"] if depth > _DEEPEST else []
        return least((plain or options)[0], whole, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "null")
    if kind == "object":
        parts = schema.get("properties", {})
        return {name: least(parts.get(name, {}), whole, depth + 1) for name in schema.get("required", [])}
    if kind == "array":
        return [least(schema.get("items", {}), whole, depth + 1) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return _WORD.ljust(schema.get("minLength", 0), "s")[: schema.get("maxLength", None)]
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    return False if kind == "boolean" else None


def _named(reference: str, whole: dict[str, Any]) -> dict[str, Any]:
    """The part of the schema that a local reference names."""
    part = whole
    for step in reference.removeprefix("#").strip("/").split("/"):
        part = part[step] if step else part
    return part
