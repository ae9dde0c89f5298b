"""What should happen next: openings that the world allows, of which the model finds one fitting."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from yggdrasil.agent.guides.action import from_action
from yggdrasil.agent.guides.cast import (
    LIVING,
    Cast,
    capital,
    items,
    needs_thing,
    others,
    people,
    place_of,
    places,
    scene_of,
)
from yggdrasil.agent.guides.events import Event
from yggdrasil.agent.guides.events_more import EVENTS
from yggdrasil.agent.guides.pools import fresh_name, gender
from yggdrasil.agent.guides.scribe import Scribe
from yggdrasil.agent.guides.tables import words
from yggdrasil.agent.guides.things import (
    CURES,
    FIXED,
    FOOD,
    HEARTHS,
    MODERN,
    SKY,
    TOOLS,
    a,
    at_home,
    canonical,
    kind_of,
    many,
)

REST = 4
"""Steps that a kind of event rests after it has happened."""
MAX_PEOPLE = 6
SHORTLIST = 12
"""Things of each kind that a world is told with."""
OPENERS = ("find", "beast", "arrival", "vehicle", "sky", "dream", "gather")
_SPECIAL = {
    "hearth": HEARTHS,
    "cure": CURES,
    "tool": frozenset(TOOLS),
    "food": FOOD,
    "bed": frozenset({"bed", "candle"}),
}
_OURS = frozenset(
    words(
        """
    modern space robot robots future cyberpunk station spaceship today mars school circus
    """
    )
)
_fits: weakref.WeakKeyDictionary[Any, dict[tuple[str, ...], dict[str, float]]] = weakref.WeakKeyDictionary()


def develop(scribe: Scribe, context: dict[str, Any]) -> dict[str, Any]:
    """The intent of this step: an opening, and who, where and what it is about."""
    stage = Stage(scribe, context)
    action = str(context.get("action") or "").strip()
    if action:
        return from_action(stage, action)
    options = [
        (event, cast, score) for event in EVENTS if stage.rested(event) for cast, score in stage.casts(event)
    ] or [(event, cast, score) for event in EVENTS for cast, score in stage.casts(event)]
    openings = [capital(cast.fill(event.opening)) for event, cast, _ in options]
    likely = scribe.likely(openings)
    scores = [
        value + event.weight + bonus + stage.thread(event, cast)
        for value, (event, cast, bonus) in zip(likely, options, strict=True)
    ]
    at = scribe.pick(range(len(options)), scores, 0.45)
    event, cast, _ = options[at]
    return intent_of(event, cast, openings[at])


def intent_of(event: Event, cast: Cast, opening: str) -> dict[str, Any]:
    """The intent block; a newcomer has a name in its text alone, since the world does not know them yet."""
    known = needs_thing(event) == "known"
    return {
        "text": f"{opening}.",
        "kind": event.kind,
        "who": list(cast.people),
        "place": cast.place,
        "thing": cast.thing,
        "item": cast.thing if known else "",
    }


class Stage:
    """What a step has to choose from: people, places, known items, and things that fit the wish."""

    def __init__(self, scribe: Scribe, context: dict[str, Any]) -> None:
        self.scribe = scribe
        self.world = scribe.world
        self.people = people(self.world)
        self.places = places(self.world)
        self.past: list[dict[str, Any]] = list(context.get("past") or [])
        self.drawable = [canonical(t) for t in context.get("things") or []]
        self.ill = [c["name"] for c in self.world.get("characters") or [] if c.get("status") in ("ill", "wounded")]
        self.used = {p.get("thing") for p in self.past} | {canonical(i["name"]) for i in self.world.get("items") or []}

    def rested(self, event: Event) -> bool:
        return all(p.get("kind") != event.kind for p in self.past[-REST:])

    def thread(self, event: Event, cast: Cast) -> float:
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
        dreamt = [p.get("thing") for p in self.past[-6:] if p.get("kind") == "dream"]
        repeated = [p.get("thing") for p in self.past[-4:]].count(cast.thing)
        return bonus + (1.2 if cast.thing in dreamt and event.kind != "dream" else 0.0) - (0.6 if repeated > 2 else 0.0)

    def casts(self, event: Event) -> list[tuple[Cast, float]]:
        """Up to two ways to cast an event now, each with a bonus for how its thing fits the wish."""
        if len(self.people) < event.people or len(self.places) < 2:
            return []
        if event.kind == "heal" and not self.ill:
            return []
        if event.kind == "arrival" and len(self.people) >= MAX_PEOPLE:
            return []
        return [found for found in (self._cast(event) for _ in range(2)) if found is not None]

    def _cast(self, event: Event) -> tuple[Cast, float] | None:
        random = self.scribe.random
        well = others(self.people, *self.ill) or self.people
        order = random.sample(well, len(well))
        last_place = str(self.past[-1].get("place") or "") if self.past else ""
        place = random.choice([*self.places, *([last_place] if last_place in self.places else [])])
        thing, bonus = "", 0.0
        if event.takes.startswith("new"):
            picked = self._new(event.takes.split()[1:], scene_of(self.world, place))
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

    def _known(self, takes: Sequence[str]) -> dict[str, Any] | None:
        """A known item of one of these states, one of the last step's if there is one."""
        pool = [item for how in takes if how != "none" for item in items(self.world, how)]
        pool = [item for item in pool if not self.drawable or canonical(item["name"]) in self.drawable]
        if not pool:
            return None
        last = self.past[-1].get("thing") if self.past else ""
        again = [item for item in pool if canonical(item["name"]) == last]
        return self.scribe.random.choice(again if again and self.scribe.random.random() < 0.7 else pool)

    def _new(self, kinds: Sequence[str], scene: str) -> tuple[str, float] | None:
        """A thing of these kinds that was not in the tale yet, drawn by how it fits the wish."""
        fits = thing_fits(self.scribe, self.drawable)
        pool = [t for t in fits if t not in self.used and at_home(t, scene) and _is_of(t, kinds) and not many(t)]
        if any(k in ("creature", "flyer", "swimmer", "vehicle") for k in kinds):
            pool = [t for t in pool if kind_of(t) != "vehicle" or at_home(t, scene)]
        ranked = sorted(pool, key=lambda t: -fits[t])[:6]
        if not ranked:
            return None
        thing = self.scribe.pick(ranked, [fits[t] for t in ranked], 0.5)
        return thing, 0.4 * fits[thing]

    def newcomer(self) -> str:
        """A name for somebody new."""
        taken = [c["name"] for c in self.world.get("characters") or []]
        return fresh_name(self.scribe.random, taken, " ".join(self.scribe.story))

    def _traveller(self, name: str) -> str:
        return {"m": "man", "f": "woman"}.get(gender(name), "man")


def _is_of(thing: str, kinds: Sequence[str]) -> bool:
    if any(thing in _SPECIAL[k] for k in kinds if k in _SPECIAL):
        return True
    kind = kind_of(thing)
    if kind == "sky":
        return "sky" in kinds and thing in SKY
    return kind in kinds and not (kind == "item" and (thing in FOOD or thing in FIXED))


def thing_fits(scribe: Scribe, drawable: Sequence[str]) -> dict[str, float]:
    """Thing → how much likelier the wish makes it (0 is the mean, 1 a standard deviation).

    Computed once for a model and wish and kept: a pure function, so that keeping it changes nothing.
    """
    known = _fits.setdefault(scribe.llm, {})
    key = (scribe.wish, *drawable)
    if key not in known:
        known[key] = _measure(scribe, _thinkable(drawable, scribe.wish))
    return known[key]


def _measure(scribe: Scribe, things: list[str]) -> dict[str, float]:
    if not things:
        return {}
    first = _by(scribe, "World: {}\nThings: a stone,", "a place", things)
    things = sorted({t for kind in {kind_of(t) for t in things} for t in _best(first, kind)})
    listed = [first[thing] for thing in things]
    found = list(_by(scribe, "Once upon a time, in {}, somebody found", "a place", things).values())
    scores = [x + y for x, y in zip(_standard(listed), _standard(found), strict=True)]
    return {
        thing: score + (1.5 if _named(thing, scribe.wish) else 0.0)
        for thing, score in zip(things, _standard(scores), strict=True)
    }


def _by(scribe: Scribe, frame: str, null: str, things: list[str]) -> dict[str, float]:
    gains = scribe.gain(frame.format(scribe.wish), frame.format(null), [a(thing) for thing in things])
    return dict(zip(things, gains, strict=True))


def _best(scores: dict[str, float], kind: str) -> list[str]:
    """The things of a kind that the first look likes most: only these get a second."""
    return sorted((t for t in scores if kind_of(t) == kind), key=lambda t: -scores[t])[:SHORTLIST]


def _named(thing: str, wish: str) -> bool:
    words = set(wish.lower().replace(",", " ").split())
    return set(thing.split()) <= words or bool({f"{thing}s", f"{thing}es"} & words)


def _thinkable(things: Sequence[str], wish: str) -> list[str]:
    """The things without those of our time, unless the wish names them or is of our time or later."""
    words = set(wish.lower().replace(",", " ").split())
    ours = bool(words & _OURS)
    return sorted({t for t in things if ours or t not in MODERN or _named(t, wish)})


def _standard(values: Sequence[float]) -> list[float]:
    mean = sum(values) / len(values)
    spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5 or 1.0
    return [(v - mean) / spread for v in values]


__all__ = ["LIVING", "Stage", "develop", "intent_of", "thing_fits"]
