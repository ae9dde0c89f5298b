"""The file of a genre: words, answers, lengths and kinds of things, which a person edits without Python."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yggdrasil.contract.errors import YggError
from yggdrasil.contract.manifest import read_mapping

ROLE = "genre"
"""The role of this file among a world's files."""
StageName = Literal["found", "development", "architect", "author", "update", "character"]
STAGES = ("found", "development", "architect", "author", "update")
CHARACTER = "character"
"""Whose words a genre may hold beside those of the stages: what a character is asked who acts for themselves."""


class GenreError(YggError):
    """A genre's file is none: which key, what is wrong with it, and what may stand there."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Length(_Part):
    """How long a told text is: in words that the model reads, and about how many letters that makes."""

    say: str = Field(min_length=1)
    letters: int = Field(ge=20, le=100_000)


class StageWords(_Part):
    """What one stage is asked. `also`: sentences added where what they name is there; `answer`: the short form."""

    ask: str = Field(min_length=1)
    also: dict[str, str] = {}
    answer: dict[str, Any] = Field(min_length=1)


class BriefWords(_Part):
    """The words for a small model where it needs others: what it knows always, and each of these stages whole."""

    system: str = ""
    stages: dict[StageName, StageWords] = {}


class EntityKind(_Part):
    """A kind of things of this genre's own: how many of them are called, and what each has beside name and looks."""

    many: str = Field(min_length=1)
    about: str = ""
    fields: dict[str, Any] = {}


class Book(_Part):
    """A genre as data. `guide` names one brought by a package, for models too weak to be asked plainly."""

    format: Literal[1]
    about: str = ""
    guide: str = ""
    languages: list[str] = []
    """Codes of the languages that it may be told in; none named: any that the model speaks."""
    system: str = Field(min_length=1)
    length: str = "paragraph"
    lengths: dict[str, Length]
    entities: dict[str, EntityKind] = {}
    hidden: list[str] = []
    """Fields of the founding that nobody in the world knows, and only its Environment is told."""
    stages: dict[StageName, StageWords]
    brief: BriefWords = BriefWords()

    def words(self, stage: str, *, brief: bool) -> tuple[str, StageWords]:
        """What is always known and what the stage is asked, in full or for a small model. Raises KeyError."""
        own = self.brief if brief else BriefWords()
        return own.system or self.system, {**self.stages, **own.stages}[stage]


def read_book(path: Path) -> Book:
    """The genre of the file. Raises GenreError for the first thing that is wrong; `faults_of` finds them all."""
    status = path.stat()
    return _read(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=32)
def _read(path: str, changed: int, size: int) -> Book:
    del changed, size
    try:
        return Book.model_validate(read_mapping(Path(path)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        mend = "`yggdrasil template check FOLDER` names every fault"
        raise GenreError(f"{place or 'the file'}: {first['msg']}", where=path, mend=mend) from None
