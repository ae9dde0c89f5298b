"""What is wrong with a genre's file, all of it at once, each with its place and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from yggdrasil.contract.entry_points import GENRES
from yggdrasil.contract.errors import YggError, did_you_mean
from yggdrasil.contract.manifest import read_mapping
from yggdrasil.levels.genre.asked import HOLES, OWN, filled
from yggdrasil.levels.genre.book import CHARACTER, STAGES, Book, StageWords
from yggdrasil.levels.genre.shape import MADE, Shapes
from yggdrasil.state.content import KINDS

_NEEDED = {
    "found": ("places", "characters"),
    "development": ("text",),
    "architect": ("calls",),
    "author": ("text",),
    "update": ("operations",),
}
"""What the world reads of each stage's answer."""


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit: where, what, and what to write instead."""

    where: str
    what: str
    mend: str = ""


def faults_of(path: Path) -> tuple[Book | None, list[Fault]]:
    """The genre of a file as far as it can be read, and every fault of it."""
    try:
        data = read_mapping(path)
    except YggError as error:
        return None, [Fault(str(path), error.what, error.mend)]
    try:
        book = Book.model_validate(data)
    except ValidationError as error:
        return None, [_of_form(found) for found in error.errors(include_url=False)]
    return book, list(_within(book))


def _of_form(error: Any) -> Fault:
    place = [str(part) for part in error["loc"] if part != "[key]"]
    legal = Book.model_fields if len(place) == 1 else STAGES if place[0] == "stages" and len(place) == 2 else ()
    return Fault(".".join(place), str(error["msg"]), did_you_mean(place[-1], legal) if legal else "")


def _within(book: Book) -> Iterator[Fault]:
    if book.length not in book.lengths:
        yield Fault("length", f"there is no length {book.length!r}", did_you_mean(book.length, book.lengths))
    if book.guide and book.guide not in GENRES.names():
        yield Fault("guide", f"no package brings a guide {book.guide!r}", did_you_mean(book.guide, GENRES.names()))
    for kind, entity in book.entities.items():
        if kind in KINDS or entity.many in (f"{name}s" for name in KINDS):
            yield Fault(f"entities.{kind}", "every world has this kind already", "call yours otherwise")
    found = book.stages["found"].answer if "found" in book.stages else {}
    for name in book.hidden:
        if name not in found:
            yield Fault(f"hidden.{name}", "the founding has no such field", did_you_mean(name, found))
    yield from _unfilled("system", book.system)
    yield from _unfilled("brief.system", book.brief.system)
    for stage in STAGES:
        if stage not in book.stages:
            mend = "copy it from the template storytelling"
            yield Fault(f"stages.{stage}", "nothing says what this stage is asked", mend)
    for of, stages in (("stages", book.stages), ("brief.stages", book.brief.stages)):
        for stage, words in stages.items():
            yield from _of_stage(book, stage, words, f"{of}.{stage}")


def _of_stage(book: Book, stage: str, words: StageWords, place: str) -> Iterator[Fault]:
    holes = (*HOLES, *OWN) if stage == CHARACTER else HOLES
    yield from _unfilled(f"{place}.ask", words.ask, holes)
    for hole, said in words.also.items():
        if hole not in holes:
            yield Fault(f"{place}.also.{hole}", f"nothing is called {hole!r}", did_you_mean(hole, holes))
        yield from _unfilled(f"{place}.also.{hole}", said, holes)
    for name in _NEEDED.get(stage, ()):
        if name not in words.answer:
            yield Fault(f"{place}.answer", f"the answer has no {name!r}, which the world reads", f"add `{name}: …`")
    for name, spec in words.answer.items():
        try:
            _shapes(book).answer({name: spec}, f"{place}.answer")
        except YggError as error:
            yield Fault(error.where, error.what, error.mend)


def _unfilled(place: str, words: str, holes: tuple[str, ...] = HOLES) -> Iterator[Fault]:
    try:
        filled(words, dict.fromkeys(holes, ""))
    except YggError as error:
        yield Fault(place, error.what, error.mend)


def _shapes(book: Book) -> Shapes:
    known: dict[str, list[str]] = {kind: [] for kind in (*KINDS, *book.entities)}
    return Shapes(known, dict.fromkeys(MADE, dict))
