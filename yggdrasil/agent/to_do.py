"""The plan of an agent's work, kept in the session and told as progress: a tool for tasks of many steps."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from typing_extensions import TypedDict

from yggdrasil.contract import Block, here
from yggdrasil.ports import Text


class PlannedStep(TypedDict):
    """One step of a plan."""

    step: str
    state: Literal["to do", "doing", "done"]


class ToDo(Block, type="to_do", role="Tool"):
    """Write down the plan of a task that takes several steps, and write it anew as steps get done or change: all steps
    each time, the done ones too. Without steps it tells the plan as it stands. No need of it for a simple task."""

    remembers: ClassVar[bool] = True

    def forward(self, steps: list[PlannedStep] | None = None) -> Text:
        plan: list[Any] = (here().memory(list) or []) if steps is None else [dict(step) for step in steps]
        here().remember(plan)
        if plan:
            here().progress(sum(step["state"] == "done" for step in plan), len(plan), "steps")
        return "\n".join(f"[{step['state']}] {step['step']}" for step in plan) or "there is no plan yet"
