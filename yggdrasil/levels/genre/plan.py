"""What a plan may call, told to whoever plans; and a plan as its tools take it: looks, style, pictures made before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.bounds import bounds_of, in_words, letters_of, vocabularies
from yggdrasil.contract.kinds import IMAGE
from yggdrasil.contract.ports import Port
from yggdrasil.contract.tools import named_tools
from yggdrasil.contract.tree import walk
from yggdrasil.state.content import Content
from yggdrasil.state.task_context import stems

Schema = dict[str, Any]
Plan = dict[str, Any]
_BY_CODE = "seed"
"""What the world gives to a tool by itself."""
_BEFORE = "a picture made before, by its name as told, or by the slot of an earlier call of this plan"
_SAME = 0.5
"""The share of the words of a character's looks that a prompt holds if it tells them already."""


def tools_of(creator: Block) -> dict[str, Block]:
    """The tools of a Creator by the names that a plan calls; a plain one makes what its stage says."""
    making = (part for _, part in walk(creator) if part.type_name == "creator/make")
    body = next(making, None)
    return {getattr(creator, "tool", "paint"): creator.children()["body"]} if body is None else dict(body.children())


def schemas_of(tools: Mapping[str, Block]) -> list[Schema]:
    """Each tool as a plan may call it: its ports but the seed, and what it says that it cannot take."""
    named = named_tools(tools).values()
    return [_told(name, tool.block, tool.schema()["function"]) for name, tool in zip(tools, named, strict=True)]


def _told(name: str, tool: Block, function: Schema) -> Schema:
    parameters = function["parameters"]
    known = {key: part for key, part in parameters["properties"].items() if key != _BY_CODE}
    shown = {key: {**part, "description": _BEFORE} if _is_picture(tool, key) else part for key, part in known.items()}
    required = [key for key in parameters.get("required", []) if key != _BY_CODE]
    about = " ".join(part for part in (function.get("description"), in_words(bounds_of(tool))) if part)
    made = {**function, "name": name, "parameters": {**parameters, "properties": shown, "required": required}}
    return {**made, "letters": letters_of(bounds_of(tool)), **({"description": about} if about else {})}


def calls_of(tools: Sequence[Schema]) -> Schema:
    """The schema of a plan as a list of calls of these tools, as `schemas_of` tells them."""
    return {"type": "array", "items": {"anyOf": [_call(tool) for tool in tools]}, "minItems": 1}


def _call(tool: Schema) -> Schema:
    slot = {"type": "string", "minLength": 1, "description": "a short name for what is made, such as picture"}
    parts = {"slot": slot, "tool": {"const": tool["name"]}, "arguments": tool["parameters"]}
    about = {"description": tool["description"]} if tool.get("description") else {}
    return {
        "type": "object", "properties": parts, "required": list(parts), "additionalProperties": False, **about,
    }  # fmt: skip


def own_calls(creator: Block, tool: str) -> Schema | None:
    """How the Creator's tools are called; None where it plans by itself, or only paints a prompt by the name `tool`."""
    body = creator.children()["body"]
    if body.type_name != "creator/make" and {"plan", "task", "state", "context"} & body.inputs.keys():
        return None
    tools = tools_of(creator)
    needed = {name for known in tools.values() for name, port in known.inputs.items() if port.required}
    if not tools or (set(tools) == {tool} and "prompt" in tools[tool].inputs and needed <= {"prompt", _BY_CODE}):
        return None
    return calls_of(schemas_of(tools))


def take_pictures(tools: Mapping[str, Block]) -> bool:
    """Whether one of the tools takes a picture."""
    return any(_is_picture(tool, name) for tool in tools.values() for name in tool.inputs)


def _is_picture(tool: Block, name: str) -> bool:
    port = tool.inputs.get(name)
    return port is not None and port.kind.form is IMAGE.form and not port.kind.of


def completed(
    plan: Plan, tools: Mapping[str, Block], content: Content, style: str, pictures: Mapping[str, Any]
) -> Plan:
    """The plan with the sha256 of every picture that it names, and with what a painter that knows any word must know
    besides: how those look whom a prompt names, and the world's style."""
    return {
        slot: {**call, "arguments": _arguments(tools[call["tool"]], call["arguments"], content, style, pictures)}
        if call["tool"] in tools
        else call
        for slot, call in plan.items()
    }


def _arguments(
    tool: Block, given: Mapping[str, Any], content: Content, style: str, pictures: Mapping[str, Any]
) -> dict[str, Any]:
    made = {
        name: pictures[value]["sha256"]
        if isinstance(value, str) and value in pictures and _is_picture(tool, name)
        else value
        for name, value in given.items()
    }
    prompt = made.get("prompt")
    if not isinstance(prompt, str) or vocabularies(bounds_of(tool)):
        return made
    if _takes_text(tool, "style"):
        made.setdefault("style", style)
        style = ""
    return {**made, "prompt": shown(prompt, content, style)}


def _takes_text(tool: Block, name: str) -> bool:
    port: Port | None = tool.inputs.get(name)
    return port is not None and port.kind.name == "text"


def shown(prompt: str, content: Content, style: str) -> str:
    """The prompt, and behind it what it does not say yet: how those look whom it names, and the style."""
    said = stems(prompt)
    looks = [f"{who.name}: {who.looks}" for who in content.characters if who.looks and stems(who.name) & said]
    missing = [look for look in looks if not _tells(said, look)]
    if style and not _tells(said, style):
        missing.append(style)
    return ". ".join([prompt.strip().rstrip("."), *missing]) if missing else prompt


def _tells(said: set[str], words: str) -> bool:
    own = stems(words.partition(": ")[2] or words)
    return len(own & said) >= _SAME * len(own)
