"""The agent loop: think, act, and again; its state is plain JSON, and its durability is the journal's alone."""

from __future__ import annotations

import sys
from typing import Any, Protocol, TypedDict

from yggdrasil.contract.errors import CONTROL


class LoopState(TypedDict):
    """What goes round. `pending` holds the tool calls that wait, `closing` says that only the answer is due,
    `tries` how many answers were refused, `called` how often each tool was called, `tool_errors` how many calls
    broke, `begun` an answer that was cut and goes on, `over` why it has ended.
    """

    messages: list[dict[str, Any]]
    turns: int
    tries: int
    tokens: int
    cost: float
    pending: list[dict[str, Any]]
    called: dict[str, int]
    tool_errors: int
    closing: bool
    begun: str
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


def fresh(messages: list[dict[str, Any]]) -> LoopState:
    """A loop that stands before its first turn."""
    return {
        "messages": messages, "turns": 0, "tries": 0, "tokens": 0, "cost": 0.0, "pending": [], "called": {},
        "tool_errors": 0, "closing": False, "begun": "", "over": "", "limit": {}, "response": "", "result": None,
    }  # fmt: skip


def run_loop(thinker: Thinker, state: LoopState, turns: int) -> LoopState:
    """Go round until the loop is over; at most `turns` turns, whatever the thinker says.

    What the thinker raises is raised, pauses and cancellations included; the thinker's effects stand in the
    journal, so a loop that is run again is answered from it up to the place where it stopped.
    """
    last = state["turns"] + turns
    while not state["over"]:
        if state["turns"] > last:
            raise RuntimeError(f"the agent went on after {turns} turns")
        state = thinker.act(state) if state["pending"] else thinker.think(state)
    return state


def is_control(error: BaseException) -> bool:
    """Whether an exception steers the run (cancelled, paused, a langgraph interrupt) and is no tool's failure."""
    if isinstance(error, CONTROL):
        return True
    module = sys.modules.get("langgraph.errors")
    return module is not None and isinstance(error, module.GraphBubbleUp)
