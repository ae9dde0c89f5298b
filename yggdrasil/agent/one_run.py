"""Around one run of an agent: what is looked at before its model is asked, and what was said when it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from yggdrasil.agent.agent_run import FILTERED, AgentRun
from yggdrasil.agent.asked import Asked
from yggdrasil.agent.refusals import at_limit, filtered
from yggdrasil.agent.settings import COUNTED, Answered
from yggdrasil.agent.toolbox import CHOICES, REQUIRED, Toolbox
from yggdrasil.agent.turns import MAX_TOKENS
from yggdrasil.contract import ConfigError, PortError, YggError, here
from yggdrasil.contract.deps import asks_deps
from yggdrasil.contract.tree import walk
from yggdrasil.engine.cycle.agent_loop import LoopState, fresh, run_loop

_ON = "Go on exactly where you were cut off."
_SAID = "_messages_of_run"


def check_deps(asked: Asked, toolbox: Toolbox) -> None:
    """Raises PortError where a function of the run takes deps and the call gave none, before any model is asked."""
    if here().deps is not None:
        return
    who, name = "a function of this agent", asked.asks_deps
    if not name:
        who, name = _asking(toolbox)
    if name:
        mend = "call it with deps=…; where it may do without, annotate Deps[X | None]"
        raise PortError(f"{who} takes deps ({name!r}), and the call gave none", where=here().path, mend=mend)


def _asking(toolbox: Toolbox) -> tuple[str, str]:
    for tool in toolbox.tools.values():
        for _, part in walk(tool.block):
            if name := asks_deps(type(part).forward):
                return f"the tool {tool.name!r}", name
    return "", ""


def check_choice(choice: str, toolbox: Toolbox) -> None:
    """Raises ConfigError for a tool that is to be called and is not there."""
    if choice == REQUIRED and not toolbox:
        mend = "give tools=[…], or leave tool_choice out"
        raise ConfigError("tool_choice is 'required', and there is no tool to call", where=here().path, mend=mend)
    if choice not in CHOICES:
        toolbox.known([choice], "tool_choice", here().path)


def went(running: AgentRun, state: LoopState, turns: int) -> LoopState:
    """The loop at its end; an error that ends it says what the conversation was."""
    try:
        return run_loop(running, state, turns)
    except Exception as error:  # raised again: whatever ends it, what was said until then goes along
        vars(error)[_SAID] = (running.last or state)["messages"]
        raise


def resumed(halted: Mapping[str, Any]) -> LoopState:
    """The state that a run met a limit in, ready to go on; one whose answer was cut off is asked for the rest."""
    state = cast(LoopState, {**fresh([]), **halted, "over": "", "limit": {}})
    if halted["limit"]["kind"] == MAX_TOKENS:
        told = {"role": "user", "content": _ON}
        state["messages"], state["begun"] = [*state["messages"], told], state["response"]
    return state


def ended(state: LoopState, *, raises: bool, stepping: bool) -> Answered:
    """What the run came to; a limit or a filter that ended it is said or raised, a single step's end is neither."""
    status = {"state": state["over"], **{k: state[k] for k in COUNTED}, **state["limit"]}
    if state["limit"] and not stepping:
        at_limit(status, raises=raises)
    elif state["over"] == FILTERED:
        filtered(state["response"], raises=raises)
    return {"response": state["response"], "result": state["result"], "status": status}


def messages_of(error: BaseException) -> list[dict[str, Any]]:
    """The conversation of the run of an agent that ended by this error, as far as it went. Raises YggError for another.

    The agent's memory is as it was before that run: `run(messages=…)` goes on from here.
    """
    if _SAID not in vars(error):
        raise YggError(f"{type(error).__name__} did not end a run of an agent", mend="give the error that `run` raised")
    return list(vars(error)[_SAID])
