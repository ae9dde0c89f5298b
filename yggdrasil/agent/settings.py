"""What an agent is made with, and what its run gives, as types that an editor reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypedDict

from yggdrasil.agent.led import Lead
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.window import Older
from yggdrasil.agent.work import ToolErrors
from yggdrasil.ports import Json, Text

COUNTED = ("turns", "tokens", "cost", "tool_errors")


class Answered(TypedDict):
    """`status` is {"state": "done" | "limit_reached" | "filtered", "turns", "tokens", "cost", "tool_errors"}; at a
    limit its "kind" and "limit". An answer that was cut met the limit `max_tokens`, and stands in `response` so far.
    """

    response: Text
    result: Json
    status: Json


class AgentSettings(TypedDict, total=False):
    """What `Agent(…)` takes beside its model, its tools and what they are about."""

    policy: Literal["tools", "guided"]
    guide: str
    instructions: str | Callable[..., str | Awaitable[str]]
    limits: Limits | dict[str, Any]
    strict: bool
    window: int
    context: int
    older: Older
    lead: Lead
    max_tokens: int
    temperature: float
    retries: int
    approve: list[str]
    parallel_tools: bool
    tool_errors: ToolErrors
    tool_choice: str
    result: dict[str, Any] | Any
