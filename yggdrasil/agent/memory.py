"""An agent's conversation: kept whole, shown to the model through a view that never tears a call from its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yggdrasil.contract import YggError
from yggdrasil.contract.session import SessionError

Message = dict[str, Any]


class WindowTooSmall(YggError):
    """The window cannot hold even the system message, the last user message and the calls made for it last."""


def groups(messages: list[Message]) -> list[list[Message]]:
    """The messages in pieces that may only stay or go whole: an assistant's calls together with their answers."""
    found: list[list[Message]] = []
    for message in messages:
        if message["role"] == "tool" and found:
            found[-1].append(message)
        else:
            found.append([message])
    return found


def _one(message: Message) -> int:
    del message
    return 1


def view(
    messages: list[Message], window: int, size: Callable[[Message], int] = _one, unit: str = "messages"
) -> list[Message]:
    """At most `window` messages (0 = all), or as many as their sizes admit, in their order; `messages` stays as it is.

    System messages, the last user message and the calls after which the model is asked always stay; of the rest the
    last groups that fit. Raises WindowTooSmall.
    """
    if not window or sum(map(size, messages)) <= window:
        return list(messages)
    pieces = groups(messages)
    users = [at for at, piece in enumerate(pieces) if piece[0]["role"] == "user"]
    kept = {at for at, piece in enumerate(pieces) if piece[0]["role"] == "system"} | set(users[-1:])
    called = len(pieces[-1]) > 1
    kept |= {len(pieces) - 1} if called else set()
    sizes = [sum(map(size, piece)) for piece in pieces]
    room = window - sum(sizes[at] for at in kept)
    if room < 0:
        calls = ", and the last calls with their answers" if called else ""
        wider = f"set `window` to {window - room} or more"
        raise WindowTooSmall(
            f"a window of {window} {unit} cannot hold the system message and the last user message{calls}",
            mend=wider if unit == "messages" else f"set `context` larger by {-room} or more, or `max_tokens` smaller",
        )
    for at in reversed([at for at in range(len(pieces)) if at not in kept]):
        if sizes[at] > room:
            break
        room -= sizes[at]
        kept.add(at)
    return [message for at in sorted(kept) for message in pieces[at]]


class Memory:
    """What an agent remembers between calls: its messages, how often it was called, a run that met a limit,
    and a summary of what was told before those messages."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.calls = 0
        self.halted: dict[str, Any] | None = None
        self.summary = ""

    def __repr__(self) -> str:
        return f"<memory of {len(self.messages)} messages, {self.calls} calls>"

    def state(self) -> dict[str, Any] | None:
        """Plain JSON; None while there is nothing to remember."""
        if not self.calls and not self.messages:
            return None
        summary = {"summary": self.summary} if self.summary else {}
        return {"messages": self.messages, "calls": self.calls, "halted": self.halted, **summary}

    @classmethod
    def of(cls, state: Any, where: str) -> Memory:
        """What `state()` gave, taken up again. Raises SessionError for what no agent wrote."""
        made, known = cls(), state or {}
        try:
            made.messages = [dict(message) for message in known.get("messages", [])]
            made.calls = int(known.get("calls", 0))
            made.halted = known.get("halted")
            made.summary = str(known.get("summary", ""))
        except (TypeError, ValueError, AttributeError) as error:
            what = f"its memory cannot be rebuilt ({error})"
            raise SessionError(what, where=where, mend="restore it from a copy, or begin a new session") from None
        return made
