"""The cycle's graph on langgraph: it says which stage comes next and stores nothing, since the log says it all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypedDict, cast

from yggdrasil.engine.cycle.cycle_stages import END, ORDER, POSITIONS, UPDATE
from yggdrasil.engine.cycle.interrupts import carried, surfacing

FILE = "cursor.db"
"""What an earlier version kept beside the log; nobody reads it."""
_LIMIT = END + 3


class StageOrder(TypedDict):
    """Which stage comes next; `stage` is '' when the step is over. Round 0 settles, round 1 ends the episode."""

    stage: str
    round: int


def cursor_at(position: int) -> StageOrder:
    """The cursor that stands before `position`."""
    stage = POSITIONS[position].name if position < END else ""
    return {"stage": stage, "round": position // len(ORDER)}


def position_of(cursor: StageOrder) -> int:
    """The position that a cursor stands before."""
    names = [role.name for role in ORDER]
    return cursor["round"] * len(ORDER) + names.index(cursor["stage"])


def go_round(position: int, work: Callable[[int], object]) -> None:
    """Do `work` at each position from this one to the end of the step. Raises what it raises.

    Any number of worlds may go round at once on the one compiled graph: what is theirs travels with the call.
    """
    config = {"configurable": {"work": work}, "recursion_limit": _LIMIT}
    with surfacing():
        _compiled().invoke(cursor_at(position), config)


@cache
def _compiled() -> Any:
    from langchain_core.runnables import RunnableConfig
    from langgraph.graph import END as OVER
    from langgraph.graph import START, StateGraph

    def node(cursor: StageOrder, config: RunnableConfig) -> StageOrder:
        work = cast("Callable[[int], object]", cast("dict[str, Any]", config)["configurable"]["work"])
        position = position_of(cursor)
        carried(partial(work, position))
        return cursor_at(position + 1)

    node.__annotations__["config"] = RunnableConfig
    builder: Any = StateGraph(cast(Any, StageOrder))
    ways = {role.name: role.name for role in ORDER} | {"": OVER}
    for role, following in zip(ORDER, (*ORDER[1:], ORDER[0]), strict=True):
        builder.add_node(role.name, node)
        if role is UPDATE:
            builder.add_conditional_edges(role.name, _stage, ways)
        else:
            builder.add_edge(role.name, following.name)
    builder.add_conditional_edges(START, _stage, ways)
    return builder.compile(name="cycle")


def _stage(cursor: StageOrder) -> str:
    return cursor["stage"]
