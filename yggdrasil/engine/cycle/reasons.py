"""Why a stage ended as it did, as the log keeps it: a code and arguments; the English of older logs is read too."""

from __future__ import annotations

import re
from typing import Any, Literal, cast

from yggdrasil.contract.errors import Cancelled, Paused
from yggdrasil.contract.events import Reason, reason
from yggdrasil.contract.surrogates import whole
from yggdrasil.engine.cycle.database import parsed
from yggdrasil.engine.cycle.errors import LogError

StageStatus = Literal["ran", "skipped", "failed", "cancelled", "paused"]
_BLOCKS = "blocks"
_OLD = {
    "needs (?P<blocks>.+)": "needs",
    "there is no state to apply": "no_state",
    "the state is dropped: given up": "dropped",
    "the state is dropped: (?P<blocks>.+) missing": "dropped",
    "given up": "given_up",
    "(?P<block>.+) is filled already": "filled",
    "passed over, since another state was given": "passed_over",
}
"""What logs of format 1 say of a skipped stage, and the code of it."""


def of_error(status: str, error: BaseException) -> Reason:
    """The reason of a stage that ended by an error."""
    more = {"ask": error.ask, "id": error.id} if isinstance(error, Paused) else {}
    return reason(status, error=type(error).__name__, message=whole(str(error)), **more)


def status_of(error: BaseException) -> StageStatus:
    """How a stage ended that raised this."""
    if isinstance(error, Paused):
        return "paused"
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return "cancelled"
    return "failed"


def load_reason(text: str, status: str) -> Reason | None:
    """The reason in a row of the log. Raises LogError for what is none."""
    if not text:
        return None
    if not text.startswith("{"):
        return _from_words(text, status)
    value = parsed(text)
    if isinstance(value, dict):
        found = cast(dict[str, Any], value)
        if isinstance(found.get("code"), str) and isinstance(found.get("args"), dict):
            return {"code": found["code"], "args": found["args"]}
    raise LogError("a reason in the log is none", where="log", mend="restore it from a copy")


def _from_words(text: str, status: str) -> Reason:
    if status != "skipped":
        error, _, message = text.partition(": ")
        return reason(status, error=error.rstrip(": "), message=message)
    for pattern, code in _OLD.items():
        if found := re.fullmatch(pattern, text):
            args: dict[str, Any] = found.groupdict()
            if code in ("needs", "dropped"):
                args[_BLOCKS] = args.get(_BLOCKS, "").split(", ") if args.get(_BLOCKS) else []
            return {"code": code, "args": args}
    return reason("note", text=text)
