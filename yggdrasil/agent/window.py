"""How much of a conversation a model is told: what is older than its window is dropped, or told as a summary."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from yggdrasil.agent.memory import Message, groups, view
from yggdrasil.agent.pieces import beyond_words, in_words, joined, words_alone
from yggdrasil.blocks.llm.language_model import Turn, reads
from yggdrasil.contract import Block, ConfigError

Older = Literal["", "drop", "summary"]
_BYTES = 3
"""Bytes of text that are counted as one token: less than most tokens have, so that a count errs on the safe side."""
_WORDS = 200
_EARLIER = "Earlier in this conversation:"
_ASK = (
    f"Sum up the conversation below in at most {_WORDS} words for someone who goes on with it: names, facts, numbers, "
    "what was asked, done and promised. Give the summary alone."
)


def tokens_of(text: str) -> int:
    """About how many tokens a text of its own takes."""
    return 4 + len(text.encode(errors="replace")) // _BYTES


def size(message: Message) -> int:
    """About how many tokens a message takes."""
    calls = message.get("tool_calls")
    return tokens_of(str(message.get("content") or "") + (json.dumps(calls, ensure_ascii=False) if calls else ""))


def room(llm: Block, context: int, older: Older, max_tokens: int, tools: list[dict[str, Any]] | None) -> int:
    """How many tokens of conversation a model is told, 0 for all: its own window, or `context`, without its answer.

    Raises ConfigError for a model that does not say how much it reads, and for a window that leaves no room.
    """
    if not older:
        return 0
    whole = context or reads(llm)
    if not whole:
        mend = "set context=… to the tokens that it reads"
        raise ConfigError(f"{llm.name} does not say how much it reads", where="agent", mend=mend)
    schemas = len(json.dumps(tools, ensure_ascii=False).encode()) // _BYTES if tools else 0
    left = whole - max_tokens - schemas
    if left <= 0:
        what = f"of {whole} tokens {max_tokens} go to the answer and {schemas} to the tools: nothing is left"
        raise ConfigError(what, where="agent", mend="set a larger context, or a smaller max_tokens")
    return left


@dataclass
class Window:
    """What one run tells its model: at most `messages` messages and `tokens` tokens (0 = all of them).

    `summary` stands for all that was told before the first message.
    """

    messages: int = 0
    tokens: int = 0
    older: Older = ""
    summary: str = ""

    def shown(self, messages: list[Message], closing: Sequence[Message] = ()) -> list[Message]:
        """The messages that the model is told, a call never without its answers, and `closing` after them.

        The last calls stay, with as much of their answers as there is room for. Raises WindowTooSmall.
        """
        seen = view(messages, self.messages)
        if self.summary:
            seen = headed(seen, f"{_EARLIER} {self.summary}")
        if self.tokens:
            left = max(1, self.tokens - sum(map(size, closing)))
            seen = view(shortened(seen, left), left, size, "tokens")
        return [*seen, *closing]

    def outgrown(self, messages: list[Message]) -> tuple[list[Message], list[Message]]:
        """The messages to forget or sum up now, and those that stay: all, unless one is wished and they are too many.

        What stays begins with words of the user; where the rest is summed up it takes half of the room, so that not
        each turn sums up.
        """
        if not self.older or self._fits(messages):
            return [], messages
        share = 2 if self.older == "summary" else 1
        system = [m for m in messages if m["role"] == "system"]
        pieces = groups([m for m in messages if m["role"] != "system"])
        starts = [at for at, piece in enumerate(pieces) if piece[0]["role"] == "user"]
        halves = [at for at in starts if self._fits([*system, *_flat(pieces[at:])], share)]
        cut = min(halves) if halves else max(starts, default=0)
        return _flat(pieces[:cut]), [*system, *_flat(pieces[cut:])]

    def _fits(self, messages: list[Message], share: int = 1) -> bool:
        few = not self.messages or len(messages) <= self.messages // share
        told = sum(map(size, messages)) + size({"content": self.summary})
        return few and (not self.tokens or told <= self.tokens // share)

    def sum_up(
        self, ask: Callable[..., Turn], old: list[Message], once: Callable[[str, str, Callable[[], str]], str]
    ) -> None:
        """Let the summary stand for `old` too; asked piece by piece, each by `once` (number, text, act).

        `ask` takes a turn of the model, as `AgentModel.turn` does.
        """
        limit = max(256, (self.tokens or 4096) // 2) * _BYTES
        text = "\n".join(f"{message['role']}: {_words(message)}" for message in old)
        for number, start in enumerate(range(0, len(text), limit)):
            told = "\n".join(part for part in (self.summary, text[start : start + limit]) if part)
            self.summary = once(str(number), told, lambda told=told: _asked(ask, told))


def _asked(ask: Callable[..., Turn], told: str) -> str:
    messages = [{"role": "system", "content": _ASK}, {"role": "user", "content": told}]
    return ask(messages, max_tokens=_WORDS * 2, temperature=0.0, seed=0).text.strip()


def shortened(messages: list[Message], room: int) -> list[Message]:
    """The messages, the answers to the last calls cut so that `room` tokens hold them beside what must be told."""
    answers = groups(messages)[-1][1:] if messages else []
    first = len(messages) - len(answers)
    users = [m for m in messages[:first] if m["role"] == "user"]
    system = [m for m in messages[:first] if m["role"] == "system"]
    left = room - sum(map(size, [*system, *users[-1:], *messages[first - 1 : first]]))
    if sum(map(size, answers)) <= left:
        return messages
    told = list(messages)
    due = sorted(range(first, len(messages)), key=lambda at: size(messages[at]))
    for number, at in enumerate(due):
        told[at] = _cut(messages[at], left // (len(due) - number))
        left -= size(told[at])
    return told


def _cut(message: Message, room: int) -> Message:
    text = message["content"]
    if size(message) <= room:
        return message
    if isinstance(text, list):
        beyond = beyond_words(text)
        words = words_alone(text)
        written = size({"content": joined(".", beyond)}) + (len(repr(words)) - len(words)) // _BYTES
        cut = _cut({**message, "content": words}, room - written)
        return {**message, "content": joined(cut["content"], beyond)}
    note = f"\n[cut: {len(text)} letters in all, the window holds no more]"
    kept = text.encode(errors="replace")[: max(0, (room - tokens_of(note)) * _BYTES)].decode(errors="ignore")
    cut = {**message, "content": f"{kept}{note}"}
    return min(cut, message, key=size)


def headed(messages: list[Message], told: str) -> list[Message]:
    """The messages with something told first of all, in the one system message that every model takes."""
    if messages and messages[0]["role"] == "system":
        return [{**messages[0], "content": f"{messages[0]['content']}\n\n{told}"}, *messages[1:]]
    return [{"role": "system", "content": told}, *messages]


def _words(message: Message) -> str:
    calls = [f"{c['function']['name']}({c['function']['arguments']})" for c in message.get("tool_calls", ())]
    return " ".join(part for part in (in_words(message.get("content")), *calls) if part)


def _flat(pieces: list[list[Message]]) -> list[Message]:
    return [message for piece in pieces for message in piece]
