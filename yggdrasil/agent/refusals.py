"""How an answer is refused: `Retry` asks the model again and says why; past the bound a typed error ends the run."""

from __future__ import annotations

import warnings
from typing import Any

from yggdrasil.blocks.llm.language_model import InvalidOutput
from yggdrasil.contract import YggError, here

__all__ = ["InvalidOutput", "LimitReached", "RefusedOutput", "Retry", "UnfinishedAnswer"]


class Retry(YggError):
    """Raise it in a validator, `validate=function`, or in a tool: the model is told why, and asked again."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


class RefusedOutput(InvalidOutput):
    """The model was told what is wrong with its answer, as often as `retries` says, and it stayed wrong."""

    def __init__(self, reason: str, raw: str, where: str = "") -> None:
        self.raw = raw
        YggError.__init__(
            self,
            f"the model's answer cannot be taken ({reason}): {raw[:200]!r}",
            where=where,
            mend="Say in `instructions` what is wanted, ask more often by retries=…, or use a stronger model",
        )


class UnfinishedAnswer(RuntimeWarning):
    """A run that nobody listens to met a limit, and its caller may not look at `status`."""


class LimitReached(YggError):
    """A call of an agent met one of its limits, which says `raises`; `status` is what the run came to.

    The conversation is kept: `agent.run(more=…)` goes on with it.
    """

    def __init__(self, met: dict[str, Any], where: str = "") -> None:
        self.status = met
        super().__init__(
            f"the run met its limit of {met['limit']:g} {met['kind']}",
            where=where,
            mend="raise it, limits=Limits(…), or go on with run(more=…)",
        )


def at_limit(status: dict[str, Any], *, raises: bool) -> None:
    """Tell who called and hears no events that there is no answer. Raises LimitReached where that is asked for."""
    place = here()
    if raises:
        raise LimitReached(status, place.path)
    if "/" not in place.path and not place.wants("note"):
        text = f"{place.path}: stopped at the limit of {status['limit']} {status['kind']}, so there is no answer"
        warnings.warn(text, UnfinishedAnswer, stacklevel=2)
