"""How an answer is refused: `Retry` asks the model again and says why; past the bound a typed error ends the run."""

from __future__ import annotations

from typing import Any

from yggdrasil.blocks.llm.language_model import InvalidOutput
from yggdrasil.contract import YggError, here
from yggdrasil.contract.callers_line import warn_caller

__all__ = ["AnswerFiltered", "InvalidOutput", "LimitReached", "RefusedOutput", "Retry", "UnfinishedAnswer"]


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
    """A run that nobody listens to gave no whole answer, and its caller may not look at `status`."""


class LimitReached(YggError):
    """A call of an agent met one of its limits, which says `raises`; `status` is what the run came to.

    The conversation is kept: `agent.run(more=…)` goes on with it.
    """

    def __init__(self, met: dict[str, Any], where: str = "") -> None:
        self.status = met
        super().__init__(
            f"the run met its limit of {met['limit']:g} {met['kind']}",
            where=where,
            mend="raise it, limits=Limits(…), or go on with run(more=…); in a session: resume(limits=…)",
        )


class AnswerFiltered(YggError):
    """The endpoint's filter withheld an answer, or the rest of it; `response` is what came before."""

    def __init__(self, response: str, where: str = "") -> None:
        self.response = response
        super().__init__(
            f"the endpoint's filter withheld the answer, after {response[:200]!r}",
            where=where,
            mend="ask in other words, or another model: llm=[first, second] asks the next one",
        )


def at_limit(status: dict[str, Any], *, raises: bool) -> None:
    """Tell who called and hears no events that there is no answer. Raises LimitReached where that is asked for."""
    if raises:
        raise LimitReached(status, here().path)
    met = f"the limit of {status['limit']} {status['kind']}"
    cut = status["kind"] == "max_tokens"
    _warn(f"the answer was cut at {met}; run(more=1) goes on" if cut else f"stopped at {met}, so there is no answer")


def filtered(response: str, *, raises: bool) -> None:
    """The same where a filter withheld the answer. Raises AnswerFiltered where that is asked for."""
    if raises:
        raise AnswerFiltered(response, here().path)
    here().note("the endpoint's filter withheld the answer", "answer_filtered")
    _warn("the endpoint's filter withheld the answer")


def _warn(text: str) -> None:
    place = here()
    if "/" not in place.path and not place.wants("note"):
        warn_caller(f"{place.path}: {text}", UnfinishedAnswer)
