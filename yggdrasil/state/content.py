"""What a world consists of between two steps: the content that only World update may change."""

from __future__ import annotations

import copy
import unicodedata
from collections import Counter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from yggdrasil.contract.digest import digest

KINDS = ("place", "character", "item")
"""The kinds of named things in a world."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class _Named(_Part):
    name: str = Field(min_length=1, max_length=200)
    description: str = ""
    status: str = ""

    @field_validator("name")
    @classmethod
    def _one_form(cls, name: str) -> str:
        tidy = unicodedata.normalize("NFC", name).strip()
        if not tidy:
            raise ValueError("a name needs at least one letter")
        return tidy


class Place(_Named):
    """Somewhere in the world; `scene` is the drawable kind of ground (meadow, sea, room …)."""

    scene: str = ""


class Character(_Named):
    """Someone in the world; `place` names where they stand ('' = nowhere known)."""

    role: str = ""
    place: str = ""


class Item(_Named):
    """Something in the world, held by a character or lying at a place; both '' = lost or nowhere known."""

    holder: str = ""
    place: str = ""

    @model_validator(mode="after")
    def _one_home(self) -> Item:
        if self.holder and self.place:
            raise ValueError(f"item {self.name!r} is both held by {self.holder!r} and lying at {self.place!r}")
        return self


class Content(_Part):
    """A world's content as plain data. Names are unique within their kind; `extra` is the world's own."""

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

    @model_validator(mode="after")
    def _unique_names(self) -> Content:
        for kind in KINDS:
            names = self.names(kind)
            twice = sorted(n for n, times in Counter(names).items() if times > 1)
            if twice:
                raise ValueError(f"two {kind}s are named {', '.join(twice)}")
        return self

    def copied(self) -> Content:
        """The same content, sharing nothing that could be changed in place; a text is its own copy."""
        fresh: dict[str, Any] = {name: value for name, value in self if isinstance(value, str | int)}
        fresh |= {name: list(getattr(self, name)) for name in ("story", "facts", "rules")}
        fresh |= {f"{kind}s": [thing.model_copy() for thing in self.named(kind)] for kind in KINDS}
        fresh |= {"glossary": dict(self.glossary), "extra": copy.deepcopy(self.extra)}
        return self.model_copy(update=fresh)

    def named(self, kind: str) -> list[Any]:
        """The places, characters or items."""
        return {"place": self.places, "character": self.characters, "item": self.items}[kind]

    def names(self, kind: str) -> list[str]:
        """The names of all places, characters or items, in their order."""
        return [thing.name for thing in self.named(kind)]

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
            "characters": [_filled(c, "name", "role", "place", "status") for c in self.characters],
            "items": [_filled(i, "name", "holder", "place", "status") for i in self.items],
            "facts": list(self.facts),
            "rules": list(self.rules),
            **{k: v for k, v in self._mood().items() if v},
        }

    def shown(self) -> dict[str, Any]:
        """The form that `yggdrasil show --json` prints under `world`."""
        whole = self.to_json()
        named = {k: whole[k] for k in ("places", "characters", "items", "facts")}
        rest = ("title", "style", "rules", "glossary", "time", "weather", "clock", "extra")
        return named | {k: whole[k] for k in rest if whole[k]}

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
