"""The span of a sound in seconds, as the parts of an audio graph read it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from yggdrasil.contract import PortError, here

Seconds = Annotated[float, Field(ge=0, le=3600)]


def span(start: float, end: float | None, longest: float) -> tuple[float, float]:
    """From where to where, the end being the longest sound if none is asked for. Raises PortError for no sound."""
    until = longest if end is None else end
    if not start < until or until - start > longest:
        raise PortError(
            f"a sound from start_seconds={start} to end_seconds={until} cannot be made",
            where=here().path,
            mend=f"it must end after it starts and last {longest:.4g} seconds at most",
        )
    return start, until
