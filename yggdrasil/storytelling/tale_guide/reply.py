"""A free prompt gets a whole sentence that goes on from it."""

from __future__ import annotations

from typing import Any

from yggdrasil.contract import YggError
from yggdrasil.storytelling.tale_guide.scribe import Scribe, understood
from yggdrasil.storytelling.tale_guide.word_tables import words

_WORD = "[a-z]{1,12}"
PATTERN = rf" ?[A-Za-z][a-z]{{0,11}}( {_WORD}){{3,12}}(, {_WORD}( {_WORD}){{2,9}})?\."
_OPEN_END = frozenset(
    words(
        """
    the a an of to and with in his her their for that from by on at is was has it he she they
    """
    )
)


class NothingSaid(YggError):
    """None of the continuations was a whole sentence."""


def reply(scribe: Scribe, context: dict[str, Any]) -> dict[str, Any]:
    """`text`: the prompt's continuation, whole sentences only; `unknown`: words that were not understood."""
    english, unknown = understood(str(context.get("prompt") or ""))
    prefix = f"{english.strip()}\n\n" if english.strip().endswith((".", "!", "?")) else english.strip()
    written = scribe.continue_(
        prefix or "Once upon a time", 6, max_tokens=44, pattern=PATTERN, seed=scribe.random.getrandbits(48)
    )
    whole = sorted({t.strip() for t in written if t.rstrip(" .").rsplit(" ", 1)[-1] not in _OPEN_END})
    if not whole:
        raise NothingSaid("the model found no whole sentence", mend="ask in other words, or with another seed")
    scores = scribe.choose(prefix or "Once upon a time", [f" {t}" for t in whole])
    return {"text": whole[max(range(len(whole)), key=lambda i: scores[i])], "unknown": unknown}
