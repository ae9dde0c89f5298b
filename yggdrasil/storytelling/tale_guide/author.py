"""What really happened: the opening as it was seen, an end that the model finds likely, and a sentence of its own."""

from __future__ import annotations

from typing import Any

from yggdrasil.storytelling.tale_guide.action import deed_of
from yggdrasil.storytelling.tale_guide.cast import LIVING, UNNAMED, Cast, capital, places
from yggdrasil.storytelling.tale_guide.deed import Deed
from yggdrasil.storytelling.tale_guide.events import effects_of
from yggdrasil.storytelling.tale_guide.events_more import BY_KIND
from yggdrasil.storytelling.tale_guide.phrases import CLOSED, FRAMES
from yggdrasil.storytelling.tale_guide.retell import remade, seen_in
from yggdrasil.storytelling.tale_guide.scribe import NULL, Scribe
from yggdrasil.storytelling.tale_guide.sentences import best_sentence, closed_sentence, worn
from yggdrasil.storytelling.tale_guide.things import kind_of

MOODS = {
    "joyful": "give gather meal heal help refind plant feed",
    "fearful": "beast attack ill sky steal unnamed vehicle secret",
    "sad": "lose ill quarrel journey dream",
    "strange": "find study dream sky discover arrival follow unnamed action plant",
    "calm": "find carry meal council help plant journey feed vehicle",
    "angry": "quarrel steal lose",
    "curious": "find beast swim arrival study discover council secret vehicle action carry follow",
}
"""Mood → the kinds of event that may have it; among these the model chooses."""
READY = 0.2
"""How often a ready sentence stands in for a free one, so that the frames do not wear out."""
_TOPICS = {"arrival": "newcomer", "sky": "sky", "discover": "building", "vehicle": "passing", "plant": "passing"}
OFFERED = 5
"""Ends that the model chooses from, drawn from all that the event has."""
ACTION_ENDS = (
    ", and {A} is the first to see it |",
    ", and nobody knows what will come of it |",
    ", and {A} runs to tell {B} | fact {A} and {B} know of it first",
    ", but {B} does not believe it | fact {B} does not believe what {Bhe} has seen",
    ", and the whole of {P} speaks of nothing else |",
    ", and {A} and {B} come closer to look |",
    ", and {B} takes it for a bad sign | fact {B} fears a bad sign",
    ", and {A} calls the others together | fact {A} has called the people together",
    ", and {B} thinks of leaving {P} | fact {B} thinks of leaving {P}",
)
"""Ends of what happens by itself."""
DEED_ENDS = (
    ", and {B} sees it |",
    ", and {B} does not ask {him} why |",
    ", but {B} wants to stop {him} | fact {B} has tried to stop {A}",
    ", and from that hour {B} trusts {him} | fact {B} trusts {A}",
    ", and before dark everyone {inP} knows it | fact Everyone {inP} knows what {A} has done",
    ", because {B} has asked {him} to | fact {A} has done what {B} asked",
    ", and {B} is angry with {him} | fact {B} is angry with {A}",
    ", and {B} laughs for the first time in days | fact {B} is glad of what {A} has done",
    ", though {B} has warned {him} | fact {B} has warned {A}",
)
"""Ends of what somebody known does."""
UNNAMED_ENDS = (
    ", and neither of them dares to touch it |",
    ", and {B} wants to run away | fact {B} is afraid of what stands {inP}",
    ", and {A} covers it with a cloth | fact {A} has covered something {inP} that nobody can name",
    ", but when they look again it has changed | fact Something {inP} changes when nobody looks",
    ", and each of them sees something else |",
)


def author(scribe: Scribe, context: dict[str, Any]) -> dict[str, Any]:
    """The chronicle: one or two whole sentences about what the artifacts show."""
    intent: dict[str, Any] = context.get("intent") or {}
    seen = seen_in(context.get("perception") or {}, context.get("things") or [])
    kind, cast, opening = remade(scribe, intent, seen)
    first = f"{opening}{_end(scribe, ends_of(kind, deed_of(scribe.world, intent)), cast, opening)}."
    told = scribe.story
    second = _second(scribe, kind, cast, first, told)
    text = f"{first} {second}".strip()
    return {
        "text": text,
        "who": list(cast.people),
        "place": cast.place if cast.place in places(scribe.world) else "",
        "thing": cast.thing,
        "mood": _mood(scribe, kind, text),
    }


def ends_of(kind: str, done: Deed) -> tuple[str, ...]:
    """The ends that an event may have; those of a user's sentence depend on what it does."""
    if kind == "unnamed":
        return UNNAMED_ENDS
    if kind not in BY_KIND and done.told:
        return DEED_ENDS
    return BY_KIND[kind if kind in BY_KIND else done.like].ends if kind in BY_KIND or done.like else ACTION_ENDS


def filled_end(cast: Cast, end: str) -> str:
    """An end with its slots filled, begun by a blank unless by a comma; "" where a part is missing."""
    text, _ = effects_of(end)
    try:
        filled = cast.fill(text)
    except KeyError:
        return ""
    return filled if filled.startswith(",") or not filled else f" {filled}"


def _end(scribe: Scribe, ends: tuple[str, ...], cast: Cast, opening: str) -> str:
    """The end of the first sentence: one that was not told lately, drawn by its likelihood."""
    filled = [text for end in ends if (text := filled_end(cast, end)) and not worn(text, scribe.story[-8:])]
    if not filled:
        return ""
    filled = scribe.random.sample(filled, min(OFFERED, len(filled)))
    texts = [f"{text}." for text in filled]
    here = scribe.choose(f"{scribe.text} {opening}", texts)
    null = scribe.choose(f"{NULL} {opening}", texts)
    return scribe.pick(filled, [0.3 * a + (a - b) for a, b in zip(here, null, strict=True)], 0.3)


def _second(scribe: Scribe, kind: str, cast: Cast, first: str, told: list[str]) -> str:
    """A sentence that the model writes in a frame; a ready one if none of its own is good enough."""
    topic = topic_of(kind, cast)
    slots = {name: value for name, value in cast.slots().items() if value}
    frames = [f for f in FRAMES[topic] if not any(_lead(f) in line for line in told[-4:])] or list(FRAMES[topic])
    prefix = f"{scribe.text} {first}"
    ready = [capital(text) for option in CLOSED[topic] if (text := filled_end(cast, option).strip())]
    if scribe.random.random() < READY and (closed := closed_sentence(scribe, prefix, ready, told[-12:])):
        return closed
    for frame in scribe.random.sample(frames, min(2, len(frames))):
        if free := best_sentence(scribe, prefix, [frame], slots, [*told, first]):
            return free
    return closed_sentence(scribe, prefix, ready, told)


def _lead(frame: str) -> str:
    """The words of a frame before its first choice or slot."""
    return frame.split("(")[0].split("<")[0].split("{")[0].strip() or frame


def topic_of(kind: str, cast: Cast) -> str:
    """What the second sentence is about."""
    if cast.thing == UNNAMED:
        return "object"
    if kind in _TOPICS:
        return _TOPICS[kind]
    if kind in ("gather", "council", "meal"):
        return "people"
    if kind in ("beast", "swim", "feed", "follow", "attack"):
        return "creature"
    if kind in ("quarrel", "dream", "ill", "heal", "help", "journey", "secret", "action"):
        return "person"
    return "creature" if kind_of(cast.thing) in LIVING else "object"


def _mood(scribe: Scribe, kind: str, text: str) -> str:
    moods = [mood for mood, kinds in MOODS.items() if kind in kinds.split()] or list(MOODS)
    ask = "\n(The mood is"
    scores = scribe.gain(f"{scribe.text} {text}{ask}", f"{NULL}{ask}", moods)
    return moods[max(range(len(moods)), key=lambda i: scores[i])]
