"""The plan of a step's picture: its thing, at its place, at the time and in the weather of the world."""

from __future__ import annotations

from typing import Any

from yggdrasil.plugins.scenery import GROUNDS, HOURS, WEATHERS
from yggdrasil.storytelling.tale_guide.cast import named_place, places, scene_of
from yggdrasil.storytelling.tale_guide.deed import time_in, weather_in
from yggdrasil.storytelling.tale_guide.founding_words import INDOORS, ground_of
from yggdrasil.storytelling.tale_guide.scribe import Scribe
from yggdrasil.storytelling.tale_guide.things import WEATHER_OF, a

SLOT = "picture"
SCENES = {**GROUNDS, "dungeon": "in a dungeon"}
TIMES = {**HOURS, "overcast": "under a cloudy sky"}
_TIMELESS = (*INDOORS, "underwater", "space")
_OPEN = {"ship": "sea", "sailboat": "sea", "canoe": "sea", "whale": "sea", "shark": "sea", "dolphin": "sea"}


def architect(scribe: Scribe, context: dict[str, Any]) -> dict[str, Any]:
    """One picture: `prompt` in words that the painter knows, for the slot `picture`."""
    intent: dict[str, Any] = context.get("intent") or {}
    thing = str(intent.get("thing") or "")
    text = str(intent.get("text") or "") if intent.get("kind") == "action" else ""
    place = str(intent.get("place") or "") or named_place(text, places(scribe.world))
    scene = scene_of(scribe.world, place)
    if intent.get("kind") == "discover" and scene in INDOORS:
        scene = ground_of(scribe.wish) or "meadow"
    if scene in ("beach", "city", "meadow"):
        scene = _OPEN.get(thing, scene)
    words = [a(thing) if thing else "an empty place", SCENES.get(scene, SCENES["meadow"])]
    if scene not in _TIMELESS:
        weather = WEATHER_OF.get(thing) or weather_in(text) or _weather(scribe)
        words += [TIMES[time_in(text) or _time(scribe)], WEATHERS.get(weather, "")]
    return {"paints": [{"prompt": " ".join(word for word in words if word), "slot": SLOT}]}


def _time(scribe: Scribe) -> str:
    """The world's time of day goes on by one or stays."""
    order = tuple(HOURS)
    now = str(scribe.world.get("time") or "day")
    at = order.index(now) if now in order else 0
    return order[(at + scribe.random.choice((0, 1, 1, 2))) % len(order)]


def _weather(scribe: Scribe) -> str:
    """The world's weather lasts in half of the steps; else it is fair."""
    now = str(scribe.world.get("weather") or "none")
    return now if now != "storm" and scribe.random.random() < 0.5 else "none"
