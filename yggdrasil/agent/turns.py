"""One turn of a model with tools: by its own tool calling where that works, else bound by a schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from yggdrasil.agent.model import AgentModel, Message
from yggdrasil.agent.pieces import in_words, joined, words_alone
from yggdrasil.agent.refusals import AnswerFiltered
from yggdrasil.agent.toolbox import AUTO, NONE, REQUIRED, Toolbox
from yggdrasil.agent.window import headed
from yggdrasil.blocks.llm.bounds import ended_at_words, roomy
from yggdrasil.blocks.llm.language_model import InvalidOutput, TruncatedOutput, parse_object
from yggdrasil.blocks.llm.unseen import without_senses
from yggdrasil.contract import derive_seed, here
from yggdrasil.contract.surrogates import whole_value
from yggdrasil.contract.tools import ArgumentError, parse_arguments

Schema = dict[str, Any]
_LONGEST = 400
_CHOICE = "tool"
_FORM_OF_CHOICE: Schema = {"type": "object", "properties": {_CHOICE: {"type": "string"}}, "required": [_CHOICE]}
_FORM_OF_ANSWER: Schema = {"properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOLS_HEAD = "You may use tools. Reply with one JSON object"
CONTENT_FILTER = "content_filter"
MAX_TOKENS = "max_tokens"
_CUTS = {"length": MAX_TOKENS, MAX_TOKENS: MAX_TOKENS, CONTENT_FILTER: CONTENT_FILTER}
"""Why a turn is not whole, by what endpoints call it."""


@dataclass(frozen=True)
class TurnRequest:
    """What a turn may give: tool calls (`call`), words or the answer (`answer`), and within which bounds."""

    toolbox: Toolbox
    call: bool = True
    answer: bool = True
    seed: int = 0
    max_tokens: int = 512
    temperature: float = 0.7
    choice: str = AUTO
    """`auto`, `required`, `none`, or the name of the tool that is to be called."""
    narrow: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Wire name → argument → the only values that make sense now; a tool that has none is not offered."""


def take_turn(model: AgentModel, messages: list[Message], ask: TurnRequest) -> dict[str, Any]:
    """One turn as JSON: `text`, `calls` (id, name, arguments as JSON text), `cut` (kind, limit) if it is not whole."""
    must, tools = ask.choice not in (AUTO, NONE), ask.toolbox if ask.call and ask.choice != NONE else None
    if tools and must:
        tools = tools if ask.choice == REQUIRED else tools.only([ask.choice])
        ask = replace(ask, toolbox=tools, answer=False)
    if tools and not model.calls_natively():
        return _bound(model, messages, ask)
    if tools and must and not model.chooses:
        return _bound(model, headed(messages, tool_notes(tools)), ask)
    turn = model.turn(
        readable(model, messages, ask.toolbox),
        tools=tools.schemas() if tools else None,
        tool_choice=REQUIRED if tools and must else None,
        max_tokens=ask.max_tokens,
        temperature=ask.temperature,
        seed=ask.seed,
    )
    calls = [{"id": c.id, "name": c.name, "arguments": c.arguments or ""} for c in turn.tool_calls]
    cut = _CUTS.get(turn.finish_reason)
    why = {"cut": {"kind": cut, "limit": ask.max_tokens if cut == MAX_TOKENS else 0}} if cut else {}
    return {"text": turn.text, "calls": calls if ask.call and ask.choice != NONE else [], **why}


def fill(
    model: AgentModel,
    messages: list[Message],
    schema: Schema,
    ask: TurnRequest,
    needed: Schema | None = None,
    *,
    told: bool = False,
    aloud: str = "result",
) -> dict[str, Any]:
    """An object of the schema. The same is asked once more: with twice the limit after a cut answer, with another
    seed after one that is beside the schema.

    `needed` is what the answer must obey where the schema asks for more than that. With `told` the caller tells the
    model what is wrong with an answer that is beside the schema, so it is not asked again here. Raises TruncatedOutput,
    InvalidOutput, AnswerFiltered.
    """
    needed = roomy(schema) if needed is None else needed
    shown = readable(model, messages, ask.toolbox)
    limit, seed = ask.max_tokens, ask.seed
    for last in (False, True):
        how = {"max_tokens": limit, "temperature": ask.temperature, "seed": seed}
        turn = model.turn(shown, aloud=aloud, schema=roomy(schema), **how)
        if turn.finish_reason == CONTENT_FILTER:
            raise AnswerFiltered(turn.text, here().path)
        try:
            return ended_at_words(parse_object(turn, limit, needed), schema, strict=False)
        except (TruncatedOutput, InvalidOutput) as problem:
            if last or (told and isinstance(problem, InvalidOutput)):
                raise
            limit *= 2 if isinstance(problem, TruncatedOutput) else 1
            seed = seed if isinstance(problem, TruncatedOutput) else derive_seed(seed, "again")
            here().note(f"{problem.what}; asked again with {limit} tokens")
    raise AssertionError


def plain_value(text: str) -> Any:
    """What a model wrote as JSON; a text that is none stays as it is."""
    try:
        return whole_value(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _bound(model: AgentModel, messages: list[Message], ask: TurnRequest) -> dict[str, Any]:
    answer = _answer_name(ask.toolbox)
    functions = [schema["function"] for schema in ask.toolbox.schemas()]
    useful = [f for f in functions if all(ask.narrow.get(f["name"], {"": True}).values())]
    options = [_option(function, ask.narrow) for function in useful or functions]
    if ask.answer:
        options.append(_object({_CHOICE: {"const": answer}, "text": {"type": "string", "maxLength": _LONGEST}}))
    schema = options[0] if len(options) == 1 else {"anyOf": options}
    value = _choice(model, messages, schema, ask, answer)
    chosen = value.pop(_CHOICE)
    if chosen == answer:
        return {"text": value["text"], "calls": []}
    arguments = value.get("arguments", value) if "arguments" in value and len(value) == 1 else value
    call = {"id": "", "name": chosen, "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {"text": "", "calls": [call]}


def _choice(
    model: AgentModel, messages: list[Message], schema: Schema, ask: TurnRequest, answer: str
) -> dict[str, Any]:
    """The object by which the model chose: one of another shape is told to it, once. Raises InvalidOutput."""
    needed = _FORM_OF_CHOICE | {"if": {"properties": {_CHOICE: {"const": answer}}}, "then": _FORM_OF_ANSWER}
    try:
        return fill(model, messages, schema, ask, needed, told=True, aloud=answer)
    except InvalidOutput as wrong:
        here().note(f"{wrong.what}; the model is told, and asked again")
        said = [{"role": "assistant", "content": wrong.raw}, {"role": "user", "content": _form_told(answer)}]
        return fill(model, [*messages, *said], schema, ask, needed, told=True, aloud=answer)


def _form_told(answer: str) -> str:
    return (
        f'That cannot be read. Give one JSON object and nothing else: {{"{_CHOICE}": NAME, and its arguments}}, '
        f'or {{"{_CHOICE}": "{answer}", "text": "your answer"}}.'
    )


def _option(function: dict[str, Any], narrow: dict[str, dict[str, list[str]]]) -> Schema:
    name, parameters = function["name"], function["parameters"]
    properties = {arg: _bounded(schema) for arg, schema in parameters["properties"].items()}
    for arg, values in narrow.get(name, {}).items():
        if values and arg in properties:
            properties[arg] = {"type": "string", "enum": values}
    if _CHOICE in properties or "arguments" in properties:
        inner = {**parameters, "properties": properties}
        return _object({_CHOICE: {"const": name}, "arguments": inner})
    return _object({_CHOICE: {"const": name}, **properties}, [_CHOICE, *parameters["required"]])


def _object(properties: dict[str, Any], required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }


def _bounded(schema: Schema) -> Schema:
    """The schema with an end to every free string, so that a weak model cannot write on and on."""
    if schema.get("type") == "string" and not {"enum", "const", "pattern", "maxLength"} & set(schema):
        return {**schema, "maxLength": _LONGEST}
    return schema


def _answer_name(toolbox: Toolbox) -> str:
    return "answer" if "answer" not in toolbox.tools else "final_answer"


def tool_notes(toolbox: Toolbox) -> str:
    """What a model without tool calling of its own is told of the tools, for the system message."""
    lines = [f"- {s['function']['name']}: {s['function']['description']}" for s in toolbox.schemas()]
    head = f'{TOOLS_HEAD}: {{"tool": NAME, arguments}} or {{"tool": "answer", "text": …}}.'
    return "\n".join([head, *lines])


def readable(model: AgentModel, messages: list[Message], toolbox: Toolbox) -> list[Message]:
    """The conversation as this model reads it. Where there is no tool, nobody is asked how it would call one."""
    if not getattr(model.block, "senses", True):
        messages = without_senses(messages)
    calling = bool(toolbox) or any(message["role"] == "tool" for message in messages)
    return as_sent(messages) if calling and model.calls_natively() else as_plain(messages)


def as_sent(messages: list[Message]) -> list[Message]:
    """The conversation as chat endpoints take it: only the fields that they know, and words alone in a tool's answer.

    The pictures and sounds of a turn's tools follow its answers in the user's voice.
    """
    known = ("role", "content", "name", "tool_calls", "tool_call_id")
    sent: list[Message] = []
    seen: list[dict[str, Any]] = []
    for message in messages:
        said = {k: v for k, v in message.items() if k in known}
        if seen and said["role"] != "tool":
            sent.append(_shown(seen))
            seen = []
        if "tool_calls" in said:
            said["tool_calls"] = [_sent_call(call) for call in said["tool_calls"]]
        if said["role"] == "tool" and isinstance(said["content"], list):
            seen += [part for part in said["content"] if part["type"] != "text"]
            said["content"] = words_alone(said["content"])
        sent.append(said)
    return [*sent, _shown(seen)] if seen else sent


def _shown(parts: list[dict[str, Any]]) -> Message:
    named = ", ".join(f"{part['type']} {part[part['type']]}" for part in parts)
    return {"role": "user", "content": [{"type": "text", "text": f"What the tools gave: {named}"}, *parts]}


def as_plain(messages: list[Message]) -> list[Message]:
    """The conversation without tool roles: calls as the JSON the model wrote, answers in the user's voice."""
    shown: list[Message] = []
    names: dict[str, str] = {}
    for message in messages:
        role, text = message["role"], message.get("content") or ""
        for call in message.get("tool_calls", []):
            names[call["id"]] = call["function"]["name"]
            text = "\n".join([in_words(text), _written(call["function"])]).strip()
        if role == "tool":
            head = f"Result of {names.get(message['tool_call_id'], 'the tool')}:"
            role, text = "user", f"{head} {text}" if isinstance(text, str) else joined(head, text)
        if role == "user" and shown and shown[-1]["role"] == "user":
            shown[-1] = {"role": "user", "content": joined(shown[-1]["content"], text)}
        else:
            shown.append({"role": role, "content": text})
    return shown


def _written(function: dict[str, Any]) -> str:
    return json.dumps({_CHOICE: function["name"], **_as_object(function["arguments"])}, ensure_ascii=False)


def assistant(turn: dict[str, Any], mark: str, earlier: Sequence[Message] = ()) -> Message:
    """The assistant's message of a turn, as it is stored: no call has an id that `earlier` messages hold."""
    message: Message = {"role": "assistant", "content": turn["text"]}
    seen: set[str] = {call["id"] for said in earlier for call in said.get("tool_calls", ())}
    calls: list[dict[str, Any]] = []
    for index, call in enumerate(turn["calls"]):
        name = call["id"]
        if not name or name in seen:
            name = f"call_{derive_seed(mark, index):016x}"
        seen.add(name)
        function = {"name": call["name"], "arguments": _tidy(call["arguments"])}
        calls.append({"id": name, "type": "function", "function": function})
    if calls:
        message["tool_calls"] = calls
    return message


def _tidy(arguments: Any) -> str:
    """Arguments as the history keeps them: an object as JSON, anything else as the model wrote it."""
    try:
        return json.dumps(parse_arguments(arguments), ensure_ascii=False)
    except ArgumentError:
        return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _as_object(arguments: str) -> dict[str, Any]:
    """Kept arguments as every chat template takes them: what is no object stands in one, as it was written."""
    try:
        return parse_arguments(arguments)
    except ArgumentError:
        return {"written": arguments}


@lru_cache(maxsize=2048)
def _sent_arguments(arguments: str) -> str:
    """Kept arguments as an endpoint takes them: read once, though each turn sends them all."""
    return json.dumps(_as_object(arguments), ensure_ascii=False)


def _sent_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    arguments = _sent_arguments(function["arguments"])
    return {**call, "function": {**function, "arguments": arguments}}
