"""Schemas for a weak model: every string is bound to the language's letters and ends, every name is a known one."""

from __future__ import annotations

import re
from typing import Any

Schema = dict[str, Any]
_CYRILLIC = ("А-ЯЁ", "а-яё")
_LATIN = ("A-Z", "a-z")
_WIDE_LATIN = ("A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿĀ-ž")
_DEEDS = (
    "sees", "finds", "takes", "holds", "follows", "shows", "watches", "meets", "hears", "carries", "brings", "leaves",
    "lifts", "hides", "mends", "steals", "wakes", "draws", "opens", "feeds", "chases", "saves", "fears", "calls",
)  # fmt: skip
_LOOKS = (
    "small", "big", "old", "new", "red", "blue", "green", "golden", "black", "white", "grey", "broken", "lonely",
    "bright", "dark", "strange",
)  # fmt: skip
_PLAIN = re.compile(r"[^\W\d_]+([ '-][^\W\d_]+)*")
_LETTERS = {
    "en": _LATIN, "ru": _CYRILLIC, "uk": ("А-ЯЁІЇЄҐ", "а-яёіїєґ"), "bg": _CYRILLIC,
    **dict.fromkeys(("de", "fr", "es", "it", "pt", "nl", "sv", "no", "da", "fi", "pl", "cs"), _WIDE_LATIN),
}  # fmt: skip


def object_of(**properties: Schema) -> Schema:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def list_of(items: Schema, low: int, high: int) -> Schema:
    return {"type": "array", "items": items, "minItems": low, "maxItems": high}


def one_of(values: list[Any]) -> Schema:
    return {"enum": values}


def plain(text: str) -> bool:
    """Whether a text is made of words alone, so that it can stand in a pattern."""
    return _PLAIN.fullmatch(text) is not None


def sentence(language: str, low: int = 6, high: int = 22, starts: list[str] | None = None) -> Schema:
    """One sentence of `low` to `high` words, so that a limit never cuts a word in two.

    `starts` are the only words that it may begin with.
    """
    if language not in _LETTERS:
        return {"type": "string", "minLength": low * 3, "maxLength": high * 7}
    plain = [start for start in starts or [] if _PLAIN.fullmatch(start)]
    upper, letters = _LETTERS[language]
    head = f"({'|'.join(plain)})" if plain else f"[{upper}][{upper}{letters}']{{0,13}}"
    return _going_on(language, head, low, high)


def sight(people: list[str], thing: str, low: int = 4, high: int = 19) -> Schema:
    """An English sentence that begins with `thing`, or with people who do something with it."""
    if not _PLAIN.fullmatch(thing):
        return sentence("en")
    plain = [name for name in people if _PLAIN.fullmatch(name)]
    who = f"({'|'.join(plain)}) ({'|'.join(_DEEDS)}) (the|a|an|his|her) {thing}"
    return _going_on("en", f"({who}|(The|A|An) {thing})" if plain else f"(The|A|An) {thing}", low, high)


def _going_on(language: str, head: str, low: int, high: int) -> Schema:
    upper, letters = _LETTERS[language]
    word = f"[{upper}{letters}]{{1,15}}('[{letters}]{{1,2}})?"
    return {"type": "string", "pattern": f"^{head}( {word},?){{{low - 2},{high - 2}}} {word}[.!?]$"}


def phrase(language: str, low: int = 1, high: int = 3, small: bool = False) -> Schema:
    """A few words without a full stop; in small letters alone if it should be no name."""
    if language not in _LETTERS:
        return {"type": "string", "minLength": low * 2, "maxLength": high * 12}
    upper, letters = _LETTERS[language]
    word = f"[{letters if small else upper + letters}'-]{{1,15}}"
    return {"type": "string", "pattern": f"^{word}( {word}){{{low - 1},{high - 1}}}$"}


def name(language: str, words: int = 1) -> Schema:
    """A proper name of `words` words (one or two)."""
    if language not in _LETTERS:
        return {"type": "string", "minLength": 2, "maxLength": 30}
    upper, letters = _LETTERS[language]
    word = f"[{upper}][{letters}'-]{{2,13}}"
    return {"type": "string", "pattern": f"^{' '.join([word] * words)}$"}


def caption(thing: str = "") -> Schema:
    """What a painter is told, always in English: `thing`, how it looks, and where it is."""
    word = "[a-z]{1,12}"
    if not re.fullmatch(r"[a-z]+([ -][a-z]+)*", thing):
        return {"type": "string", "pattern": f"^an?( {word},?){{2,9}} {word}$"}
    around = "(in|on|at|near|under|above|behind|before)"
    looks = f"(({'|'.join(_LOOKS)}) ){{0,2}}"
    return {"type": "string", "pattern": f"^an? {looks}{thing} {around}( {word}){{1,8}}$"}
