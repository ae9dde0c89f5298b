"""The opening of a chronicle, told again by what was seen: another thing, another place, or nothing clear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from yggdrasil.storytelling.choices import labelled, sure
from yggdrasil.storytelling.tale_guide.action import KIND_OF_THING
from yggdrasil.storytelling.tale_guide.cast import UNNAMED, Cast, capital, named_place, others, people, places, scene_of
from yggdrasil.storytelling.tale_guide.events_more import BY_KIND
from yggdrasil.storytelling.tale_guide.founding_words import INDOORS, fresh_name
from yggdrasil.storytelling.tale_guide.scribe import Scribe
from yggdrasil.storytelling.tale_guide.things import canonical, kind_of

CLEAR = 0.5
"""The confidence from which on a thing counts as seen."""
_NAMED = re.compile(r"\bnamed ([A-Z]\w+)")
_TIME = {"night": "at night", "sunset": "at sunset"}
_WEATHER = {
    "rain": "in the rain",
    "snowfall": "in the falling snow",
    "fog": "in the fog",
    "storm": "in the middle of a storm",
}
_OUTDOORS = (
    "find", "refind", "beast", "swim", "arrival", "quarrel", "gather", "council", "vehicle", "attack", "feed",
    "follow", "carry", "give", "lose", "journey",
)  # fmt: skip
_TIMED = ("dream", "secret", "steal", "ill", "study", "sky")
"""Events that are told with the weather, and those that are told with the time of day alone."""
_TIMELESS = (*INDOORS, "underwater", "space")


@dataclass(frozen=True)
class Seen:
    """What the artifacts show: clear things, surest first; scene, time and weather ("" where unsaid)."""

    looked: bool = False
    things: tuple[str, ...] = ()
    place: str = ""
    time: str = ""
    weather: str = ""


def seen_in(perception: dict[str, Any], drawable: list[str]) -> Seen:
    """What the labels of all slots say together; slots without labels say nothing."""
    labels = [slot["labels"] for slot in perception.values() if isinstance(slot, dict) and slot.get("labels")]
    if not labels:
        return Seen()
    found: dict[str, float] = {}
    for label in labels:
        for thing in label.get("things") or []:
            name = canonical(labelled(thing))
            found[name] = max(found.get(name, 0.0), sure(thing))
    clear = sorted((n for n, sure in found.items() if sure >= CLEAR), key=lambda n: (-found[n], n))
    first = labels[0]
    return Seen(True, tuple(clear), *(labelled(first.get(name)) for name in ("place", "time", "weather")))


def remade(scribe: Scribe, intent: dict[str, Any], seen: Seen) -> tuple[str, Cast, str]:
    """The kind of event, its cast and its opening (a clause without a full stop), by what was seen."""
    kind = str(intent.get("kind") or "action")
    cast = cast_of(scribe.world, intent)
    planned = canonical(cast.thing) if cast.thing else ""
    opening = str(intent.get("text") or "").strip().rstrip(".")
    if seen.looked and planned and planned not in seen.things:
        said = f"They say that {lowered(opening, cast)}, but " if kind == "action" else ""
        kind, cast = _other(scribe, kind, cast, seen)
        opening = capital(f"{said}{cast.fill(_opening(kind))}")
    elif not opening:
        opening = capital(cast.fill("something happens {inP}"))
    return kind, cast, _set_scene(scribe, kind, opening, cast, seen)


def _opening(kind: str) -> str:
    if kind == "unnamed":
        return "{inP} {A} and {B} stand before {a}"
    return BY_KIND[kind].opening


def _other(scribe: Scribe, kind: str, cast: Cast, seen: Seen) -> tuple[str, Cast]:
    """The event that the seen thing makes of it, with the same people at the same place."""
    crew = cast.people if len(cast.people) >= 2 else tuple(people(scribe.world)[:2])
    if not seen.things:
        return "unnamed", Cast(crew, cast.place, cast.other, UNNAMED)
    thing = seen.things[0]
    known = any(canonical(item["name"]) == thing for item in scribe.world.get("items") or [])
    if known and kind_of(thing) in ("creature", "flyer", "swimmer"):
        return "council", Cast(crew, cast.place, cast.other, thing)
    if known:
        return "study", Cast(crew, cast.place, cast.other, thing)
    kind = KIND_OF_THING[kind_of(thing)]
    newcomer = _newcomer(scribe, cast) if kind == "arrival" else ""
    return kind, Cast(crew, cast.place, cast.other, thing, newcomer)


def _newcomer(scribe: Scribe, cast: Cast) -> str:
    taken = [c["name"] for c in scribe.world.get("characters") or []]
    return cast.newcomer or fresh_name(scribe.random, taken, " ".join(scribe.story))


def cast_of(world: dict[str, Any], intent: dict[str, Any]) -> Cast:
    """The cast that an intent (or a chronicle) names; the other place is the one that its text names besides."""
    who = [str(name) for name in intent.get("who") or []]
    known = [c["name"] for c in world.get("characters") or []]
    text = str(intent.get("text") or "")
    named = _NAMED.search(text)
    newcomer = named.group(1) if named and named.group(1) not in known else ""
    crew = [name for name in who if name in known][:3]
    crew += others(people(world), *crew)[: max(0, 2 - len(crew))]
    where = places(world)
    place = str(intent.get("place") or "") or named_place(text, where) or (where[0] if where else "")
    rest = others(where, place) or [place]
    other = next((p for p in rest if p in text), rest[len(text) % len(rest)])
    return Cast(tuple(crew), place, other, str(intent.get("thing") or ""), newcomer)


def _set_scene(scribe: Scribe, kind: str, opening: str, cast: Cast, seen: Seen) -> str:
    """Time or weather as seen, told where the last line did not tell it."""
    if seen.place in _TIMELESS or scene_of(scribe.world, cast.place) in _TIMELESS or scribe.random.random() < 0.35:
        return opening
    last = " ".join(scribe.story[-2:]).lower()
    weather = _WEATHER.get(seen.weather, "") if kind in _OUTDOORS else ""
    phrase = weather or (_TIME.get(seen.time, "") if kind in (*_OUTDOORS, *_TIMED) else "")
    if not phrase or phrase in last or "falls on" in opening or "night" in opening.lower():
        return opening
    return f"{capital(phrase)} {lowered(opening, cast)}"


def lowered(opening: str, cast: Cast) -> str:
    """The opening as it stands within a sentence: a name keeps its capital."""
    word = re.split(r"[ ']", opening, maxsplit=1)[0]
    return opening if word in {*cast.people, cast.newcomer} else opening[:1].lower() + opening[1:]
