"""What a wish names: people, places, things, a season; and which of its words nothing came of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from yggdrasil.storytelling.tale_guide.founding_words import MOOD_WORDS, NAMES, ROLES, SPOTS, Spot, is_ground
from yggdrasil.storytelling.tale_guide.things import canonical, kind_of, known_things, nearest
from yggdrasil.storytelling.tale_guide.wish_words import (
    AGENTS,
    NAMED_SPOTS,
    ROLES_BY_NAME,
    SEASON_WORDS,
    SEASONS,
    SETTINGS,
    TRADES,
)
from yggdrasil.storytelling.tale_guide.word_tables import words

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_WITHIN = ("of", "in", "at", "from", "near", "on", "called", "named")
_MOST = 3


@dataclass
class Wish:
    """What is named, in the order of the words; `unknown` are words that nothing in the world will come of."""

    roles: list[str] = field(default_factory=list[str])
    people: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Proper names, each with the role that the wish gives it ("" if none)."""
    spots: list[Spot] = field(default_factory=list[Spot])
    things: list[str] = field(default_factory=list[str])
    season: str = ""
    called: str = ""
    """The name of the whole place: Eldoria in "the kingdom of Eldoria"."""
    unknown: list[str] = field(default_factory=list[str])


def read_wish(text: str) -> Wish:
    """Read a wish in English."""
    tokens = _TOKEN.findall(text)
    wish, at = Wish(), 0
    while at < len(tokens):
        at += _take(wish, tokens, at)
    for name in ("roles", "spots", "things", "unknown"):
        setattr(wish, name, list(dict.fromkeys(getattr(wish, name))))
    return wish


def singular(word: str) -> list[str]:
    """The word, then what it may be the plural of."""
    forms = [word]
    for plural, single in (("ves", "f"), ("ies", "y"), ("men", "man"), ("es", ""), ("s", "")):
        if word.endswith(plural) and len(word) > len(plural) + 2:
            forms.append(word.removesuffix(plural) + single)
    return forms


def named_spot(phrase: str) -> Spot | None:
    """The place of that name, without its article."""
    return _spots().get(phrase)


def spot(name: str) -> Spot:
    """What is known of a place by its name; an unknown one is taken "at"."""
    return named_spot(name.removeprefix("the ")) or Spot(name, "at", "")


def _take(wish: Wish, tokens: list[str], at: int) -> int:
    """Read what begins at a token; how many tokens it was."""
    if at and tokens[at].lower() in ROLES and _many(tokens[at - 1].lower()):
        wish.unknown.append(tokens[at].lower())
        return 1
    for length in range(min(_MOST, len(tokens) - at), 0, -1):
        low = [token.lower() for token in tokens[at : at + length]]
        if length == 1 and len(tokens) > at + 1 and _compound(wish, low[0], tokens[at + 1].lower()):
            return 2
        forms = [" ".join([*low[:-1], form]) for form in singular(low[-1])]
        if any(_named(wish, form) for form in forms) or any(is_ground(f) or f in MOOD_WORDS for f in forms):
            return length
    word = tokens[at].lower()
    if not (_single(wish, word) or _proper(wish, tokens, at)):
        wish.unknown.append(word)
        like = next((label for form in singular(word) if (label := nearest(form))), "")
        if like and kind_of(like) != "person":
            wish.things.append(like)
    return 1


def _named(wish: Wish, phrase: str) -> bool:
    if phrase in SEASONS or phrase in SEASON_WORDS:
        wish.season = SEASON_WORDS.get(phrase, phrase)
    elif phrase in ROLES or phrase in ROLES_BY_NAME:
        wish.roles.append(phrase)
    elif phrase in SETTINGS:
        pass
    elif (spot := named_spot(phrase)) is not None:
        wish.spots.append(spot)
    elif phrase in known_things() and kind_of(phrase) == "person":
        wish.roles.append(canonical(phrase))
    elif phrase in known_things() and not is_ground(phrase):
        wish.things.append(canonical(phrase))
    else:
        return False
    return True


def _compound(wish: Wish, first: str, second: str) -> bool:
    """A role of two words: its first word is a place or a thing besides, if it is one."""
    agents = [form for form in singular(second) if form in AGENTS]
    if not agents or first in SETTINGS or is_quiet(first) or _many(first):
        return False
    wish.roles.append(f"{first} {agents[0]}")
    if (spot := named_spot(first)) is not None:
        wish.spots.append(spot)
    elif first in known_things() and kind_of(first) != "person":
        wish.things.append(canonical(first))
    return True


def _many(word: str) -> bool:
    """Whether a word is the plural of a thing: after it, a word that may be a role is what they do."""
    return any(form in known_things() for form in singular(word)[1:])


def _single(wish: Wish, word: str) -> bool:
    if is_quiet(word):
        return True
    trade = next((form for form in singular(word) if form.endswith(TRADES) and len(form) > 6), "")
    if trade:
        wish.roles.append(trade)
    return bool(trade)


def _proper(wish: Wish, tokens: list[str], at: int) -> bool:
    """A capital within the wish makes a name: of the whole place after "in" or "of", else of a person."""
    name, before, after = tokens[at], tokens[at - 1].lower() if at else "", [t.lower() for t in tokens[at + 1 : at + 4]]
    titled = after[:1] == ["the"]
    if not name[0].isupper() or (at == 0 and name not in _names() and not titled):
        return False
    if name not in _names() and before in _WITHIN and not (before in ("named", "called") and wish.roles):
        wish.called = name
        return True
    role = _role(after[1:]) if titled else ""
    if before in ("named", "called") and wish.roles:
        role = wish.roles[-1]
    wish.people.append((name, role))
    return True


def _role(after: list[str]) -> str:
    return next((r for n in (2, 1) if (r := " ".join(after[:n])) in ROLES or r in ROLES_BY_NAME), "")


def is_quiet(word: str) -> bool:
    """Whether a word asks for nothing by itself."""
    from yggdrasil.plugins.draw.vocabulary import lexicon

    return word in lexicon()["quiet"] or word in _GRAMMAR


_GRAMMAR = frozenset(
    words(
        """
    named called i you he she they we who whose which what where when why how has have had be been being will would
    can could may might must should do does did not no nobody everyone everybody all every each any many much more
    most few only but so than then now again once about after until without against along like just also own same
    other another two three four five six seven ten hundred thousand first last if because my your our us them him
    me
    """
    )
)


@cache
def _names() -> frozenset[str]:
    return frozenset(name for both in NAMES.values() for half in both for name in half)


@cache
def _spots() -> dict[str, Spot]:
    return {spot.name.removeprefix("the "): spot for spot in (*NAMED_SPOTS, *SPOTS)}
