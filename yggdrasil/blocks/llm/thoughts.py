"""What a model thinks before it answers, parted from the answer: in tags, whole or in pieces, for every model."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from yggdrasil.contract import Here, here, standing
from yggdrasil.contract.events import EventKind
from yggdrasil.contract.readers import Audience

_OPENING = ("<think>", "<thinking>")
_THOUGHT = re.compile(r"\s*<(think|thinking)>.*?(?:</\1>\s*|\Z)", re.DOTALL)
_BEGUN_BEFORE = re.compile(r"\A(?:.*?\n)?</think>[ \t]*(?:\n\s*|\Z)", re.DOTALL)
"""The end of a thought on a line of its own: a chat template may have begun it, unseen."""


def without_thoughts(text: str) -> str:
    """The answer alone: thoughts stand before it, and one that never ends is all that there is."""
    begun = _THOUGHT.match(text)
    if begun is None:
        return _BEGUN_BEFORE.sub("", text, count=1)
    while begun:
        text = text[begun.end() :]
        begun = _THOUGHT.match(text)
    return text


@contextmanager
def thoughts_apart() -> Generator[None]:
    """Inside, pieces of a thought are told as `thought`, and those of the answer as `token`."""
    place = here()
    if place.audience is None:
        yield
        return
    apart = _Apart(place.audience)
    with standing(place.but(audience=apart)):
        yield
    apart.end()


class _Apart(Audience):
    """The same readers, told by what the pieces are."""

    __slots__ = ("_texts",)

    def __init__(self, audience: Audience) -> None:
        super().__init__(())
        self.run, self.seats, self.taps = audience.run, audience.seats, audience.taps
        self.kept_from, self.watched = audience.kept_from, audience.watched
        self._texts: dict[str, tuple[Here, Pieces]] = {}

    def tell(self, kind: EventKind, place: Here, data: dict[str, Any]) -> None:
        if kind != "token" or not data["text"]:
            super().tell(kind, place, data)
            return
        _, pieces = self._texts.setdefault(place.path, (place, Pieces()))
        self._say(place, pieces.take(data["text"]))

    def end(self) -> None:
        """Tell what was held back."""
        for place, pieces in self._texts.values():
            self._say(place, pieces.rest())

    def _say(self, place: Here, parts: Iterator[tuple[EventKind, str]]) -> None:
        for kind, text in parts:
            super().tell(kind, place, {"text": text})


class Pieces:
    """A text in pieces, whose tags may be cut anywhere; gives its parts as (`thought` or `token`, text)."""

    def __init__(self) -> None:
        self._held, self._closing, self._thought = "", "", False
        self._answering = False

    def take(self, piece: str) -> Iterator[tuple[EventKind, str]]:
        """What can be told now."""
        if self._answering:
            yield "token", piece
            return
        self._held += piece
        while self._held and not self._answering:
            before = self._held
            yield from self._inside() if self._closing else self._outside()
            if self._held == before:
                return

    def rest(self) -> Iterator[tuple[EventKind, str]]:
        """What is held when no more comes."""
        held, self._held = self._held, ""
        if held and (self._closing or held.strip() or not self._thought):
            yield ("thought" if self._closing else "token"), held

    def _inside(self) -> Iterator[tuple[EventKind, str]]:
        thought, closed, after = self._held.partition(self._closing)
        if not closed:
            end = len(thought) - _begun(thought, self._closing)
            thought, after = thought[:end], thought[end:]
        else:
            self._closing = ""
        self._held = after
        if thought:
            yield "thought", thought

    def _outside(self) -> Iterator[tuple[EventKind, str]]:
        begun = self._held.lstrip()
        opening = next((tag for tag in _OPENING if begun.startswith(tag)), "")
        if opening:
            self._held, self._closing, self._thought = begun[len(opening) :], f"</{opening[1:]}", True
        elif not any(tag.startswith(begun) for tag in _OPENING):
            told = begun if self._thought else self._held
            self._answering, self._held = True, ""
            yield "token", told


def _begun(text: str, tag: str) -> int:
    """How many letters at the text's end may begin the tag."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
