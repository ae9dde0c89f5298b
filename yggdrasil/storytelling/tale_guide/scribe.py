"""The one growing text that a tale is written in, and what the model finds likely in it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, TypeVar

from yggdrasil.contract import Block
from yggdrasil.contract.block_operations import operate

T = TypeVar("T")
HEAD = """World: a mountain monastery
People: Anselm the abbot, Brida the cook, Otto the shepherd
Places: the gate, the chapel, the cellar
Story:
- Anselm opens the gate for a blind singer, and Otto lends her his coat. She has walked for nine days.
- Brida bakes a pie for the singer, but the dog eats it before she does. Otto laughs until he cries.
- Snow closes the road, so the singer must stay for the winter. Anselm hears her sing in the chapel every night.

World: a river town of millers
People: Greta the miller, Hans the ferryman, Lisl the baker
Places: the mill, the bridge, the square
Story:
- The water rises under the bridge, and Hans ties his boat to the mill. Greta carries the flour upstairs.
- Lisl rows across the square with a basket on her head, and the children cheer. The bells ring on their own.

"""
NULL = "World: a place\nStory:\n-"
WINDOW = 6
"""The story is shown from a line that moves on by so many at once, so that its read beginning stays the same."""


class Scribe:
    """The text of one world at one step, and a random source that belongs to one task of it."""

    def __init__(self, llm: Block, context: dict[str, Any], seed: int, task: str) -> None:
        self.llm = llm
        self.seed = seed
        self.random = random.Random(f"{seed}:{task}")
        self.world: dict[str, Any] = context.get("world") or {}
        self.wish = plain_wish(context)
        self.story: list[str] = list(context.get("story") or [])

    @property
    def text(self) -> str:
        """Head, world and the newest part of the story, open for the next line."""
        people = [f"{c['name']} the {c['role']}" if c.get("role") else c["name"] for c in self._first("characters")]
        places = [p["name"] for p in self._first("places")]
        begin = max(0, (len(self.story) - WINDOW) // WINDOW * WINDOW)
        lines = "".join(f"- {line}\n" for line in self.story[begin:])
        return f"{HEAD}World: {self.wish}\nPeople: {', '.join(people)}\nPlaces: {', '.join(places)}\nStory:\n{lines}-"

    def _first(self, what: str) -> list[dict[str, Any]]:
        """The three that the world began with, so that this part of the text never changes."""
        return list(self.world.get(what) or [])[:3]

    def likely(self, candidates: Sequence[str], after: str = "") -> list[float]:
        """How much likelier each candidate is here than in a world of which nothing is known (per token)."""
        return self.gain(f"{self.text}{after}", f"{NULL}{after}", candidates)

    def gain(self, prefix: str, null: str, candidates: Sequence[str]) -> list[float]:
        """Mean log-probability after `prefix` less the same after `null`."""
        texts = [f" {candidate}" for candidate in candidates]
        return [a - b for a, b in zip(self.choose(prefix, texts), self.choose(null, texts), strict=True)]

    def choose(self, prefix: str, candidates: list[str]) -> list[float]:
        """Mean log-probability per token of each candidate after the prefix."""
        return operate(self.llm, "choose", "llm", prefix=prefix, candidates=candidates)

    def continue_(self, prefix: str, n: int, **how: Any) -> list[str]:
        """At most n texts that go on after the prefix."""
        return operate(self.llm, "continue_", "llm", prefix=prefix, n=n, **how)

    def pick(self, options: Sequence[T], scores: Sequence[float], temperature: float = 0.5) -> T:
        """One option, drawn by its score."""
        top = max(scores)
        weights = [math.exp((score - top) / temperature) for score in scores]
        return self.random.choices(list(options), weights)[0]


def plain_wish(context: dict[str, Any]) -> str:
    """The wish in English, its full stop taken off, with the style where one is asked for."""
    wish, _ = understood(str(context.get("wish") or ""))
    wish = wish.strip().rstrip(".!") or "a village"
    style = str(context.get("style") or "").strip()
    style_words, _ = understood(style)
    return f"{wish}, {style_words}" if style_words and style_words.lower() not in wish.lower() else wish


def understood(text: str) -> tuple[str, list[str]]:
    """The text in English and the words that were not understood; only Latin and Cyrillic letters are read."""
    from yggdrasil.plugins.draw.translation import understand

    english, unknown = understand(text)
    words = english.split()
    foreign = [
        w.strip(".,!?")
        for w in words
        if any(c.isalpha() and not ("a" <= c.lower() <= "z" or c in "éèöäüåøæñç") for c in w)
    ]
    kept = [w for w in words if w.strip(".,!?") not in foreign]
    return " ".join(kept), [*unknown, *foreign]
