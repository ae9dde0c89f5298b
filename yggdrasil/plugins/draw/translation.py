"""Wishes in Russian become English words, and what was not understood is named."""

import json
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from yggdrasil.plugins.draw.vocabulary import vocabulary

LONGEST_PHRASE = 4
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_ENDING_LIST = (
    "иями ями ами иях ях ах ого его ому ему ыми ими ией ией иям ием ая яя ое ее ые ие ый ий ой ей ую юю ых их "
    "ым им ом ем ою ею ов ев ьев ью ья ье ия ию ии ам ям у ю а я ы и о е ь й"
)
_ENDINGS = sorted(_ENDING_LIST.split(), key=len, reverse=True)


def understand(text: str) -> tuple[str, list[str]]:
    """The text in English, and the Russian words that the dictionary lacks; other scripts pass unchanged."""
    found = list(_TOKEN.finditer(text.replace("́", "")))
    tokens = [token.group() for token in found]
    apart = ["" if at and token.start() == found[at - 1].end() else " " for at, token in enumerate(found)]
    english: list[str] = []
    unknown: list[str] = []
    at = 0
    while at < len(tokens):
        length, meaning = _longest(tokens[at : at + LONGEST_PHRASE])
        if length:
            english.append(apart[at] + meaning)
        else:
            unknown.append(tokens[at].lower())
        at += max(length, 1)
    return re.sub(r"\s+([,.;:!?)])", r"\1", "".join(english)).strip(), list(dict.fromkeys(unknown))


def _longest(tokens: list[str]) -> tuple[int, str]:
    if not _CYRILLIC.search(tokens[0]):
        return 1, tokens[0]
    words = [_plain(token) for token in tokens]
    functions, phrases = _functions(), _phrases()
    for length in range(len(words), 0, -1):
        if length == 1 and words[0] in functions:
            return 1, functions[words[0]]
        for likeness in _LIKENESSES:
            meaning = phrases.get(likeness(words[:length]))
            if meaning:
                return length, meaning
    return 0, ""


def _plain(word: str) -> str:
    return word.lower().replace("ё", "е")


def stem(word: str) -> str:
    """A Russian word less its case ending; two letters at least are left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= max(2, len(ending)):
            return word[: -len(ending)]
    return word


def _without_fleeting(root: str) -> str:
    """`замок` and `замк`, `огон` and `огн` are one word: a last о or е between consonants goes."""
    vowels = "аеиоуыэюя"
    if len(root) >= 3 and root[-2] in "ое" and root[-1] not in vowels and root[-3] not in vowels:
        return root[:-2] + root[-1]
    return root


_LIKENESSES: tuple[Callable[[list[str]], tuple[str, ...]], ...] = (
    lambda words: ("=", *words),
    lambda words: tuple(stem(word) for word in words),
    lambda words: ("~", *(_without_fleeting(stem(word)) for word in words)),
)
"""What two forms of a phrase share: every letter, the stems, the stems less a vowel that falls out in some cases."""


@cache
def _functions() -> dict[str, str]:
    return _dictionary()["functions"]


@cache
def _phrases() -> dict[tuple[str, ...], str]:
    """Each phrase in its likenesses → English; words made by hand win over names, names over the emoji list."""
    dictionary = _dictionary()
    things = {name: concept.label for concept in vocabulary().values() for name in concept.ru}
    known: dict[tuple[str, ...], str] = {}
    for source in (dictionary["words"], things, dictionary["emoji"]):
        for phrase, meaning in source.items():
            for likeness in _LIKENESSES:
                known.setdefault(likeness([_plain(word) for word in phrase.split()]), meaning)
    return known


@cache
def _dictionary() -> dict[str, dict[str, str]]:
    return json.loads(files("yggdrasil.plugins.draw").joinpath("russian.json").read_text("utf-8"))
