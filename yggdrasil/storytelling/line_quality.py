"""How bad a line is: whether it says again what was said, or breaks off."""

from __future__ import annotations

from collections.abc import Iterable

from yggdrasil.state.task_context import stems

_TOLERATED = 0.6
_LAST = 12
_LOOSE_ENDS = frozenset(
    "a an the of to in on at and or with for from by his her their и в на с к у о по за".split()  # noqa: SIM905
)


def repeats(text: str, earlier: list[str], names: Iterable[str] = ()) -> float:
    """0 while less than six tenths of the text's words stand in one of the last twelve lines, else how many do."""
    apart = {stem for name in names for stem in stems(name)}
    own = stems(text) - apart
    if not own:
        return 0.0
    shares = [len(own & stems(line)) / len(own) for line in earlier[-_LAST:]]
    worst = max(shares, default=0.0)
    return worst if worst > _TOLERATED else 0.0


def shortened(text: str, limit: int) -> str:
    """The text in at most `limit` letters: cut after a sentence if one ends in time, else after a word."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [head.rfind(mark) for mark in (". ", "! ", "? ")]
    if max(ends) > 0:
        return head[: max(ends) + 1]
    words = (head.rpartition(" ")[0] or head).rstrip(" ,;:-").split(" ")
    while len(words) > 1 and words[-1].lower() in _LOOSE_ENDS:
        words.pop()
    return " ".join(words)[: limit - 1] + "."


def in_words(text: str, words: int, stop: str = "") -> str:
    """The text in at most `words` words: cut after a sentence if one ends in time, else after a word and by `stop`."""
    spoken = text.split()
    if len(spoken) <= words:
        return text
    spoken = spoken[:words]
    last = next((at for at in range(words, 0, -1) if spoken[at - 1][-1] in ".!?"), 0)
    if last:
        return " ".join(spoken[:last])
    spoken[-1] = spoken[-1].rstrip(",;:-")
    while len(spoken) > 1 and spoken[-1].lower() in _LOOSE_ENDS:
        spoken.pop()
        spoken[-1] = spoken[-1].rstrip(",;:-")
    return " ".join(spoken) + stop


def unfinished(text: str) -> float:
    """1 if the sentence ends on a word that asks for another one."""
    last = text.rstrip(" .!?").rpartition(" ")[2].lower()
    return float(last in _LOOSE_ENDS)
