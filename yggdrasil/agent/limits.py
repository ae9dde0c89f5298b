"""How far one call of an agent may go, and what it says when it has gone that far."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=86400)]


class Limits(BaseModel):
    """Bounds of one call, each inclusive: `steps` model turns, `tokens` read and written, `seconds` of time, `cost`
    in the currency of the model's prices (a model without prices costs nothing).

    A call that meets one ends with `status["state"] == "limit_reached"`, or with `raises` by the error LimitReached.
    `tool_seconds` bounds each tool call alone; a call that takes longer is cancelled and the others go on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: Annotated[int, Field(ge=1, le=10_000)] = 8
    tokens: Annotated[int, Field(ge=1, le=10**9)] | None = None
    cost: Annotated[float, Field(gt=0, le=1e9)] | None = None
    seconds: Seconds | None = None
    tool_seconds: Seconds | None = None
    raises: bool = False
