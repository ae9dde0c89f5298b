"""What an endpoint can do wrong, by kind, so that a caller knows whether to wait, to mend a setting or to give up."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from yggdrasil.contract import YggError, here
from yggdrasil.contract.surrogates import whole

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
_TRANSIENT = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_NOT_TAKEN = frozenset({429, 503, 529})
"""What an endpoint answers before it takes a request up; after any other failure it may have been done and paid for."""
_MENDS = {
    400: "read what it says of the request; a field that this server does not know is left out by `without`",
    401: "check the secret in the environment variable that `key` names",
    403: "the secret may not use this model",
    404: "check `model` and base_url (it ends in /v1 for most servers)",
    **dict.fromkeys((500, 502, 503, 504), "it is there, but cannot answer now: wait, or look at its own log"),
    429: "wait, or lower the rate (`concurrency`)",
}
_ELSE = "check that the endpoint runs and that base_url is right"
_KEYLESS = (
    "no secret was sent: export OPENAI_API_KEY=…, which is unset or was when the model was named, and name it anew; "
    "or set `key` to the name of another variable"
)
_AGAIN = "run again; if it repeats, look at the endpoint's own log or at a proxy between"


class EndpointError(YggError):
    """The endpoint gave no right answer. `status` is that of HTTP, or 0; `passing` says that asking again may help,
    `untaken` that the request surely was not taken up, so that nothing is paid twice."""

    passing = False
    untaken = False

    def __init__(self, what: str, *, status: int = 0, mend: str = "") -> None:
        self.status = status
        super().__init__(what, where=here().path, mend=mend)

    def wait(self, attempt: int) -> float:
        """Seconds before the endpoint is asked again: twice as long each time, up to eight."""
        return min(_FIRST_WAIT * 2**attempt, _LONGEST_WAIT)


class EndpointUnreachable(EndpointError):
    """Nothing answers at the address."""

    passing = True
    untaken = True


class EndpointBrokeOff(EndpointError):
    """The answer ended before it was whole."""

    passing = True


class EndpointRefused(EndpointError):
    """The endpoint answered with an HTTP error; `after` is what its Retry-After asks for, in seconds, `said` what it
    says, `field` which part of the request it names."""

    def __init__(
        self, what: str, *, status: int, mend: str = "", after: float | None = None, said: str = "", field: str = ""
    ) -> None:
        super().__init__(what, status=status, mend=mend)
        self.passing = status in _TRANSIENT
        self.untaken = status in _NOT_TAKEN
        self.after = after
        self.said, self.field = said, field

    def wait(self, attempt: int) -> float:
        return super().wait(attempt) if self.after is None else self.after


class EndpointTooSlow(EndpointError):
    """The answer was not whole within the time limit."""


class EndpointNonsense(EndpointError):
    """The endpoint answered, but not with what was asked for: a web page, broken JSON, no end."""


def typed(error: BaseException, secret: str) -> EndpointError:
    """Any failure of the client as an error of ours, without the secret in it."""
    import httpx2
    import openai

    known = _inner(error)
    if known is not None:
        return known
    if isinstance(error, openai.APIStatusError):
        return _refused(error, secret)
    if isinstance(error, openai.APITimeoutError | TimeoutError | httpx2.TimeoutException):
        return too_slow()
    told = hidden(f"{type(error).__name__}: {error}", secret)[:200]
    if isinstance(error, openai.APIConnectionError) and isinstance(
        error.__cause__, httpx2.ConnectError | httpx2.ProxyError
    ):
        return EndpointUnreachable(
            f"the endpoint cannot be used ({hidden(str(error.__cause__), secret)[:200]})",
            mend="check that it runs and that base_url is right",
        )
    if isinstance(error, ValueError | TypeError | AttributeError | KeyError) and not isinstance(error, OSError):
        return nonsense(f"something that is not the wire format ({told})")
    return EndpointBrokeOff(f"the answer broke off ({told})", mend=_AGAIN)


def too_slow(limit: float | None = None) -> EndpointTooSlow:
    return EndpointTooSlow(
        f"the endpoint met its time limit{f' of {limit:g} s' if limit else ''}",
        mend="raise `timeout`, or ask for less",
    )


def cut() -> EndpointBrokeOff:
    return EndpointBrokeOff("the answer broke off before it was whole", mend=_AGAIN)


def nonsense(what: str) -> EndpointNonsense:
    return EndpointNonsense(
        f"the endpoint answered with {what}",
        mend="check base_url: it ends in /v1 for most servers; a web page means that it is another service",
    )


def hidden(text: str, secret: str) -> str:
    return whole(text.replace(secret, "***") if secret else text)


def _inner(error: BaseException | None) -> EndpointError | None:
    """Our own error, also where the client has wrapped it into one of its own."""
    while error is not None:
        if isinstance(error, EndpointError):
            return error
        error = error.__cause__
    return None


def _refused(error: Any, secret: str) -> EndpointRefused:
    status = int(error.status_code)
    said = str(error.message)
    if "html" in error.response.headers.get("content-type", ""):
        said = "it answered with a web page"
    said = hidden(said, secret)[:300].rstrip(".")
    return EndpointRefused(
        f"the endpoint refused with HTTP {status}: {said}",
        status=status,
        mend=_KEYLESS if status == 401 and not secret else _MENDS.get(status, _ELSE),
        after=_after(error.response.headers),
        said=said,
        field=_field(error.body),
    )


def _field(body: Any) -> str:
    """The part of the request that an error's body names: OpenAI's `param`, or the `loc` of a validation."""
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("param"), str):
        return body["param"]
    detail = body.get("detail")
    first = detail[0] if isinstance(detail, list) and detail else None
    loc = first.get("loc") if isinstance(first, dict) else None
    parts = [part for part in loc if isinstance(part, str) and part != "body"] if isinstance(loc, list) else []
    return ".".join(parts)


def _after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, given as a number or as a date (UTC where it names no zone); None if it is neither."""
    said = headers.get("retry-after", "")
    try:
        seconds = float(said)
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        date = email.utils.parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):
        return None
    return max((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - time.time(), 0.0)
