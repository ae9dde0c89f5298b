"""How a world begins: places, people and facts that the model finds likely for the wish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yggdrasil.contract import here
from yggdrasil.storytelling.tale_guide.cast import capital, within
from yggdrasil.storytelling.tale_guide.founding_words import (
    INDOORS,
    NAMES,
    ROLES,
    SPOTS,
    WILD,
    Spot,
    belongs,
    culture_of,
    ground_of,
)
from yggdrasil.storytelling.tale_guide.phrases import FACT_FRAMES, PLACE_FRAMES
from yggdrasil.storytelling.tale_guide.scribe import HEAD, Scribe, understood
from yggdrasil.storytelling.tale_guide.sentences import best_sentence
from yggdrasil.storytelling.tale_guide.things import WATERS, kind_of
from yggdrasil.storytelling.tale_guide.wish import Wish, named_spot, read_wish
from yggdrasil.storytelling.tale_guide.wish_words import SEASONS

PLACES = PEOPLE = 3
MOST_UNKNOWN = 8
HANDED_DOWN = "They tell of it here to this day"
"""So a wish of which not every word becomes something is in the world in its own words."""
_TIME_WORDS = {
    "night": "night haunted ghost vampire witch moon dark",
    "sunset": "evening sunset dusk",
    "day": "desert sunny",
}
_WEATHER_WORDS = {
    "snowfall": "snow winter snowfall blizzard arctic",
    "rain": "rain rainy monsoon",
    "fog": "fog mist foggy misty haunted swamp",
    "storm": "storm stormy thunder",
}


def found(scribe: Scribe, context: dict[str, Any]) -> dict[str, Any]:
    """Three places, three people, facts, title, time and weather for a wish."""
    if context.get("language", "en") != "en":
        text = "this storyteller writes English only; a model that writes other languages is named by llm"
        here().note(text, "english_only")
    wish, named = scribe.wish, read_wish(scribe.wish)
    ground = ground_of(wish)
    spots = _spots(scribe, ground, [*named.spots, *_waters(named, ground)])
    names, roles = _people(scribe, named)
    begun = _begun(wish, names, roles, [s.name for s in spots])
    told: list[str] = []
    described: list[str] = []
    for spot in spots:
        described.append(_describe(scribe, begun, spot, told))
        told.append(described[-1])
    fact = _fact(scribe, begun, told)
    _, foreign = understood(str(context.get("wish") or ""))
    unknown = list(dict.fromkeys([*foreign, *named.unknown]))[:MOST_UNKNOWN]
    season = f"{SEASONS[named.season]}." if named.season else ""
    kept = f"{HANDED_DOWN}: {wish}." if unknown else ""
    return {
        "title": _title(scribe, [named.called] if named.called else [spot.name for spot in spots]),
        "places": [
            {"name": s.name, "description": d, "scene": _ground(s.scene or ground or "meadow", context)}
            for s, d in zip(spots, described, strict=True)
        ],
        "characters": _placed(names, roles, [spot.name for spot in spots]),
        "facts": [sentence for sentence in (season, kept, fact) if sentence],
        "time": _by_words(wish, _TIME_WORDS) or scribe.random.choice(("day", "day", "sunset", "overcast")),
        "weather": _by_words(wish, _WEATHER_WORDS) or "none",
        "unknown": unknown,
    }


def _top(scribe: Scribe, label: str, pool: Sequence[str], null: str = "World: a place") -> list[tuple[float, str]]:
    """The pool by what the wish makes likelier, best first."""
    wish_text, null_text = f"World: {scribe.wish}\n{label}", f"{null}\n{label}"
    scores = scribe.gain(wish_text, null_text, pool)
    return sorted(zip(scores, pool, strict=True), reverse=True)


def _ground(wanted: str, context: dict[str, Any]) -> str:
    """The ground, if the world has it, else the first that it has."""
    known = context.get("scenes") or [wanted]
    return wanted if wanted in known else known[0]


def _spots(scribe: Scribe, ground: str, wished: list[Spot]) -> list[Spot]:
    """Three places; those that the wish names first, and not three of one scene."""
    usual = [s.name for s in SPOTS if belongs(s, scribe.wish, ground) and s not in wished]
    ranked = _top(scribe, "Places:", usual)
    by_name = {s.name: s for s in SPOTS}
    pool = [by_name[n] for _, n in ranked[:9]]
    scores = [score for score, _ in ranked[:9]]
    chosen = wished[:PLACES]
    while len(chosen) < PLACES and pool:
        spot = scribe.pick(pool, scores, 0.3)
        at = pool.index(spot)
        del pool[at], scores[at]
        scenes = [s.scene or ground for s in chosen]
        if scenes.count(spot.scene or ground) < 2:
            chosen.append(spot)
    rest = [by_name[n] for _, n in ranked if by_name[n] not in chosen]
    return _grounded([*chosen, *rest][:PLACES], rest, ground, len(wished))


def _waters(wished: Wish, ground: str) -> list[Spot]:
    """The sea, where the wish names what swims and no water for it."""
    swims = any(kind_of(thing) == "swimmer" for thing in wished.things)
    wet = WATERS & {ground, *(spot.scene for spot in wished.spots)}
    sea = named_spot("sea")
    return [sea] if sea and swims and not wet else []


def _grounded(chosen: list[Spot], rest: list[Spot], ground: str, wished: int) -> list[Spot]:
    """The places with one under the open sky among them, on the wish's own ground where it names one."""
    own = [s for s in rest if (s.scene or ground) == ground] if ground else []
    fits = any((s.scene or ground) == ground if ground and own else s.scene not in INDOORS for s in chosen)
    better = own or [s for s in rest if s.scene not in INDOORS]
    return chosen if fits or not better or wished >= PLACES else [*chosen[: PLACES - 1], better[0]]


def _people(scribe: Scribe, wished: Wish) -> tuple[list[str], list[str]]:
    """Names and roles of three: those that the wish names first, each role of it taken by somebody."""
    own = wished.people[:PEOPLE]
    names = [name for name, _ in own] + [name for name in _names(scribe) if name not in dict(own)]
    free = [role for role in wished.roles if role not in dict(own).values()]
    drawn = iter([*free, *(role for role in _roles(scribe) if role not in wished.roles)])
    return names[:PEOPLE], [dict(own).get(name) or next(drawn) for name in names[:PEOPLE]]


def _placed(names: list[str], roles: list[str], places: list[str]) -> list[dict[str, str]]:
    """Each at another place; who has a place in the role's name, a lighthouse keeper, stands there."""
    free = list(places)
    home = {r: p for r in roles for p in places if p.removeprefix("the ") in r}
    for place in home.values():
        if place in free:
            free.remove(place)
    return [
        {"name": n, "role": r, "place": home.get(r) or (free.pop(0) if free else places[0])}
        for n, r in zip(names, roles, strict=True)
    ]


def _names(scribe: Scribe) -> list[str]:
    """Three names of one culture, both genders among them, none of them in the wish."""
    cultures = [culture_of(scribe.wish)] if culture_of(scribe.wish) else list(NAMES)
    samples = [f"{NAMES[c][0][0]}, {NAMES[c][1][0]}, {NAMES[c][0][1]}, {NAMES[c][1][1]}" for c in cultures]
    null = scribe.choose("Names from a place:", [f" {s}" for s in samples])
    here = scribe.choose(f"Names from {scribe.wish}:", [f" {s}" for s in samples])
    culture = scribe.pick(cultures, [a - b for a, b in zip(here, null, strict=True)], 0.12)
    men, women = (list(half) for half in NAMES[culture])
    first = scribe.random.random() < 0.5
    take = scribe.random.sample(men, 2 - first) + scribe.random.sample(women, 1 + first)
    scribe.random.shuffle(take)
    return take


def _roles(scribe: Scribe) -> list[str]:
    """Nine roles that the wish makes likely, in the order in which they are drawn."""
    ranked = _top(scribe, "The hero is the", ROLES)[:9]
    pool, scores = [role for _, role in ranked], [score for score, _ in ranked]
    drawn: list[str] = []
    while pool:
        role = scribe.pick(pool, scores, 0.3)
        at = pool.index(role)
        del pool[at], scores[at]
        drawn.append(role)
    return drawn


def _begun(wish: str, names: list[str], roles: list[str], places: list[str]) -> str:
    people = ", ".join(f"{n} the {r}" for n, r in zip(names, roles, strict=True))
    return f"{HEAD}World: {wish}\nPeople: {people}\nPlaces: {', '.join(places)}\nStory:\n"


def _fact(scribe: Scribe, begun: str, told: list[str]) -> str:
    for frame in scribe.random.sample(FACT_FRAMES, 3):
        if fact := best_sentence(scribe, f"{begun}-", [frame], {}, told, bar=-0.5, floor=-6.0, tries=6):
            return fact
    return ""


def _describe(scribe: Scribe, begun: str, spot: Spot, told: list[str]) -> str:
    lead = f"- {capital(within(spot.name))} one is never alone."
    frames = [f for f in PLACE_FRAMES if not any(f[:6] == t[:6] for t in told)]
    if spot.name in WILD:
        frames = [f for f in frames if "built" not in f]
    for frame in scribe.random.sample(frames, 3):
        if text := best_sentence(scribe, begun + lead, [frame], {}, told, bar=-0.5, floor=-6.0, tries=6):
            return text
    return ""


def _title(scribe: Scribe, places: list[str]) -> str:
    nouns = (
        "song",
        "secret",
        "winter",
        "shadow",
        "last night",
        "people",
        "keepers",
        "tale",
        "oath",
        "silence",
        "bells",
    )
    options = [f"The {capital(noun)} of {place}" for noun in nouns for place in places]
    options = [o.replace("Last night", "Last Night") for o in options]
    scores = _top(scribe, "Title:", scribe.random.sample(options, min(14, len(options))))[:5]
    title = scribe.pick([o for _, o in scores], [s for s, _ in scores], 0.3)
    return " ".join(w if w in ("of", "the") else capital(w) for w in title.split(" "))


def _by_words(wish: str, table: dict[str, str]) -> str:
    words = set(wish.lower().replace(",", " ").split())
    return next((name for name, hints in table.items() if words & set(hints.split())), "")
