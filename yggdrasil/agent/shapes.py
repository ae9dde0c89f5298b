"""Schemas for a weak model: every string is bound to the language's letters and ends, every name is a known one."""

from __future__ import annotations

import re
from typing import Any

Schema = dict[str, Any]
_CYRILLIC = ("А-ЯЁ", "А-Яа-яЁё")
_LATIN = ("A-Z", "A-Za-z")
_WIDE_LATIN = ("A-ZÀ-ÖØ-Þ", "A-Za-zÀ-ÖØ-öø-ÿĀ-ž")
_PLAIN = re.compile(r"[^\W\d_]+([ '-][^\W\d_]+)*")
_LETTERS = {
    "en": _LATIN, "ru": _CYRILLIC, "uk": ("А-ЯЁІЇЄҐ", "А-Яа-яЁёІіЇїЄєҐґ"), "bg": _CYRILLIC,
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


def sentence(language: str, low: int = 6, high: int = 22, starts: list[str] | None = None, holds: str = "") -> Schema:
    """One sentence of `low` to `high` words, so that a limit never cuts a word in two.

    `starts` are the only words that it may begin with, `holds` is a word that stands in its first half.
    """
    if language not in _LETTERS:
        return {"type": "string", "minLength": low * 3, "maxLength": high * 7}
    upper, letters = _LETTERS[language]
    plain = [start for start in starts or [] if _PLAIN.fullmatch(start)]
    head = f"({'|'.join(plain)})" if plain else f"[{upper}][{letters}']{{0,13}}"
    word = f"[{letters}']{{1,15}}"
    if not _PLAIN.fullmatch(holds):
        return {"type": "string", "pattern": f"^{head}( {word},?){{{low - 2},{high - 2}}} {word}[.!?]$"}
    half = high // 2
    tail = f"( {word},?){{1,{half}}} {word}[.!?]"
    return {"type": "string", "pattern": f"^{head}( {word},?){{0,{half}}} {holds}s?{tail}$"}


def phrase(language: str, low: int = 1, high: int = 3) -> Schema:
    """A few words without a full stop."""
    if language not in _LETTERS:
        return {"type": "string", "minLength": low * 2, "maxLength": high * 12}
    word = f"[{_LETTERS[language][1]}'-]{{2,15}}"
    return {"type": "string", "pattern": f"^{word}( {word}){{{low - 1},{high - 1}}}$"}


def name(language: str) -> Schema:
    """A proper name of one or two words."""
    if language not in _LETTERS:
        return {"type": "string", "minLength": 2, "maxLength": 30}
    upper, letters = _LETTERS[language]
    word = f"[{upper}][{letters}'-]{{1,11}}"
    return {"type": "string", "pattern": f"^{word}( {word})?$"}


def caption(thing: str = "") -> Schema:
    """What a painter is told, always in English: `thing` with a word or two before it, and where it is."""
    word = "[a-z]{2,12}"
    if not re.fullmatch(r"[a-z]+([ -][a-z]+)*", thing):
        return {"type": "string", "pattern": f"^an?( {word},?){{2,9}} {word}$"}
    around = "(in|on|at|near|under|above|behind|before)"
    return {"type": "string", "pattern": f"^an? ({word} ){{0,2}}{thing} {around}( {word},?){{1,7}} {word}$"}
