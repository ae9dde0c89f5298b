"""How far one call of an agent may go, and what it says when it has gone that far."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from yggdrasil.contract.checked_model import Checked

Seconds = Annotated[float, Field(gt=0, le=86400)]

Times = Annotated[int, Field(ge=0, le=10_000)]


class Limits(Checked):
    """Bounds of one call, each inclusive: `steps` model turns, `tokens` read and written, `seconds` of time, `cost`
    in the currency of the model's prices (a model without prices costs nothing).

    A call that meets one ends with `status["state"] == "limit_reached"`, or with `raises` by the error LimitReached.
    So does an answer that was cut at the agent's own `max_tokens`.
    `tool_seconds` bounds each tool call alone; one that takes longer is stopped, and the model is told so.
    `tool_calls` bounds how often tools are called, all of them or each by its name: past that the model is told so, and
    answers with what it has. A call that fails is made again `tool_retries` times before the model is told, if its tool
    may be repeated: after 0.5 s, then twice as long each time, up to 8.
    """

    called: ClassVar[str] = "limit"

    steps: Annotated[int, Field(ge=1, le=10_000)] = 8
    tokens: Annotated[int, Field(ge=1, le=10**9)] | None = None
    cost: Annotated[float, Field(gt=0, le=1e9)] | None = None
    seconds: Seconds | None = None
    tool_seconds: Seconds | None = None
    tool_calls: Times | dict[str, Times] | None = None
    tool_retries: Times | dict[str, Times] = 0
    raises: bool = False

    @property
    def tools(self) -> list[str]:
        """The tools that it names."""
        return [name for told in (self.tool_calls, self.tool_retries) if isinstance(told, dict) for name in told]

    def retries_of(self, tool: str) -> int:
        """How often a call of this tool that failed is made again."""
        return self.tool_retries.get(tool, 0) if isinstance(self.tool_retries, dict) else self.tool_retries

    def refused(self, tool: str, called: dict[str, int]) -> str:
        """What the model is told instead of a call beyond the bound; '' within it."""
        each = isinstance(self.tool_calls, dict)
        most = self.tool_calls.get(tool) if isinstance(self.tool_calls, dict) else self.tool_calls
        if most is None or (called.get(tool, 0) if each else sum(called.values())) < most:
            return ""
        what = f"{tool} may be called {most} times" if each else f"tools may be called {most} times"
        return f"Refused: {what} in one run; go on with what you know"
