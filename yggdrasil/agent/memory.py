"""An agent's conversation: kept whole, shown to the model through a view that never tears a call from its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from yggdrasil.contract import YggError
from yggdrasil.contract.session import SessionError

Message = dict[str, Any]
Keep = Literal["last", "first"]
Summarise = Callable[[list[Message]], str]
_SUMMARY = "earlier"


class WindowTooSmall(YggError):
    """The window cannot hold even the system message and the last user message."""


def groups(messages: list[Message]) -> list[list[Message]]:
    """The messages in pieces that may only stay or go whole: an assistant's calls together with their answers."""
    found: list[list[Message]] = []
    for message in messages:
        if message["role"] == "tool" and found:
            found[-1].append(message)
        else:
            found.append([message])
    return found


def view(
    messages: list[Message], window: int, keep: Keep = "last", summarise: Summarise | None = None
) -> list[Message]:
    """At most `window` messages (0 = all), in their order; `messages` stays as it is.

    System messages and the last user message always stay; of the rest the last or the first groups that fit.
    With `summarise` what was left out is told in one message. Raises WindowTooSmall.
    """
    if not window or len(messages) <= window:
        return list(messages)
    pieces = groups(messages)
    users = [at for at, piece in enumerate(pieces) if piece[0]["role"] == "user"]
    fixed = {at for at, piece in enumerate(pieces) if piece[0]["role"] == "system"} | set(users[-1:])
    room = window - sum(len(pieces[at]) for at in fixed)
    if room < 0:
        raise WindowTooSmall(
            f"a window of {window} messages cannot hold the system message and the last user message",
            mend=f"set `window` to {window - room} or more",
        )
    told = summarise is not None and room > 0
    kept = fixed | _fitting(pieces, fixed, room - int(told), keep)
    if summarise is None or not told:
        return [message for at in sorted(kept) for message in pieces[at]]
    return _with_summary(pieces, kept, summarise)


def _fitting(pieces: list[list[Message]], fixed: set[int], room: int, keep: Keep) -> set[int]:
    chosen: set[int] = set()
    order = [at for at in range(len(pieces)) if at not in fixed]
    for at in reversed(order) if keep == "last" else order:
        if len(pieces[at]) > room:
            break
        room -= len(pieces[at])
        chosen.add(at)
    return chosen


def _with_summary(pieces: list[list[Message]], kept: set[int], summarise: Summarise) -> list[Message]:
    gone = [message for at, piece in enumerate(pieces) if at not in kept for message in piece]
    told: Message = {"role": "system", "name": _SUMMARY, "content": summarise(gone)}
    shown: list[Message] = []
    for at in sorted(kept):
        if pieces[at][0]["role"] != "system" and told not in shown:
            shown.append(told)
        shown += pieces[at]
    return shown


class Memory:
    """What an agent remembers between calls: its messages, how often it was called, a run that met a limit."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.calls = 0
        self.halted: dict[str, Any] | None = None

    def state(self) -> dict[str, Any] | None:
        """Plain JSON; None while there is nothing to remember."""
        if not self.calls and not self.messages:
            return None
        return {"messages": self.messages, "calls": self.calls, "halted": self.halted}

    @classmethod
    def of(cls, state: Any, where: str) -> Memory:
        """What `state()` gave, taken up again. Raises SessionError for what no agent wrote."""
        made, known = cls(), state or {}
        try:
            made.messages = [dict(message) for message in known.get("messages", [])]
            made.calls = int(known.get("calls", 0))
            made.halted = known.get("halted")
        except (TypeError, ValueError, AttributeError) as error:
            what = f"its memory cannot be rebuilt ({error})"
            raise SessionError(what, where=where, mend="restore it from a copy, or begin a new session") from None
        return made
