"""Reading a prompt: which things, which place, hour and weather a sentence asks to see."""

import re
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple

from yggdrasil.plugins.draw.vocabulary import lexicon, vocabulary
from yggdrasil.plugins.scenery import GROUNDS

PLACES = tuple(GROUNDS)
TIMELESS = ("cave", "dungeon", "underwater", "space")
WEATHERLESS = (*TIMELESS, "room")
MOST_THINGS = 3
LONGEST_PHRASE = 5

Meaning = Literal["thing", "near", "place", "time", "weather", "within", "quiet"]


class Reading(NamedTuple):
    """One phrase of a prompt and what it was taken for."""

    meaning: Meaning
    value: str
    phrase: str


@dataclass(frozen=True)
class Scene:
    """What a picture shall show. `unknown`: words that leave no trace on it; `drawn_as`: word → nearest drawing."""

    things: tuple[str, ...] = ()
    place: str = "meadow"
    time: str = "day"
    weather: str = "none"
    unknown: tuple[str, ...] = ()
    drawn_as: dict[str, str] = field(default_factory=dict[str, str])

    def to_json(self) -> dict[str, Any]:
        """Things by their label, as a person says them."""
        labels = [vocabulary()[name].label for name in self.things]
        return {**asdict(self), "things": labels, "unknown": list(self.unknown)}


def read_scene(prompt: str) -> Scene:
    """Read an English prompt; what is unnamed gets a sensible default, what is not understood is listed."""
    readings, unknown = _readings(prompt)
    by: dict[str, list[Reading]] = {}
    for reading in readings:
        by.setdefault(reading.meaning, []).append(reading)
    found = by.get("thing", []) + by.get("near", [])
    found.sort(key=readings.index)
    things = list(dict.fromkeys(r.value for r in found))
    unheeded = [r.phrase for r in found if r.value not in things[:MOST_THINGS]]
    things = things[:MOST_THINGS]
    place, weather, spare = _place(by, things)
    times = [r.value for r in by.get("time", [])]
    time = "none" if place in TIMELESS else (times[0] if times else "day")
    return Scene(
        things=tuple(things),
        place=place,
        time=time,
        weather="none" if place in WEATHERLESS else weather,
        unknown=tuple(dict.fromkeys([*unknown, *unheeded, *spare])),
        drawn_as={r.phrase: vocabulary()[r.value].label for r in by.get("near", []) if r.value in things},
    )


def _place(by: dict[str, list[Reading]], things: list[str]) -> tuple[str, str, list[str]]:
    """The place, the weather, and the phrases of places that found no room."""
    named = by.get("place", []) + by.get("within", [])
    firm = [r for r in named if r.value != "snow"]
    weathers = [r.value for r in by.get("weather", [])]
    if named:
        place = firm[0].value if firm else "snow"
        spare = [r.phrase for r in firm if r.value != place]
        if firm and len(firm) < len(named) and not weathers:
            weathers = ["snowfall"]
    else:
        place, spare = _usual_place(things, weathers), []
    return place, weathers[0] if weathers else "none", spare


def _usual_place(things: list[str], weathers: list[str]) -> str:
    """Where a thing stands when nothing is said: what swims in water, what is lit by stars among them."""
    if "snowfall" in weathers:
        return "snow"
    homes = lexicon()["homes"]
    for thing in things:
        home = homes.get(thing) or homes.get(vocabulary()[thing].kind)
        if home:
            return str(home)
    return "meadow"


def _readings(prompt: str) -> tuple[list[Reading], list[str]]:
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", prompt.lower())
    readings: list[Reading] = []
    unknown: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            reading = _meaning(phrase, words[max(0, at - 2) : at])
            if reading:
                readings.append(reading)
                at += length
                break
        else:
            unknown.append(words[at])
            at += 1
    return readings, unknown


def _meaning(phrase: str, before: list[str]) -> Reading | None:
    known = _phrases()
    for form in _forms(phrase):
        if form in known:
            meaning, value = known[form]
            rooms = lexicon()["within"]
            preposition = next((w for w in reversed(before) if w not in ("a", "an", "the", "its")), "")
            if form in rooms and preposition in ("in", "inside", "within", "on", "among", "up", "into"):
                return Reading("within", rooms[form], phrase)
            return Reading(meaning, value, phrase)
    return None


def _forms(phrase: str) -> list[str]:
    """The phrase as it stands, then its likely singulars."""
    forms = [phrase]
    for plural, single in (("ves", "f"), ("ves", "fe"), ("ies", "y"), ("men", "man"), ("es", ""), ("s", "")):
        if phrase.endswith(plural) and len(phrase) > len(plural) + 1:
            forms.append(phrase[: -len(plural)] + single)
    return forms


@cache
def _phrases() -> dict[str, tuple[Meaning, str]]:
    """Every known phrase; a thing's own name wins over all else."""
    words = lexicon()
    known: dict[str, tuple[Meaning, str]] = {}
    for word in words["quiet"]:
        known[word] = ("quiet", "")
    known.update({phrase: ("near", name) for phrase, name in words["near"].items()})
    for meaning in ("place", "time", "weather"):
        for value, phrases in words[meaning].items():
            known.update(dict.fromkeys(phrases, (meaning, value)))
    for concept in vocabulary().values():
        known.update(dict.fromkeys((*concept.en, concept.name), ("thing", concept.name)))
    return known
