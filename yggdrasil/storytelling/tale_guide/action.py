"""A user's action becomes this step's intent: said as it was said where it is a sentence, else around its thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yggdrasil.contract import here
from yggdrasil.storytelling.tale_guide.cast import (
    Cast,
    capital,
    known_as,
    named_people,
    named_place,
    people,
    place_of,
    places,
    scene_of,
)
from yggdrasil.storytelling.tale_guide.deed import GO, Deed, deed
from yggdrasil.storytelling.tale_guide.events_more import BY_KIND
from yggdrasil.storytelling.tale_guide.founding_words import INDOORS
from yggdrasil.storytelling.tale_guide.scribe import understood
from yggdrasil.storytelling.tale_guide.things import a, at_home, canonical, kind_of, nearest
from yggdrasil.storytelling.tale_guide.wish import read_wish, singular

if TYPE_CHECKING:
    from yggdrasil.storytelling.tale_guide.develop import StepChoices

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
LONGEST = 4
"""Words of the longest name of a thing."""
_VERB = re.compile(
    r"\b(is|are|was|were|has|have|will|can|must|come|[a-z]{3,}(s|ed)|found|came|went|saw|fell|brought|took|gave)\b"
)
_SOMEBODY = re.compile(r"^(an?) ((?:[a-z-]+ ){1,3}?)(?=[a-z]+s\b)", re.IGNORECASE)


def from_action(stage: StepChoices, action: str) -> dict[str, Any]:
    """The intent that an action asks for; words that are not understood are named in a note."""
    english, unknown = understood(action)
    sentence = english.strip().rstrip(".!?").strip()
    said = _is_sentence(sentence) and sentence == action.strip().rstrip(".!?").strip()
    if said:
        sentence = _introduced(stage, capital(sentence))
    cast = _cast(stage, sentence)
    if said:
        kind, text = "action", sentence
    elif cast.thing:
        kind = KIND_OF_THING[kind_of(cast.thing)]
        text = capital(cast.fill(BY_KIND[kind].opening))
    elif sentence:
        kind, text = "action", f"Word goes round {cast.fill('{inP}')}: {sentence}"
    else:
        kind, text = "action", capital(cast.fill("something happens {inP} that nobody understands"))
    if unknown:
        here().note(f"not understood: {', '.join(unknown)}", "not_understood", words=list(unknown))
    return {
        "text": f"{text}.",
        "kind": kind,
        "who": list(cast.people),
        "place": cast.place if cast.place in stage.places else "",
        "thing": cast.thing,
        "item": known_as(stage.world, cast.thing),
    }


def deed_of(world: dict[str, Any], intent: dict[str, Any]) -> Deed:
    """What the user's sentence in an intent does; nothing for an intent that is none."""
    text, thing = str(intent.get("text") or ""), canonical(str(intent.get("thing") or ""))
    items = [canonical(item["name"]) for item in world.get("items") or []]
    place = named_place(text, places(world))
    return deed(text, named_people(text, people(world)), place, thing, kind=kind_of(thing), known=thing in items)


def _is_sentence(text: str) -> bool:
    spoken = text.split()
    return 3 <= len(spoken) <= 24 and bool(_VERB.search(text.lower()))


def _introduced(stage: StepChoices, sentence: str) -> str:
    """A stranger who comes gets a name, so that the world can keep them: "A monk named Orm arrives"."""
    found = _SOMEBODY.match(sentence)
    words = found.group(2).strip() if found else ""
    if not found or " named " in sentence or not set(re.findall(r"[a-z]+", sentence.lower())) & GO:
        return sentence
    somebody = read_wish(words).roles
    name = stage.newcomer() if somebody else ""
    return f"{found.group(1)} {words} named {name}{sentence[found.end() - 1 :]}" if name else sentence


def _cast(stage: StepChoices, text: str) -> Cast:
    """Who, where and what the action names; chance fills the rest, where the thing can be."""
    random = stage.scribe.random
    named = named_people(text, stage.people)
    rest = [n for n in stage.people if n not in named]
    crew = tuple([*named, *random.sample(rest, len(rest))][:3])
    thing = _drawn(text, stage.drawable)
    stands = place_of(stage.world, named[0]) if named else ""
    free = [p for p in stage.places if _room(thing, scene_of(stage.world, p))] or stage.places
    place = named_place(text, stage.places) or (stands if stands in stage.places else random.choice(free))
    other = random.choice([p for p in stage.places if p != place] or [place])
    bare = kind_of(thing) == "person" and not _is_sentence(text)
    return Cast(crew, place, other, thing, stage.newcomer() if bare else "")


def _room(thing: str, scene: str) -> bool:
    """Whether a thing that comes by itself can be at a ground: not a ship in a room."""
    open_air = kind_of(thing) in ("creature", "flyer", "vehicle", "building", "plant", "sky")
    return not thing or (at_home(thing, scene) and not (open_air and scene in INDOORS))


def _drawn(text: str, drawable: list[str]) -> str:
    """The thing that a picture of the sentence shows: a named one, else the nearest drawing, with a note."""
    if thing := thing_in(text, drawable):
        return thing
    for word in re.findall(r"[a-z]+", text.lower()):
        label = next((n for form in singular(word) if (n := nearest(form))), "")
        if label and label in drawable:
            here().note(f"there is no drawing of {word!r}: the picture shows {a(label)}")
            return label
    return ""


def thing_in(text: str, drawable: list[str]) -> str:
    """The first drawable thing that a text names by any of its names, the longest at its place; "" if none."""
    tokens = re.findall(r"[a-z]+", text.lower())
    for at in range(len(tokens)):
        for length in range(min(LONGEST, len(tokens) - at), 0, -1):
            *first, last = tokens[at : at + length]
            for form in singular(last):
                if (thing := canonical(" ".join([*first, form]))) in drawable:
                    return thing
    return ""
