"""Which drawable things fit a wish, by what the model finds likely."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import cache
from typing import Any

from yggdrasil.storytelling.tale_guide.scribe import Scribe
from yggdrasil.storytelling.tale_guide.things import MODERN, a, kind_of
from yggdrasil.storytelling.tale_guide.wish import read_wish
from yggdrasil.storytelling.tale_guide.word_tables import words

SHORTLIST = 12
"""Things of each kind that a world is told with."""
_OURS = frozenset(
    words(
        """
    modern space robot robots future cyberpunk station spaceship today mars school circus
    """
    )
)
_fits: weakref.WeakKeyDictionary[Any, dict[tuple[str, ...], dict[str, float]]] = weakref.WeakKeyDictionary()


def thing_fits(scribe: Scribe, drawable: Sequence[str]) -> dict[str, float]:
    """Thing → how much likelier the wish makes it (0 is the mean, 1 a standard deviation).

    Computed once for a model and wish and kept: a pure function, so that keeping it changes nothing.
    """
    known = _fits.setdefault(scribe.llm, {})
    key = (scribe.wish, *drawable)
    if key not in known:
        known[key] = _measure(scribe, _thinkable(drawable, scribe.wish))
    return known[key]


def _measure(scribe: Scribe, things: list[str]) -> dict[str, float]:
    if not things:
        return {}
    first = _by(scribe, "World: {}\nThings: a stone,", "a place", things)
    best = {t for kind in {kind_of(t) for t in things} for t in _best(first, kind)}
    things = sorted(best | set(wished(scribe.wish)) & set(things))
    listed = [first[thing] for thing in things]
    found = list(_by(scribe, "Once upon a time, in {}, somebody found", "a place", things).values())
    scores = [x + y for x, y in zip(_standard(listed), _standard(found), strict=True)]
    return {
        thing: score + (1.5 if thing in wished(scribe.wish) else 0.0)
        for thing, score in zip(things, _standard(scores), strict=True)
    }


def _by(scribe: Scribe, frame: str, null: str, things: list[str]) -> dict[str, float]:
    gains = scribe.gain(frame.format(scribe.wish), frame.format(null), [a(thing) for thing in things])
    return dict(zip(things, gains, strict=True))


def _best(scores: dict[str, float], kind: str) -> list[str]:
    """The things of a kind that the first look likes most: only these get a second."""
    return sorted((t for t in scores if kind_of(t) == kind), key=lambda t: -scores[t])[:SHORTLIST]


@cache
def wished(wish: str) -> frozenset[str]:
    """The things that a wish names."""
    return frozenset(read_wish(wish).things)


def _thinkable(things: Sequence[str], wish: str) -> list[str]:
    """The things without those of our time, unless the wish names them or is of our time or later."""
    words = set(wish.lower().replace(",", " ").split())
    ours = bool(words & _OURS)
    return sorted({t for t in things if ours or t not in MODERN or t in wished(wish)})


def _standard(values: Sequence[float]) -> list[float]:
    mean = sum(values) / len(values)
    spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5 or 1.0
    return [(v - mean) / spread for v in values]
