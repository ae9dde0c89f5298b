"""Schemas for a weak model: every string is bound to the language's letters and ends, every name is a known one."""

from __future__ import annotations

import re
from typing import Any, cast

from yggdrasil.storytelling.line_quality import in_words

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
_ROOM = 6
"""Words that a text may go over its bound before it is cut."""
_LETTERS_MOST = 24
"""Letters of the longest word; no language that is told here has a longer one in common use."""
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


class Worded(dict[str, Any]):
    """The schema of a text: `head`, `low` … `most` times `more`, `end`; it should have at most `words` words.

    The pattern has room for more of them, since a model that may write no further word presses it into the last one:
    a text that met the pattern's bound is cut after a word by `ended`.
    """

    def __init__(self, head: str, more: str, low: int, most: int, end: str, words: int) -> None:
        super().__init__(type="string", pattern=f"^{head}({more}){{{low},{most}}}{end}$")
        self.words, self._met = words, re.compile(f"{head}({more}){{{most}}}{end}")
        self._stop = "." if end.endswith("[.!?]") else ""

    def ended(self, text: str) -> str:
        """The text, or its first words if it went as far as it could."""
        return in_words(text, self.words, self._stop) if self._met.fullmatch(text) else text


def ended(value: Any, schema: Any) -> Any:
    """The answer, in which every text that met the bound of its pattern ends after a sentence or a word."""
    if isinstance(schema, Worded) and isinstance(value, str):
        return schema.ended(value)
    if isinstance(value, list) and "items" in schema:
        return [ended(part, schema["items"]) for part in cast(list[Any], value)]
    if isinstance(value, dict):
        own = next((o for o in schema.get("anyOf", []) if _is_of(value, o)), schema).get("properties", {})
        return {name: ended(part, own.get(name, {})) for name, part in cast(dict[str, Any], value).items()}
    return value


def _is_of(value: Any, option: Schema) -> bool:
    return all(value.get(name) == part["const"] for name, part in option["properties"].items() if "const" in part)


def sentence(language: str, low: int = 6, high: int = 22, starts: list[str] | None = None) -> Schema:
    """One sentence of `low` to `high` words, so that a limit never cuts a word in two.

    `starts` are the only words that it may begin with.
    """
    if language not in _LETTERS:
        return {"type": "string", "minLength": low * 3, "maxLength": high * 7}
    plain = [start for start in starts or [] if _PLAIN.fullmatch(start)]
    upper, letters = _LETTERS[language]
    head = f"({'|'.join(plain)})" if plain else f"[{upper}][{upper}{letters}']{{0,{_LETTERS_MOST}}}"
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
    word = _word(upper + letters, letters)
    return Worded(head, f" {word},?", low - 2, high + _ROOM, f" {word}[.!?]", high)


def _word(first: str, letters: str) -> str:
    """A word, or several with hyphens or apostrophes between them."""
    return f"[{first}]{{1,{_LETTERS_MOST}}}(['-][{letters}]{{1,{_LETTERS_MOST}}}){{0,3}}"


def phrase(language: str, low: int = 1, high: int = 3, small: bool = False) -> Schema:
    """A few words without a full stop; in small letters alone if it should be no name."""
    if language not in _LETTERS:
        return {"type": "string", "minLength": low * 2, "maxLength": high * 12}
    upper, letters = _LETTERS[language]
    word = _word(letters if small else upper + letters, letters)
    return Worded(word, f" {word}", low - 1, high + _ROOM, "", high)


def name(language: str, words: int = 1) -> Schema:
    """A proper name of `words` words, more or less: "Vik", "The Sunken Castle", "Hall of Kings".

    Only its first letter must be a capital: a model that may not write a small one glues it to the word before.
    """
    if language not in _LETTERS:
        return {"type": "string", "minLength": 2, "maxLength": 30}
    upper, letters = _LETTERS[language]
    word = f"[{upper}][{letters}']{{1,{_LETTERS_MOST}}}(-[{upper}{letters}][{letters}]{{1,{_LETTERS_MOST}}})?"
    return Worded(word, f" {_word(upper + letters, letters)}", 0, words + _ROOM, "", words + 2)


def caption(thing: str = "") -> Schema:
    """What a painter is told, always in English: `thing`, how it looks, and where it is."""
    word = _word("a-z", "a-z")
    if not re.fullmatch(r"[a-z]+([ -][a-z]+)*", thing):
        return Worded("an?", f" {word},?", 2, 9 + _ROOM, f" {word}", 11)
    around = "(in|on|at|near|under|above|behind|before)"
    looks = f"(({'|'.join(_LOOKS)}) ){{0,2}}"
    return Worded(f"an? {looks}{thing} {around}", f" {word}", 1, 8 + _ROOM, "", 12 + len(thing.split()))
