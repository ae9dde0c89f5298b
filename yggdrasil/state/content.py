"""What a world consists of between two steps: the content that only World update may change."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from yggdrasil.contract.digest import digest
from yggdrasil.state.errors import UnknownName
from yggdrasil.state.operation_types import tidy_name

KINDS = ("place", "character", "item")
"""The kinds of named things in every world; a genre may declare further ones."""
TEXTS = ("fact", "rule")
"""What a world holds as mere text."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)
    added: ClassVar[tuple[str, ...]] = ()
    """Fields of a later version: left out while empty, so that what was written before keeps its digest."""

    @model_serializer(mode="wrap")
    def _plain(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        whole: dict[str, Any] = plain(self)
        return {name: value for name, value in whole.items() if value or name not in self.added}


class _Named(_Part):
    name: str = Field(min_length=1, max_length=200)
    description: str = ""
    status: str = ""

    @field_validator("name")
    @classmethod
    def _one_form(cls, name: str) -> str:
        tidy = tidy_name(name)
        if not tidy:
            raise ValueError("a name needs at least one letter")
        return tidy


class Place(_Named):
    """Somewhere in the world; `scene` is the drawable kind of ground (meadow, sea, room …)."""

    scene: str = ""


class Character(_Named):
    """Someone in the world; `place` names where they stand ('' = nowhere known)."""

    added: ClassVar[tuple[str, ...]] = ("looks", "voice", "goals")
    role: str = ""
    place: str = ""
    looks: str = ""
    voice: str = ""
    goals: list[str] = []


class Item(_Named):
    """Something in the world, held by a character or lying at a place; both '' = lost or nowhere known."""

    holder: str = ""
    place: str = ""

    @model_validator(mode="after")
    def _one_home(self) -> Item:
        if self.holder and self.place:
            raise ValueError(f"item {self.name!r} is both held by {self.holder!r} and lying at {self.place!r}")
        return self


class Entity(_Named):
    """One of a kind that the genre declares, with fields of its own; `place` names where it is ('' = nowhere known)."""

    place: str = ""
    fields: dict[str, JsonValue] = {}

    @field_validator("fields")
    @classmethod
    def _own(cls, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
        taken = sorted({"", *cls.model_fields} & set(fields))
        if taken:
            raise ValueError(f"an own field cannot be called {taken[0]!r}")
        return {name: value for name, value in fields.items() if value is not None}


class Content(_Part):
    """A world's content as plain data. Names are unique within their kind; `extra` is the world's own.

    `known_by`: fact → the characters who know it; one that is absent is known to all. `entities`: the genre's own
    kinds. `summaries`: the number of a story's line → what it comes to.
    """

    added: ClassVar[tuple[str, ...]] = ("known_by", "entities", "summaries")
    wish: str = ""
    title: str = ""
    story: list[str] = []
    places: list[Place] = []
    characters: list[Character] = []
    items: list[Item] = []
    facts: list[str] = []
    style: str = ""
    rules: list[str] = []
    glossary: dict[str, str] = {}
    time: str = ""
    weather: str = ""
    clock: int = Field(default=0, ge=-(2**53), le=2**53)
    extra: dict[str, JsonValue] = {}
    known_by: dict[str, list[str]] = {}
    entities: dict[str, list[Entity]] = {}
    summaries: dict[str, str] = {}

    @field_validator("known_by")
    @classmethod
    def _each_once(cls, known_by: dict[str, list[str]]) -> dict[str, list[str]]:
        return {fact: list(dict.fromkeys(map(tidy_name, names))) for fact, names in known_by.items()}

    @field_validator("entities")
    @classmethod
    def _own_kinds(cls, entities: dict[str, list[Entity]]) -> dict[str, list[Entity]]:
        for kind in entities:
            if kind in (*KINDS, *TEXTS) or not kind.strip():
                raise ValueError(f"a kind of one's own cannot be called {kind!r}")
        return {kind: things for kind, things in entities.items() if things}

    @model_validator(mode="after")
    def _known_knowers(self) -> Content:
        for fact, names in self.known_by.items():
            if fact not in self.facts:
                raise ValueError(f"known_by names no fact of this world: {fact!r}")
            if strange := sorted(set(names) - set(self.names("character"))):
                raise ValueError(f"known_by names no character of this world: {', '.join(strange)}")
        return self

    @model_validator(mode="after")
    def _lines_summed_up(self) -> Content:
        for line in self.summaries:
            if not (line.isdecimal() and str(int(line)) == line and int(line) < len(self.story)):
                raise ValueError(f"summaries names no line of the story: {line!r}; the first one is '0'")
        return self

    @model_validator(mode="after")
    def _unique_names(self) -> Content:
        for kind in (*KINDS, *self.entities):
            names = self.names(kind)
            twice = sorted(n for n, times in Counter(names).items() if times > 1)
            if twice:
                raise ValueError(f"two {kind}s are named {', '.join(twice)}")
        return self

    def copied(self) -> Content:
        """The same content, sharing nothing that could be changed in place; a text is its own copy."""
        fresh: dict[str, Any] = {name: value for name, value in self if isinstance(value, str | int)}
        fresh |= {name: list(getattr(self, name)) for name in ("story", "facts", "rules")}
        fresh |= {name: [thing.model_copy() for thing in getattr(self, name)] for name in ("places", "items")}
        fresh["characters"] = [who.model_copy(update={"goals": list(who.goals)}) for who in self.characters]
        fresh |= {"glossary": dict(self.glossary), "extra": copy.deepcopy(self.extra)}
        fresh |= {"known_by": {fact: list(names) for fact, names in self.known_by.items()}}
        fresh |= {"entities": copy.deepcopy(self.entities), "summaries": dict(self.summaries)}
        return self.model_copy(update=fresh)

    def named(self, kind: str) -> list[Any]:
        """The places, characters, items, or those of an own kind."""
        everywhere = {"place": self.places, "character": self.characters, "item": self.items}
        return everywhere[kind] if kind in everywhere else self.entities.get(kind, [])

    def names(self, kind: str) -> list[str]:
        """The names of all things of a kind, in their order."""
        return [thing.name for thing in self.named(kind)]

    def known_to(self, character: str) -> list[str]:
        """The facts that this character knows. Raises UnknownName for someone who is not there."""
        known, name = self.names("character"), tidy_name(character)
        if name not in known:
            raise UnknownName("character", character, known, "content")
        return [fact for fact in self.facts if fact not in self.known_by or name in self.known_by[fact]]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, whole."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """sha256 (hex) of the canonical JSON of the whole content."""
        return digest(self.to_json())

    def digest_for_agents(self) -> dict[str, Any]:
        """The short form that agents read: who, where, what, which facts and rules."""
        return {
            "places": [_filled(p, "name", "description", "scene", "status") for p in self.places],
            "characters": [_filled(c, "name", "role", "place", "status", *c.added) for c in self.characters],
            "items": [_filled(i, "name", "holder", "place", "status") for i in self.items],
            "facts": list(self.facts),
            "rules": list(self.rules),
            **{k: v for k, v in {**self._mood(), **self._added()}.items() if v},
        }

    def shown(self) -> dict[str, Any]:
        """The form that `yggdrasil show --json` prints under `world`."""
        whole = self.to_json()
        named = {k: whole[k] for k in ("places", "characters", "items", "facts")}
        rest = ("title", "style", "rules", "glossary", "time", "weather", "clock", "extra", *self.added)
        return named | {k: whole[k] for k in rest if whole.get(k)}

    def _added(self) -> dict[str, Any]:
        fields = ("name", "description", "place", "status")
        own = {k: [_filled(e, *fields) | e.fields for e in self.entities[k]] for k in sorted(self.entities)}
        knowers = {fact: list(self.known_by[fact]) for fact in self.facts if fact in self.known_by}
        return {"known_by": knowers, "entities": own, "summaries": dict(self.summaries)}

    def _mood(self) -> dict[str, Any]:
        return {
            "time": self.time,
            "weather": self.weather,
            "clock": self.clock,
            "glossary": dict(self.glossary),
            "extra": dict(self.extra),
        }


def _filled(thing: BaseModel, *fields: str) -> dict[str, Any]:
    values = {f: getattr(thing, f) for f in fields}
    return {k: v for k, v in values.items() if v or k == "name"}
