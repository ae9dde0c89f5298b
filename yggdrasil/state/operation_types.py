"""What may happen to a world's content, as typed operations that can be written down and read back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from yggdrasil.state.errors import OperationError

SETTABLE = ("title", "wish", "style", "time", "weather", "clock")


def tidy_name(name: str) -> str:
    """A name as worlds keep it: Unicode form NFC, no space around."""
    return unicodedata.normalize("NFC", name).strip()


Name = Annotated[str, AfterValidator(tidy_name)]
Kind = Annotated[str, Field(min_length=1), AfterValidator(tidy_name)]
"""place, character, item, fact, rule, or a kind that the genre declares."""


class _Op(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AddPlace(_Op):
    """A new place comes into being."""

    op: Literal["add_place"] = "add_place"
    name: Name
    description: str = ""
    scene: str = ""


class AddCharacter(_Op):
    """Someone new appears, at a known place or nowhere yet."""

    op: Literal["add_character"] = "add_character"
    name: Name
    role: str = ""
    place: Name = ""
    description: str = ""
    looks: str = ""
    voice: str = ""
    goals: list[str] = []


class AddItem(_Op):
    """A new thing, held by a known character or lying at a known place."""

    op: Literal["add_item"] = "add_item"
    name: Name
    holder: Name = ""
    place: Name = ""
    description: str = ""


class Add(_Op):
    """Something new of a kind that the genre declares, with fields of its own, at a known place or nowhere yet."""

    op: Literal["add"] = "add"
    kind: Kind
    name: Name
    description: str = ""
    status: str = ""
    place: Name = ""
    fields: dict[str, JsonValue] = {}


class AddFact(_Op):
    """Something is true from now on, known to all or only to those named; a fact already known changes nothing."""

    op: Literal["add_fact"] = "add_fact"
    text: str = Field(min_length=1)
    known_by: list[Name] | None = None


class Learn(_Op):
    """One more character gets to know a fact."""

    op: Literal["learn"] = "learn"
    character: Name
    fact: str


class Known(_Op):
    """Exactly these characters know a fact from now on, or everyone, if none is named."""

    op: Literal["known"] = "known"
    fact: str
    by: list[Name] | None = None


class AddRule(_Op):
    """A law of this world; one already known changes nothing."""

    op: Literal["add_rule"] = "add_rule"
    text: str = Field(min_length=1)


class Change(_Op):
    """One field of a thing takes a new value; null takes an own field away."""

    op: Literal["change"] = "change"
    kind: Kind
    name: Name
    field: str
    value: JsonValue


class Rename(_Op):
    """A thing gets another name, or a fact or rule other words; whatever names it follows."""

    op: Literal["rename"] = "rename"
    kind: Kind
    name: str
    to: str = Field(min_length=1)


class Move(_Op):
    """A character goes to a known place ('' = out of sight)."""

    op: Literal["move"] = "move"
    character: Name
    place: Name


class Give(_Op):
    """An item passes to a character or is laid down at a place; neither = it is lost."""

    op: Literal["give"] = "give"
    item: Name
    to_character: Name = ""
    to_place: Name = ""


class Remove(_Op):
    """Something leaves the world; who stood there or what was held goes nowhere. `at`: which one of equal texts."""

    op: Literal["remove"] = "remove"
    kind: Kind
    name: str
    at: int | None = Field(default=None, ge=0)


class AppendStory(_Op):
    """A line is added to the story, and what it comes to."""

    op: Literal["append_story"] = "append_story"
    text: str = Field(min_length=1)
    summary: str = ""


class Set(_Op):
    """A field of the world itself: title, wish, style, time, weather, clock, `glossary.TERM`, `extra.NAME`."""

    op: Literal["set"] = "set"
    field: str
    value: JsonValue


class Unset(_Op):
    """An entry of `glossary.TERM` or `extra.NAME` goes."""

    op: Literal["unset"] = "unset"
    field: str


class Insert(_Op):
    """Put something back where it stood: the inverse of a removal."""

    op: Literal["insert"] = "insert"
    kind: Kind
    at: int = Field(ge=0)
    record: JsonValue


class Unwrite(_Op):
    """Take back the last line of the story: the inverse of append_story."""

    op: Literal["unwrite"] = "unwrite"


Operation = Annotated[
    AddPlace | AddCharacter | AddItem | Add | AddFact | AddRule | Learn | Known | Change | Rename | Move | Give
    | Remove | AppendStory | Set | Unset | Insert | Unwrite,
    Field(discriminator="op"),
]  # fmt: skip
_OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])


def parse_operations(values: Iterable[Any], where: str = "operations") -> list[Operation]:
    """Typed operations from JSON. Raises OperationError naming the first one that is none."""
    try:
        return _OPERATIONS.validate_python(list(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise OperationError(
            f"{path}: {first['msg']}", where=where, mend='an operation is {"op": "add_fact", "text": …} or the like'
        ) from None


def to_json(operations: Iterable[Operation]) -> list[dict[str, Any]]:
    """Operations as plain JSON, defaults left out."""
    return [{"op": o.op, **o.model_dump(mode="json", exclude_defaults=True)} for o in operations]
