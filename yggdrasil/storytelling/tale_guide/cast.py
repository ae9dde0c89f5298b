"""Who takes which part in an event: the slots of its sentences, filled from the world."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yggdrasil.storytelling.tale_guide.events import TaleEvent
from yggdrasil.storytelling.tale_guide.founding_words import gender
from yggdrasil.storytelling.tale_guide.things import SKY, TOOLS, a, canonical, kind_of, many
from yggdrasil.storytelling.tale_guide.wish import named_spot, spot

_AT = re.compile(
    r"\b(?:in|at|on|to|into|inside|near|from|over|under|behind|by|towards?|onto|through|around|reach(?:es)?|leaves?|"
    r"enters?|visits?) (?:the|an?|his|her|their) (?=(\w+(?: \w+){0,2}))"
)
OUT = ("dead", "gone")
LIVING = ("creature", "flyer")
"""Kinds of things that come near, follow and bite; what swims only passes by."""
UNNAMED = "something that nobody can name"
_FORMS = {"m": ("he", "his", "him", "himself"), "f": ("she", "her", "her", "herself")}


@dataclass(frozen=True)
class Cast:
    """The parts of one event: people in the order A, B, C, a newcomer, two places and a thing."""

    people: tuple[str, ...]
    place: str
    other: str
    thing: str
    newcomer: str = ""

    def slots(self) -> dict[str, str]:
        """Every slot that an opening, an end or an effect may have."""
        named = dict(zip("ABC", self.people, strict=False))
        slots = {"P": self.place, "Q": self.other, "inP": within(self.place), "inQ": within(self.other), **named}
        for letter, name in {**named, "N": self.newcomer}.items():
            forms = pronouns(name)
            before = "" if letter == "A" else letter
            slots.update(
                dict(zip((f"{before}he", f"{before}his", f"{before}him", f"{before}himself"), forms, strict=True))
            )
        plural = many(self.thing)
        unnamed = self.thing == UNNAMED
        known = "the thing that nobody can name" if unnamed else f"the {self.thing}"
        slots.update(
            N=self.newcomer,
            a=self.thing if unnamed else a(self.thing),
            t=known,
            Tt=capital(known),
            bare=self.thing,
            it="them" if plural else "it",
            seem="seem" if plural else "seems",
            grow="grow" if plural else "grows",
            sky=SKY.get(self.thing, f"{capital(a(self.thing))} appears over"),
            task=TOOLS.get(self.thing, "work"),
        )
        slots["is"] = "are" if plural else "is"
        return slots

    def fill(self, text: str) -> str:
        """The text with its slots filled. Raises KeyError where a part is missing."""
        return text.format_map(self.slots())


def pronouns(name: str) -> tuple[str, str, str, str]:
    """he, his, him, himself; a name of unknown gender stands for itself."""
    return _FORMS.get(gender(name), (name, f"{name}'s", name, name))


def within(place: str) -> str:
    """at the harbour, in the forest."""
    return f"{spot(place).at} {place}" if place else "somewhere"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def people(world: dict[str, Any]) -> list[str]:
    """Names of those who can act."""
    return [c["name"] for c in world.get("characters") or [] if c.get("status") not in OUT]


def place_of(world: dict[str, Any], name: str) -> str:
    """Where somebody stands; "" if nobody knows."""
    return next((c.get("place") or "" for c in world.get("characters") or [] if c["name"] == name), "")


def places(world: dict[str, Any]) -> list[str]:
    return [p["name"] for p in world.get("places") or []]


def named_people(text: str, known: Sequence[str]) -> list[str]:
    """Those of the known people whom a text names, in its order."""
    found = {name: match.start() for name in known if (match := re.search(rf"\b{re.escape(name)}\b", text, re.I))}
    return sorted(found, key=lambda name: found[name])


def named_place(text: str, known: Sequence[str]) -> str:
    """The place that a text names: a known one, else a kind of place after a preposition; "" if none."""
    low = text.lower()
    for name in known:
        if re.search(rf"\b{re.escape(name.removeprefix('the ').lower())}\b", low):
            return name
    for match in _AT.finditer(low):
        spoken = match.group(1).split()
        for length in range(len(spoken), 0, -1):
            if (spot_there := named_spot(" ".join(spoken[:length]))) is not None:
                return spot_there.name
    return ""


def scene_of(world: dict[str, Any], place: str) -> str:
    """The drawable ground of a place."""
    known = next((p.get("scene") for p in world.get("places") or [] if p["name"] == place), "")
    return str(known or spot(place).scene or "meadow")


def known_as(world: dict[str, Any], thing: str) -> str:
    """The name under which the world knows a thing; "" if it does not."""
    return next((i["name"] for i in world.get("items") or [] if canonical(i["name"]) == canonical(thing)), "")


def items(world: dict[str, Any], how: str) -> list[dict[str, Any]]:
    """Known items that are "held", "lying", "lost" (these three dead things only) or a "creature" somewhere."""
    alive = people(world)
    found: list[dict[str, Any]] = []
    for item in world.get("items") or []:
        creature = kind_of(canonical(item["name"])) in LIVING
        if (
            item.get("status") == "gone"
            or kind_of(canonical(item["name"])) == "swimmer"
            or creature != (how == "creature")
        ):
            continue
        held, lying = item.get("holder") in alive, bool(item.get("place"))
        fits = {"held": held, "lying": lying, "lost": not held and not lying, "creature": held or lying}
        if fits[how]:
            found.append(item)
    return found


def needs_thing(event: TaleEvent) -> str:
    """ "new" or "known" or "none": where the event's thing comes from."""
    first = event.takes.split()[0]
    return first if first in ("new", "none") else "known"


def others(names: Sequence[str], *without: str) -> list[str]:
    return [name for name in names if name not in without]
