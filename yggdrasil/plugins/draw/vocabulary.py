"""The things that can be drawn: their names in English and Russian, their kinds, their drawings."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

DrawnKind = Literal["creature", "flyer", "swimmer", "plant", "building", "person", "item", "vehicle", "sky"]


class Concept(NamedTuple):
    """A drawable thing; `en[0]` is what to call it, `embedded` says it stays nameable when repainted."""

    name: str
    kind: DrawnKind
    en: tuple[str, ...]
    ru: tuple[str, ...]
    sprite: str
    embedded: bool

    @property
    def label(self) -> str:
        return self.en[0]


@cache
def vocabulary() -> dict[str, Concept]:
    """Every drawable thing by its name."""
    entries = json.loads(files("yggdrasil.plugins.draw").joinpath("vocabulary.json").read_text("utf-8"))["concepts"]
    return {
        entry["name"]: Concept(**{**entry, "en": tuple(entry["en"]), "ru": tuple(entry["ru"])}) for entry in entries
    }


def drawable() -> list[str]:
    """The labels of the things that stay nameable after the default painter's repaint."""
    return [concept.label for concept in vocabulary().values() if concept.embedded]


@cache
def lexicon() -> dict[str, Any]:
    """Words for places, times and weathers, nearest drawings of undrawn things, words that paint nothing."""
    return json.loads(files("yggdrasil.plugins.draw").joinpath("lexicon.json").read_text("utf-8"))
