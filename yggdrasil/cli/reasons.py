"""Reasons and notes that the levels give in English, in the words of the user's language."""

from __future__ import annotations

import re

from yggdrasil.cli.words import russian, say

_STOPPED = re.compile(r"(KeyboardInterrupt|Cancelled)\b.*", re.DOTALL)
_BLOCKS = {
    "intent": "замысел", "plan": "план", "artifacts": "картины", "perception": "увиденное", "chronicle": "хроника",
}  # fmt: skip
_RUSSIAN = {
    "needs (.+)": "нужны: {}",
    "there is no state to apply": "применять нечего",
    "the state is dropped: given up": "состояние отброшено: от шага отказались",
    "the state is dropped: (.+) missing": "состояние отброшено, недостаёт: {}",
    "given up": "от шага отказались",
    "(.+) is filled already": "уже есть: {}",
    "passed over, since another state was given": "передано другое состояние",
    "going on with step (.+)": "продолжается шаг {}",
    "not understood: (.+)": "не понято: {}",
    "this storyteller writes English only; .+": "этот рассказчик пишет только по-английски; модель, которая пишет на"
    " других языках, называет --llm",
}


def told(text: str) -> str:
    """A reason or a note as a person reads it; what has no words of its own stays as it is."""
    if _STOPPED.fullmatch(text):
        return say("interrupted")
    if russian():
        for pattern, words in _RUSSIAN.items():
            if found := re.fullmatch(pattern, text):
                return words.format(*(_blocks(group) for group in found.groups()))
    return text


def _blocks(text: str) -> str:
    return ", ".join(_BLOCKS.get(word, word) for word in text.split(", "))
