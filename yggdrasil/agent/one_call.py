"""What one call of an agent may be given beside its inputs: another model, other tools, limits and settings."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from yggdrasil.agent.asked import Check
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.contract import Block, PortError, here
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.tools import Given

if TYPE_CHECKING:
    from yggdrasil.agent.agent import Agent


class OneCall(TypedDict, total=False):
    """What `run`, `stream`, `arun` and `astream` of an agent take: inputs, then what holds for this call alone.

    `model` is asked instead of the agent's own; `tools` stand in place of its tools: `{**agent.tools, "more": f}`.
    """

    task: Any
    more: int
    pictures: Sequence[Any]
    sounds: Sequence[Any]
    messages: Sequence[Mapping[str, Any]]
    validate: Check | None
    deps: Any
    model: Block | str | Sequence[Block | str]
    tools: Sequence[Given] | Mapping[str, Given]
    limits: Limits | dict[str, Any]
    instructions: str | Callable[..., str | Awaitable[str]]
    tool_choice: str
    max_tokens: int
    temperature: float
    retries: int
    window: int
    approve: list[str]
    before: Callable[..., Any] | None
    after: Callable[..., Any] | None
    around: Callable[..., Any] | None


OWN = ("before", "after", "around")
"""Functions that stand in place of the agent's own for one call."""
_BESIDE = ("result", "validate", "deps")
_SET = {"model": "llm"}
CHANGES = (
    "model", "tools", "limits", "instructions", "tool_choice", "max_tokens", "temperature", "retries", "window",
    "approve",
)  # fmt: skip
"""What is set on the agent as one call sees it."""


def parted(inputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The inputs of the call, the functions and the settings that hold for it alone."""
    functions = {name: inputs[name] for name in OWN if name in inputs}
    changes = {name: inputs[name] for name in CHANGES if name in inputs}
    if not functions and not changes:
        return inputs, functions, changes
    return {name: part for name, part in inputs.items() if name not in (*OWN, *CHANGES)}, functions, changes


def check_named(block: Block, inputs: Mapping[str, Any]) -> None:
    """Raises PortError for a name that neither an input nor a setting of one call has."""
    known = [*block.inputs, *_BESIDE, *OWN, *CHANGES]
    for name in inputs:
        if name not in known:
            raise PortError(f"there is no input {name!r}", where=block.name, mend=did_you_mean(name, known))


def as_called(agent: Agent[Any], changes: Mapping[str, Any]) -> Agent[Any]:
    """The agent as one call sees it; no other call does. Raises ConfigError for a wrong setting."""
    if not changes:
        return agent
    made = copy.copy(agent)
    if "tools" in changes:
        made.toolbox = Toolbox(changes["tools"], strict=made.strict)
    for name in changes.keys() - {"tools"}:
        setattr(made, _SET.get(name, name), changes[name])
    if "limits" in changes:
        made.toolbox.known(made.limits.tools, "limits", here().path)
    known = [tool.name for tool in made.toolbox.tools.values()]
    named = [name for name in made.approve if "approve" in changes or name in known]
    made.approve = made.toolbox.to_approve(named, here().path)
    return made
