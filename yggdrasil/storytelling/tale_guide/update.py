"""How a step changes the world: typed operations, read from what the chronicle says really happened."""

from __future__ import annotations

import re
from typing import Any

from yggdrasil.storytelling.tale_guide.action import KIND_OF_THING, deed_of
from yggdrasil.storytelling.tale_guide.author import ends_of, filled_end
from yggdrasil.storytelling.tale_guide.cast import UNNAMED, Cast, capital, known_as, others, places, scene_of
from yggdrasil.storytelling.tale_guide.deed import Deed
from yggdrasil.storytelling.tale_guide.events import effects_of
from yggdrasil.storytelling.tale_guide.events_more import BY_KIND
from yggdrasil.storytelling.tale_guide.retell import cast_of, seen_in
from yggdrasil.storytelling.tale_guide.scribe import Scribe
from yggdrasil.storytelling.tale_guide.things import WEATHER_OF, canonical, kind_of

Op = dict[str, Any]
_HOMES = ("hold", "lay", "lost", "gone")
_STAYS = ("item", "creature", "flyer", "swimmer", "vehicle", "plant")


def update(scribe: Scribe, context: dict[str, Any]) -> dict[str, Any]:
    """Operations in the order in which they must be applied."""
    chronicle: dict[str, Any] = context.get("chronicle") or {}
    intent: dict[str, Any] = context.get("intent") or {}
    text = str(chronicle.get("text") or "")
    cast = cast_of(scribe.world, chronicle)
    kind = _kind(scribe.world, intent, chronicle)
    done = deed_of(scribe.world, intent) if kind == "action" else Deed()
    cast, effects = _read(scribe.world, kind, cast, text, done)
    operations = _new_place(scribe.world, cast)
    operations += _newcomer(cast, text) if kind in ("arrival", "action") else []
    operations += _thing(scribe.world, cast, effects)
    for effect in effects:
        operations += _apply(scribe.world, cast, effect, operations)
    operations += _sky(scribe.world, context, cast)
    operations.append({"op": "append_story", "text": text})
    return {"operations": operations}


def _kind(world: dict[str, Any], intent: dict[str, Any], chronicle: dict[str, Any]) -> str:
    """The kind of event that the chronicle tells: the planned one, or what another thing made of it."""
    planned, told = str(intent.get("thing") or ""), str(chronicle.get("thing") or "")
    if not told or canonical(told) == canonical(planned):
        return str(intent.get("kind") or "action")
    if told == UNNAMED:
        return "unnamed"
    if any(canonical(item["name"]) == told for item in world.get("items") or []):
        return "council" if kind_of(told) in ("creature", "flyer", "swimmer") else "study"
    return KIND_OF_THING[kind_of(told)]


def _read(world: dict[str, Any], kind: str, cast: Cast, text: str, done: Deed) -> tuple[Cast, list[str]]:
    """The effects of the end that the text has, and the cast with the other place that it names."""
    usual = list(BY_KIND[kind].effects if kind in BY_KIND else done.effects)
    for other in [cast.other, *others(places(world), cast.place, cast.other)]:
        tried = Cast(cast.people, cast.place, other, cast.thing, cast.newcomer)
        ends = sorted(ends_of(kind, done), key=lambda end: -len(end))
        for end in ends:
            filled = filled_end(tried, end).strip()
            if filled and f"{filled}." in text:
                own = list(effects_of(end)[1])
                return tried, [*_kept(usual, own), *own]
    return cast, usual


def _kept(usual: list[str], own: list[str]) -> list[str]:
    """The event's usual effects that its end does not overrule: a thing has one home, a person one place."""
    moved = {effect.split()[1] for effect in own if effect.startswith("move")}
    settled = any(effect.split()[0] in _HOMES for effect in own)
    healed = any(effect.startswith("status") for effect in own)
    kept: list[str] = []
    for effect in usual:
        word, *rest = effect.split()
        home, walk, state = word in _HOMES and settled, word == "move" and rest[0] in moved, word == "status" and healed
        if not (home or walk or state):
            kept.append(effect)
    return kept


def _new_place(world: dict[str, Any], cast: Cast) -> list[Op]:
    """A place that an action has named belongs to the world from then on."""
    if not cast.place or cast.place in places(world):
        return []
    return [{"op": "add_place", "name": cast.place, "description": "", "scene": scene_of(world, cast.place)}]


def _newcomer(cast: Cast, text: str) -> list[Op]:
    if not cast.newcomer:
        return []
    said = re.search(rf"\b[Aa]n? ([a-z -]+) named {re.escape(cast.newcomer)}\b", text)
    role = said.group(1) if said else cast.thing
    return [{"op": "add_character", "name": cast.newcomer, "role": role, "place": cast.place}]


def _thing(world: dict[str, Any], cast: Cast, effects: list[str]) -> list[Op]:
    """The thing comes into the world where the chronicle gave it a home."""
    homed = any(e.split()[0] in ("hold", "lay") for e in effects)
    if not cast.thing or cast.thing == UNNAMED or known_as(world, cast.thing) or not homed:
        return []
    if kind_of(cast.thing) not in _STAYS:
        return []
    return [{"op": "add_item", "name": cast.thing, "place": cast.place}]


def _apply(world: dict[str, Any], cast: Cast, effect: str, before: list[Op]) -> list[Op]:
    word, _, rest = effect.partition(" ")
    named = {**dict(zip("ABC", cast.people, strict=False)), "N": cast.newcomer, "P": cast.place, "Q": cast.other}
    if word == "fact":
        text = capital(cast.fill(rest)) + "."
        return [] if text in (world.get("facts") or []) else [{"op": "add_fact", "text": text}]
    parts = rest.split()
    if word == "move" and parts[0] in named:
        return [{"op": "move", "character": named[parts[0]], "place": named[parts[1]]}]
    if word == "status" and parts[0] in named:
        value = "" if parts[1] == "well" else parts[1]
        return [{"op": "change", "kind": "character", "name": named[parts[0]], "field": "status", "value": value}]
    item = known_as(world, cast.thing) or next((o["name"] for o in before if o["op"] == "add_item"), "")
    if not item or word not in _HOMES:
        return []
    if word == "gone":
        return [{"op": "remove", "kind": "item", "name": item}]
    home = {"hold": "to_character", "lay": "to_place"}.get(word)
    return [{"op": "give", "item": item} | ({home: named[parts[0]]} if home else {})]


def _sky(world: dict[str, Any], context: dict[str, Any], cast: Cast) -> list[Op]:
    """Time and weather as they were seen, where they are new."""
    seen = seen_in(context.get("perception") or {}, [])
    weather = seen.weather or WEATHER_OF.get(cast.thing, "")
    found = {"time": seen.time, "weather": weather}
    return [
        {"op": "set", "field": field, "value": value}
        for field, value in found.items()
        if value and value != world.get(field)
    ]
