"""A user's action becomes this step's intent: said as it was said where it is a sentence, else around its thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yggdrasil.agent.guides.cast import Cast, capital
from yggdrasil.agent.guides.events_more import BY_KIND
from yggdrasil.agent.guides.scribe import understood
from yggdrasil.agent.guides.things import canonical, kind_of
from yggdrasil.contract import here

if TYPE_CHECKING:
    from yggdrasil.agent.guides.develop import Stage

KIND_OF_THING = {
    "item": "find",
    "creature": "beast",
    "flyer": "beast",
    "swimmer": "swim",
    "person": "arrival",
    "vehicle": "vehicle",
    "building": "discover",
    "plant": "plant",
    "sky": "sky",
}
"""The event that a new thing of a kind belongs to."""
_VERB = re.compile(
    r"\b(is|are|was|were|has|have|will|can|must|come|[a-z]{3,}(s|ed)|found|came|went|saw|fell|brought|took|gave)\b"
)


def from_action(stage: Stage, action: str) -> dict[str, Any]:
    """The intent that an action asks for; words that are not understood are named in a note."""
    english, unknown = understood(action)
    sentence = english.strip().rstrip(".!?").strip()
    cast = _cast(stage, sentence)
    thing_kind = kind_of(cast.thing) if cast.thing else ""
    if _is_sentence(sentence) and sentence == action.strip().rstrip(".!?").strip():
        kind, text = "action", capital(sentence)
    elif cast.thing:
        kind = KIND_OF_THING[thing_kind]
        text = capital(cast.fill(BY_KIND[kind].opening))
    elif sentence:
        kind, text = "action", f"Word goes round {cast.fill('{inP}')}: {sentence}"
    else:
        kind, text = "action", capital(cast.fill("something happens {inP} that nobody understands"))
    known = cast.thing in stage.used and any(canonical(i["name"]) == cast.thing for i in stage.world.get("items") or [])
    intent: dict[str, Any] = {
        "text": f"{text}.",
        "kind": kind,
        "who": list(cast.people),
        "place": cast.place,
        "thing": cast.thing,
        "item": cast.thing if known else "",
    }
    if unknown:
        here().note(f"not understood: {', '.join(unknown)}")
    return intent


def _is_sentence(text: str) -> bool:
    words = text.split()
    return 3 <= len(words) <= 24 and bool(_VERB.search(text.lower()))


def _cast(stage: Stage, text: str) -> Cast:
    """Who, where and what the action names; chance fills the rest."""
    random = stage.scribe.random
    low = f" {text.lower()} "
    named = sorted(
        (n for n in stage.people if f" {n.lower()} " in low.replace(",", " ")), key=lambda n: low.index(n.lower())
    )
    rest = [n for n in stage.people if n not in named]
    people = tuple([*named, *random.sample(rest, len(rest))][:3])
    places = [p for p in stage.places if p.removeprefix("the ").lower() in low]
    place = places[0] if places else random.choice(stage.places)
    other = random.choice([p for p in stage.places if p != place] or [place])
    thing = thing_in(text, stage.drawable)
    newcomer = stage.newcomer() if kind_of(thing) == "person" else ""
    return Cast(people, place, other, thing, newcomer)


def thing_in(text: str, drawable: list[str]) -> str:
    """The first drawable thing that a text names, the longest name at its place; "" if none."""
    low = re.sub(r"[^a-z ]", " ", text.lower())
    hits = [
        (match.start(), -len(thing), thing)
        for thing in drawable
        if (match := re.search(rf"\b{re.escape(thing)}(s|es)?\b", low))
    ]
    return min(hits)[2] if hits else ""
