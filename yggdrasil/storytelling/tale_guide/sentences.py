"""Free sentences: the model writes several under a grammar, and the best one is taken if it is good enough."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yggdrasil.storytelling.tale_guide.phrases import pattern
from yggdrasil.storytelling.tale_guide.scribe import HEAD, NULL, Scribe
from yggdrasil.storytelling.tale_guide.word_tables import words

TRIES = 8
BAR = 0.6
"""How much likelier, a token, the tale must make a free sentence than a world of which nothing is known."""
FLOOR = -4.2
"""Mean log-probability a token that a free sentence must reach."""


def best_sentence(
    scribe: Scribe,
    prefix: str,
    frames: Sequence[str],
    slots: dict[str, str],
    told: Sequence[str],
    *,
    bar: float = BAR,
    floor: float = FLOOR,
    tries: int = TRIES,
) -> str:
    """The best of some sentences that the frames allow after `prefix`; "" if none is good enough.

    Judged by log-probability, by how much the prefix makes it likelier, and by how little it repeats `told`.
    """
    usable = [_fill(frame, slots) for frame in frames]
    usable = [frame for frame in usable if frame]
    if not usable:
        return ""
    written = scribe.continue_(
        prefix,
        tries,
        max_tokens=30,
        pattern=pattern(usable),
        temperature=0.8,
        top_p=0.92,
        min_p=0.04,
        repetition=1.0,
        seed=scribe.random.getrandbits(48),
    )
    texts = sorted({text.strip() for text in written if sound(text) and text.strip() not in HEAD})
    if not texts:
        return ""
    here = scribe.choose(prefix, [f" {t}" for t in texts])
    null = scribe.choose(NULL, [f" {t}" for t in texts])
    scores = [a + (a - b) - repeats(text, told, prefix) for text, a, b in zip(texts, here, null, strict=True)]
    best = max(range(len(texts)), key=lambda i: scores[i])
    good = here[best] >= floor and here[best] - null[best] >= bar and repeats(texts[best], told, prefix) < 1.0
    return texts[best] if good else ""


def _fill(frame: str, slots: dict[str, str]) -> str:
    """The frame with its slots, its first letter a capital; "" where a slot is missing."""
    try:
        filled = re.sub(r"\{(\w+)\}", lambda m: slots[m.group(1)], frame)
    except KeyError:
        return ""
    return filled[:1].upper() + filled[1:]


_WORD = re.compile(r"[a-z]{4,}")
_COMMON = frozenset(
    words(
        """
    people that with from they their into says knows speaks smells looks like thinks remembers dreams belonged
    came comes made stolen once saved children reminds waits listens eyes bright dark cold deep night sent
    looking
    """
    )
)


def content_words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if word not in _COMMON}


def repeats(text: str, told: Sequence[str], prefix: str) -> float:
    """A penalty for words that the last lines have used, for a doubled word and for a frame used before."""
    own = content_words(text)
    recent = content_words(" ".join(told[-6:]))
    line = content_words(prefix.rsplit("\n", 1)[-1])
    frame = " ".join(text.split()[:3])
    again = sum(frame in line for line in told[-6:])
    return 1.2 * len(own & recent) / max(1, len(own)) + 0.6 * len(own & line) + 0.8 * again


def sound(text: str) -> bool:
    """Whether a sentence is whole and does not say one noun twice."""
    words = re.findall(r"[A-Za-z']+", text)
    long = [w.lower() for w in words if len(w) > 3]
    return text.rstrip().endswith(".") and len(long) == len(set(long))


def worn(sentence: str, told: Sequence[str]) -> bool:
    """Whether a sentence, names aside, stands in what was told."""
    parts = [part.strip(" ,.") for part in re.split(r"\b[A-Z][a-z]+\b|\b(?:his|her|him|he|she)\b", sentence)]
    longest = max(parts, key=len)
    return any(sentence in line or (len(longest) > 8 and longest in line) for line in told)


def closed_sentence(scribe: Scribe, prefix: str, options: Sequence[str], told: Sequence[str]) -> str:
    """One of the ready sentences, the likeliest that was not told before; "" if all were."""
    fresh = [o for o in options if not worn(o, told)]
    if not fresh:
        return ""
    scores = scribe.gain(prefix, NULL, fresh)
    return scribe.pick(fresh, scores, 0.4)
