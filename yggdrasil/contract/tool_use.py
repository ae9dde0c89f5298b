"""What a tool may know of the call that it answers: `here().tool_use`, for functions that an agent's model calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.fixed_fields import FixedFields

if TYPE_CHECKING:
    from yggdrasil.contract.context import Here

TOOL_USE = "contract.tool_use"
"""Where in the surroundings it stands."""


@dataclass
class ToolUse(FixedFields):
    """One call of a tool by the model of an agent.

    `tool`: its name; `id`: that of the call; `arguments` as the model wrote them; `attempt`: from 1, more where a call
    that failed is made again; `turns`, `tokens`, `cost`: what the run took so far; `messages`: the conversation so far.
    """

    tool: str = ""
    id: str = ""
    arguments: Any = field(default_factory=dict[str, Any])
    attempt: int = 1
    turns: int = 0
    tokens: int = 0
    cost: float = 0.0
    messages: Sequence[dict[str, Any]] = ()


class OfCall:
    """The call of a tool that is answered at a place, as `here().tool_use` reads it; outside of one it has no name."""

    def __get__(self, place: Here, owner: type[Here]) -> ToolUse:
        return place.shared.get(TOOL_USE) or ToolUse()


def as_step(name: str) -> str:
    """A tool's name as one step of a path, where a slash would be two: written as the sign `∕` that looks alike."""
    return name.replace("/", "∕")
