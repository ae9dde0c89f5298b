"""What of a long story is to the point: by meaning, where the world has an embedder, else by the words they share."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.tree import walk
from yggdrasil.state.task_context import stems

Ranks = Callable[[str, list[str]], list[int]]
"""How much each line is to the point of a text: 0 for a line that has nothing to do with it."""
_KIND = "embed/"
_NEAR = 0.2
"""Least cosine of two texts that have to do with each other; unrelated ones of MiniLM stand near 0."""
_STEPS = 1000
_SHORT = 6_000
"""Letters that every model's window holds, so that nobody need choose of them."""
_REMEMBERED = 50_000
_vectors: weakref.WeakKeyDictionary[Block, dict[str, list[float]]] = weakref.WeakKeyDictionary()


def ranks_of(world: Block) -> Ranks:
    """How the world's lines are ranked: by the first embedder that is a part of it, such as that of a search."""
    embedder = next((part for _, part in walk(world) if part.type_name.startswith(_KIND)), None)
    if embedder is None:
        return by_words

    def by_meaning(about: str, lines: list[str]) -> list[int]:
        if not about.strip() or sum(map(len, lines)) <= _SHORT:
            return by_words(about, lines)
        wanted = _vector(embedder, about)
        near = (sum(a * b for a, b in zip(wanted, _vector(embedder, line), strict=True)) for line in lines)
        return [max(0, round((cosine - _NEAR) * _STEPS)) for cosine in near]

    return by_meaning


def by_words(about: str, lines: list[str]) -> list[int]:
    """How many words each line shares with the text, inflected or not."""
    wanted = stems(about)
    return [len(wanted & _stems(line)) for line in lines]


@lru_cache(maxsize=65_536)
def _stems(line: str) -> frozenset[str]:
    """The words of a line, which stays the same while the world grows: looked at once a process."""
    return frozenset(stems(line))


def _vector(embedder: Block, text: str) -> list[float]:
    """The vector of a text, made once a process."""
    known = _vectors.setdefault(embedder, {})
    made: Any = known.get(text)
    if made is None:
        if len(known) >= _REMEMBERED:
            known.clear()
        made = known[text] = embedder.run(text=text)["value"]
    return made
