"""The agent loop on langgraph: think, act, and again, compiled once for all agents; its state is plain JSON."""

from __future__ import annotations

import sys
from functools import cache, partial
from typing import Any, Protocol, TypedDict, cast

from yggdrasil.contract.errors import CONTROL
from yggdrasil.engine.cycle.interrupts import carried, surfacing

_THINK, _ACT = "think", "act"


class LoopState(TypedDict):
    """What goes round. `pending` holds the tool calls that wait, `closing` says that only the answer is due,
    `tries` how many answers were refused, `over` why the loop has ended, or ''.
    """

    messages: list[dict[str, Any]]
    turns: int
    tries: int
    tokens: int
    cost: float
    pending: list[dict[str, Any]]
    closing: bool
    over: str
    limit: dict[str, Any]
    response: str
    result: Any


class Thinker(Protocol):
    """The two halves of an agent, as the loop sees it; each gives the state that comes after it."""

    def think(self, state: LoopState) -> LoopState:
        """One turn of the model."""
        ...

    def act(self, state: LoopState) -> LoopState:
        """Every pending tool call."""
        ...


class _Round(TypedDict):
    state: LoopState


def fresh(messages: list[dict[str, Any]]) -> LoopState:
    """A loop that stands before its first turn."""
    return {
        "messages": messages, "turns": 0, "tries": 0, "tokens": 0, "cost": 0.0, "pending": [], "closing": False,
        "over": "", "limit": {}, "response": "", "result": None,
    }  # fmt: skip


def run_loop(thinker: Thinker, state: LoopState, turns: int) -> LoopState:
    """Go round until the loop is over; at most `turns` turns, whatever the thinker says.

    What the thinker raises is raised, pauses and cancellations included; the thinker's effects stand in the
    journal, so a loop that is run again is answered from it up to the place where it stopped.
    """
    config = {"configurable": {"thinker": thinker}, "recursion_limit": 2 * turns + 4}
    with surfacing():
        return cast(_Round, _compiled().invoke({"state": state}, config))["state"]


def is_control(error: BaseException) -> bool:
    """Whether an exception steers the run (cancelled, paused, a langgraph interrupt) and is no tool's failure."""
    if isinstance(error, CONTROL):
        return True
    module = sys.modules.get("langgraph.errors")
    return module is not None and isinstance(error, module.GraphBubbleUp)


@cache
def _compiled() -> Any:
    from langchain_core.runnables import RunnableConfig
    from langgraph.graph import END, START, StateGraph

    def think(state: _Round, config: RunnableConfig) -> _Round:
        return {"state": carried(partial(_thinker(config).think, state["state"]))}

    def act(state: _Round, config: RunnableConfig) -> _Round:
        return {"state": carried(partial(_thinker(config).act, state["state"]))}

    think.__annotations__["config"] = act.__annotations__["config"] = RunnableConfig
    builder: Any = StateGraph(cast(Any, _Round))
    builder.add_node(_THINK, think)
    builder.add_node(_ACT, act)
    builder.add_conditional_edges(START, _next, {_THINK: _THINK, _ACT: _ACT, "": END})
    builder.add_conditional_edges(_THINK, _next, {_THINK: _THINK, _ACT: _ACT, "": END})
    builder.add_conditional_edges(_ACT, _next, {_THINK: _THINK, _ACT: _ACT, "": END})
    return builder.compile(name="agent_loop")


def _next(state: _Round) -> str:
    inner = state["state"]
    if inner["over"]:
        return ""
    return _ACT if inner["pending"] else _THINK


def _thinker(config: Any) -> Thinker:
    return cast(Thinker, config["configurable"]["thinker"])
