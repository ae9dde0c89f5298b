"""How a world begins: places, people and facts that the model finds likely for the wish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yggdrasil.agent.guides.cast import capital, within
from yggdrasil.agent.guides.phrases import FACT_FRAMES, PLACE_FRAMES
from yggdrasil.agent.guides.pools import NAMES, ROLES, SPOTS, WILD, Spot, belongs, culture_of, ground_of
from yggdrasil.agent.guides.scribe import HEAD, Scribe, understood
from yggdrasil.agent.guides.sentences import best_sentence
from yggdrasil.contract import here

TIMES = ("day", "night", "sunset", "overcast")
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
        here().note("this storyteller writes English only; a model that writes other languages is named by llm")
    wish = scribe.wish
    ground = ground_of(wish)
    spots = _spots(scribe, ground)
    names = _names(scribe)
    roles = _roles(scribe)
    begun = _begun(wish, names, roles, [s.name for s in spots])
    told: list[str] = []
    described: list[str] = []
    for spot in spots:
        described.append(_describe(scribe, begun, spot, told))
        told.append(described[-1])
    fact = _fact(scribe, begun, told)
    _, unknown = understood(str(context.get("wish") or ""))
    return {
        "title": _title(scribe, spots),
        "places": [
            {"name": s.name, "description": d, "scene": s.scene or ground or "meadow"}
            for s, d in zip(spots, described, strict=True)
        ],
        "characters": [{"name": n, "role": r, "place": s.name} for n, r, s in zip(names, roles, spots, strict=True)],
        "facts": [fact] if fact else [],
        "time": _by_words(wish, _TIME_WORDS) or scribe.random.choice(("day", "day", "sunset", "overcast")),
        "weather": _by_words(wish, _WEATHER_WORDS) or "none",
        "unknown": unknown,
    }


def _top(scribe: Scribe, label: str, pool: Sequence[str], null: str = "World: a place") -> list[tuple[float, str]]:
    """The pool by what the wish makes likelier, best first."""
    wish_text, null_text = f"World: {scribe.wish}\n{label}", f"{null}\n{label}"
    scores = scribe.gain(wish_text, null_text, pool)
    return sorted(zip(scores, pool, strict=True), reverse=True)


def _spots(scribe: Scribe, ground: str) -> list[Spot]:
    """Three places; those that the wish names first, and not three of one scene."""
    wish = scribe.wish.lower()
    usual = [s.name for s in SPOTS if belongs(s, scribe.wish, ground) or s.name.removeprefix("the ") in wish]
    ranked = _top(scribe, "Places:", usual)
    by_name = {s.name: s for s in SPOTS}
    named = [by_name[n] for _, n in ranked if n.removeprefix("the ") in wish]
    pool = [by_name[n] for _, n in ranked[:9]]
    scores = [score for score, _ in ranked[:9]]
    chosen: list[Spot] = named[:1]
    while len(chosen) < 3 and pool:
        spot = scribe.pick(pool, scores, 0.3)
        at = pool.index(spot)
        del pool[at], scores[at]
        scenes = [s.scene or ground for s in chosen]
        if spot not in chosen and scenes.count(spot.scene or ground) < 2:
            chosen.append(spot)
    return (chosen + [by_name[n] for _, n in ranked if by_name[n] not in chosen])[:3]


def _names(scribe: Scribe) -> list[str]:
    """Three names of one culture, both genders among them, none of them in the wish."""
    cultures = [culture_of(scribe.wish)] if culture_of(scribe.wish) else list(NAMES)
    samples = [f"{NAMES[c][0][0]}, {NAMES[c][1][0]}, {NAMES[c][0][1]}, {NAMES[c][1][1]}" for c in cultures]
    null = scribe.llm.choose("Names from a place:", [f" {s}" for s in samples])
    here = scribe.llm.choose(f"Names from {scribe.wish}:", [f" {s}" for s in samples])
    culture = scribe.pick(cultures, [a - b for a, b in zip(here, null, strict=True)], 0.12)
    men, women = (list(half) for half in NAMES[culture])
    first = scribe.random.random() < 0.5
    take = scribe.random.sample(men, 2 - first) + scribe.random.sample(women, 1 + first)
    scribe.random.shuffle(take)
    return take


def _roles(scribe: Scribe) -> list[str]:
    ranked = _top(scribe, "The hero is the", ROLES)[:9]
    pool, scores = [role for _, role in ranked], [score for score, _ in ranked]
    chosen: list[str] = []
    while len(chosen) < 3:
        role = scribe.pick(pool, scores, 0.3)
        at = pool.index(role)
        del pool[at], scores[at]
        chosen.append(role)
    return chosen


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


def _title(scribe: Scribe, spots: list[Spot]) -> str:
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
    options = [f"The {capital(noun)} of {spot.name}" for noun in nouns for spot in spots]
    options = [o.replace("Last night", "Last Night") for o in options]
    scores = _top(scribe, "Title:", scribe.random.sample(options, 14))[:5]
    title = scribe.pick([o for _, o in scores], [s for s, _ in scores], 0.3)
    return " ".join(w if w in ("of", "the") else capital(w) for w in title.split(" "))


def _by_words(wish: str, table: dict[str, str]) -> str:
    words = set(wish.lower().replace(",", " ").split())
    return next((name for name, hints in table.items() if words & set(hints.split())), "")
