"""What a model is about to be asked, for a function of the script's own to change; the memory stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from yggdrasil.agent.model import AgentModel, Message, check_model
from yggdrasil.agent.toolbox import CHOICES, REQUIRED
from yggdrasil.agent.turns import TurnRequest, tool_notes
from yggdrasil.agent.window import headed
from yggdrasil.blocks.llm.language_model import RequestedCall
from yggdrasil.contract import Block, ConfigError, here
from yggdrasil.contract.fixed_fields import FixedFields


@dataclass
class Request(FixedFields):
    """One request of an agent, as `Agent(…, before=function)` gets it: change what is to be changed.

    `messages`: the conversation as this model will read it; `tools`: the names of those that it is offered, where one
    that is taken out cannot be called; `tool_choice`: `auto`, `required`, `none`, or the one of them that it must call;
    `model`: the block that is asked. What is shown of the past, what is hidden from the model and who answers is
    decided here, anew for each request, that for a summary too.
    """

    messages: list[Message]
    tools: list[str]
    tool_choice: str
    model: Block
    max_tokens: int
    temperature: float


def as_wished(
    before: Callable[..., Any] | None, model: AgentModel, messages: list[Message], ask: TurnRequest
) -> tuple[AgentModel, list[Message], TurnRequest]:
    """The request as `before` leaves it: whom it goes to, what is shown and what is offered."""
    if before is None:
        return model, messages, ask
    names = [tool.name for tool in ask.toolbox.tools.values()]
    request = Request(copy.deepcopy(messages), list(names), ask.choice, model.block, ask.max_tokens, ask.temperature)
    before(request)
    how = {"max_tokens": request.max_tokens, "temperature": request.temperature, "choice": request.tool_choice}
    wished = replace(ask, **how)
    if request.model is not model.block:
        model = AgentModel(check_model(request.model, here().path), model.words)
    if request.tool_choice not in CHOICES:
        ask.toolbox.known([request.tool_choice], "tool_choice", here().path)
    if request.tool_choice == REQUIRED and not request.tools:
        mend = "leave a tool in request.tools, or set request.tool_choice to auto"
        raise ConfigError("tool_choice is 'required', and before= leaves no tool", where=here().path, mend=mend)
    if request.tools != names:
        wished = replace(wished, toolbox=ask.toolbox.only(request.tools, here().path))
    shown = request.messages
    if wished.toolbox and not model.calls_natively():
        shown = _noted(shown, tool_notes(ask.toolbox), tool_notes(wished.toolbox))
    return model, shown, wished


@dataclass
class Reply(FixedFields):
    """What the model answered, as `Agent(…, after=function)` gets it before anything is done: change what is to be.

    `text`: its words; `calls`: the tools that it calls, where one that is taken out is not called.
    """

    text: str
    calls: list[RequestedCall]


def as_mended(after: Callable[..., Any] | None, turn: dict[str, Any]) -> dict[str, Any]:
    """The turn as `after` leaves it. Raises ConfigError for what is no reply any more."""
    if after is None:
        return turn
    reply = Reply(turn["text"], [RequestedCall(c["id"], c["name"], c["arguments"]) for c in turn["calls"]])
    after(reply)
    left: list[Any] = [*reply.calls]
    if not isinstance(reply.text, str) or not all(isinstance(call, RequestedCall) for call in left):
        mend = "leave words in reply.text; take a call out of reply.calls, or change it: call._replace(arguments='{…}')"
        raise ConfigError(f"after= left the reply {reply!r:.120}", where=here().path, mend=mend)
    return {**turn, "text": reply.text, "calls": [call._asdict() for call in reply.calls]}


def _noted(messages: list[Message], before: str, now: str) -> list[Message]:
    """The messages with what is told of the tools in words, instead of what was told."""
    first = messages[0] if messages and messages[0]["role"] == "system" else None
    if first is None or before not in first["content"]:
        return headed(messages, now)
    return [{**first, "content": first["content"].replace(before, now)}, *messages[1:]]
