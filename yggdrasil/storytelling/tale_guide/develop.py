"""What should happen next: openings that the world allows, of which the model finds one fitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yggdrasil.storytelling.tale_guide.action import from_action
from yggdrasil.storytelling.tale_guide.cast import (
    Cast,
    capital,
    items,
    known_as,
    needs_thing,
    others,
    people,
    place_of,
    places,
    scene_of,
)
from yggdrasil.storytelling.tale_guide.events import TaleEvent
from yggdrasil.storytelling.tale_guide.events_more import BY_KIND, EVENTS
from yggdrasil.storytelling.tale_guide.founding_words import INDOORS, fresh_name, gender
from yggdrasil.storytelling.tale_guide.scribe import Scribe
from yggdrasil.storytelling.tale_guide.things import (
    CURES,
    FIXED,
    FOOD,
    HEARTHS,
    SKY,
    TOOLS,
    at_home,
    canonical,
    kind_of,
    many,
)
from yggdrasil.storytelling.tale_guide.wish import read_wish
from yggdrasil.storytelling.tale_guide.wish_fit import thing_fits

OPEN_AIR = ("beast", "swim", "vehicle", "plant", "sky", "discover")
"""Events of things that come by themselves or stand for themselves: not under a roof, if there is another place."""
WISHED = 4.0
"""How much likelier an event is that brings a thing of the wish which has not come yet."""
REST = 4
"""Steps that a kind of event rests after it has happened."""
MAX_PEOPLE = 6
OPENERS = ("find", "beast", "arrival", "vehicle", "sky", "gather")
_SPECIAL = {
    "hearth": HEARTHS,
    "cure": CURES,
    "tool": frozenset(TOOLS),
    "food": FOOD,
    "bed": frozenset({"bed", "candle"}),
}


def develop(scribe: Scribe, context: dict[str, Any]) -> dict[str, Any]:
    """The intent of this step: an opening, and who, where and what it is about."""
    stage = StepChoices(scribe, context)
    action = str(context.get("action") or "").strip()
    if action:
        return from_action(stage, action)
    options = [
        (event, cast, score) for event in EVENTS if stage.rested(event) for cast, score in stage.casts(event)
    ] or [(event, cast, score) for event in EVENTS for cast, score in stage.casts(event)]
    if not options:
        return _lonely(stage)
    openings = [capital(cast.fill(event.opening)) for event, cast, _ in options]
    likely = scribe.likely(openings)
    scores = [
        value + event.weight + bonus + stage.thread(event, cast) + stage.due(event, cast)
        for value, (event, cast, bonus) in zip(likely, options, strict=True)
    ]
    at = scribe.pick(range(len(options)), scores, 0.45)
    event, cast, _ = options[at]
    return intent_of(event, cast, openings[at], stage.world)


def _lonely(stage: StepChoices) -> dict[str, Any]:
    """What happens in a world of too few people or places for anything else: something in the sky."""
    sky = [thing for thing in stage.drawable if thing in SKY] or ["star"]
    place = stage.places[0] if stage.places else "the land"
    cast = Cast(tuple(stage.people[:2]), place, place, stage.scribe.random.choice(sky))
    return intent_of(BY_KIND["sky"], cast, capital(cast.fill(BY_KIND["sky"].opening)), stage.world) | {
        "place": place if stage.places else ""
    }


def intent_of(event: TaleEvent, cast: Cast, opening: str, world: dict[str, Any]) -> dict[str, Any]:
    """The intent block; a newcomer has a name in its text alone, since the world does not know them yet."""
    known = needs_thing(event) == "known"
    return {
        "text": f"{opening}.",
        "kind": event.kind,
        "who": list(cast.people),
        "place": cast.place,
        "thing": cast.thing,
        "item": known_as(world, cast.thing) if known else "",
    }


class StepChoices:
    """What a step has to choose from: people, places, known items, and things that fit the wish."""

    def __init__(self, scribe: Scribe, context: dict[str, Any]) -> None:
        self.scribe = scribe
        self.world = scribe.world
        self.people = people(self.world)
        self.places = places(self.world)
        self.past: list[dict[str, Any]] = list(context.get("past") or [])
        self.drawable = [canonical(t) for t in context.get("things") or []]
        self.ill = [c["name"] for c in self.world.get("characters") or [] if c.get("status") in ("ill", "wounded")]
        wish = read_wish(scribe.wish)
        self.drawable = list(dict.fromkeys([*self.drawable, *wish.things])) if self.drawable else []
        told = {p.get("thing"): p.get("kind") for p in self.past}
        self.dreamt = [str(thing) for thing, kind in told.items() if kind == "dream"]
        """Things that somebody has dreamt of and that have not come yet."""
        self.roles = {c["name"]: str(c.get("role") or "") for c in self.world.get("characters") or []}
        known = [canonical(item["name"]) for item in self.world.get("items") or []]
        self.wished = [thing for thing in wish.things if thing not in known and _short_of(thing, self.past)]
        """Things that the wish names and that have not come yet."""
        self.used = {thing for thing in told if thing not in (*self.dreamt, *self.wished)} | set(known)

    def rested(self, event: TaleEvent) -> bool:
        return all(p.get("kind") != event.kind for p in self.past[-REST:])

    def thread(self, event: TaleEvent, cast: Cast) -> float:
        """How well an event goes on from the last ones: it follows them, or is about the same thing."""
        if not self.past:
            return 0.8 if event.kind in OPENERS else -1.5
        last = self.past[-1]
        bonus = 1.0 if last.get("kind") in event.follows else 0.0
        if cast.thing == last.get("thing") and needs_thing(event) == "known":
            bonus += 0.7
        elif needs_thing(event) == "known":
            bonus += 0.2
        places = [p.get("place") for p in self.past[-3:]]
        bonus -= 0.35 * places.count(cast.place) + 0.25 * [p.get("kind") for p in self.past[-14:]].count(event.kind)
        repeated = [p.get("thing") for p in self.past[-4:]].count(cast.thing)
        come_true = cast.thing in self.dreamt and event.kind != "dream"
        return bonus + 1.2 * come_true - 0.6 * (repeated > 2)

    def due(self, event: TaleEvent, cast: Cast) -> float:
        """What the wish names comes before all else."""
        return WISHED if cast.thing in self.wished and event.kind != "dream" else 0.0

    def casts(self, event: TaleEvent) -> list[tuple[Cast, float]]:
        """Up to two ways to cast an event now, each with a bonus for how its thing fits the wish."""
        if len(self.people) < event.people or len(self.places) < 2:
            return []
        if event.kind == "heal" and not self.ill:
            return []
        if event.kind == "arrival" and len(self.people) >= MAX_PEOPLE:
            return []
        return [found for found in (self._cast(event) for _ in range(2)) if found is not None]

    def _cast(self, event: TaleEvent) -> tuple[Cast, float] | None:
        random = self.scribe.random
        well = others(self.people, *self.ill) or self.people
        order = random.sample(well, len(well))
        stands = place_of(self.world, order[0])
        free = self._owed(event) or (self._open_air() if event.kind in OPEN_AIR else self.places)
        place: str = stands if stands in free and random.random() < 0.6 else random.choice(free)
        thing, bonus = "", 0.0
        if event.takes.startswith("new"):
            picked = self._new(event.takes.split()[1:], scene_of(self.world, place), event.kind == "dream")
            if picked is None:
                return None
            thing, bonus = picked
        elif event.takes != "held none" or random.random() < 0.5:
            item = self._known(event.takes.split())
            if item is None:
                return None
            thing = canonical(item["name"])
            if item.get("holder") and item["holder"] in order and event.kind != "journey":
                order.remove(item["holder"])
                order.insert(0, item["holder"])
            place = item.get("place") or place_of(self.world, item.get("holder") or "") or place
        if event.kind == "heal":
            order = [random.choice(self.ill), *others(order, *self.ill)]
        if event.kind in ("journey", "carry"):
            place = place_of(self.world, order[0]) or place
        if len(order) < event.people or place not in self.places:
            return None
        if event.kind == "journey" and not thing:
            thing = self._traveller(order[0])
        newcomer = self.newcomer() if event.kind == "arrival" else ""
        if event.kind == "arrival" and not newcomer:
            return None
        other = random.choice(others(self.places, place))
        return Cast(tuple(order[: event.people]), place, other, thing, newcomer), bonus

    def _owed(self, event: TaleEvent) -> list[str]:
        """Where a thing of the wish that this event can bring is at home, if one is still to come."""
        how, *kinds = event.takes.split() or [""]
        owed = [thing for thing in self.wished if how == "new" and event.kind != "dream" and _is_of(thing, kinds)]
        return [p for p in self.places if owed and at_home(owed[0], scene_of(self.world, p))]

    def _open_air(self) -> list[str]:
        """Places under the open sky; all if there is none."""
        return [p for p in self.places if scene_of(self.world, p) not in INDOORS] or self.places

    def _known(self, takes: Sequence[str]) -> dict[str, Any] | None:
        """A known item of one of these states, one of the last step's if there is one."""
        pool = [item for how in takes if how != "none" for item in items(self.world, how)]
        pool = [item for item in pool if not self.drawable or canonical(item["name"]) in self.drawable]
        if not pool:
            return None
        last = self.past[-1].get("thing") if self.past else ""
        again = [item for item in pool if canonical(item["name"]) == last]
        return self.scribe.random.choice(again if again and self.scribe.random.random() < 0.7 else pool)

    def _new(self, kinds: Sequence[str], scene: str, dream: bool = False) -> tuple[str, float] | None:
        """A thing of these kinds that was not in the tale yet, drawn by how it fits the wish."""
        fits = thing_fits(self.scribe, self.drawable)
        stale = self.used | set(self.dreamt if dream else ())
        pool = [t for t in fits if t not in stale and _is_of(t, kinds) and at_home(t, scene) and not many(t)]
        ranked = sorted(pool, key=lambda t: -fits[t])[:6]
        if not ranked:
            return None
        wished = [thing for thing in self.wished if thing in pool]
        if wished and not dream:
            return wished[0], 0.4 * fits[wished[0]]
        come_true = [thing for thing in self.dreamt if thing in pool]
        if come_true and self.scribe.random.random() < 0.7:
            return come_true[0], 0.4 * fits[come_true[0]]
        thing = self.scribe.pick(ranked, [fits[t] for t in ranked], 0.5)
        return thing, 0.4 * fits[thing]

    def newcomer(self) -> str:
        """A name for somebody new."""
        taken = [c["name"] for c in self.world.get("characters") or []]
        return fresh_name(self.scribe.random, taken, " ".join(self.scribe.story))

    def _traveller(self, name: str) -> str:
        """How a picture shows somebody who travels: by the role where it can be drawn, else as a man or a woman."""
        role = canonical(self.roles.get(name, ""))
        return role if kind_of(role) == "person" else {"m": "man", "f": "woman"}.get(gender(name), "man")


def _short_of(thing: str, past: Sequence[dict[str, Any]]) -> bool:
    """Whether a thing of the wish is still owed: what stays may fail to be seen once, what passes by comes once."""
    asked = sum(step.get("thing") == thing and step.get("kind") != "dream" for step in past)
    return asked < (2 if kind_of(thing) in ("item", "creature", "flyer", "swimmer", "vehicle", "plant") else 1)


def _is_of(thing: str, kinds: Sequence[str]) -> bool:
    if any(thing in _SPECIAL[k] for k in kinds if k in _SPECIAL):
        return True
    kind = kind_of(thing)
    if kind == "sky":
        return "sky" in kinds and thing in SKY
    return kind in kinds and not (kind == "item" and (thing in FOOD or thing in FIXED))
