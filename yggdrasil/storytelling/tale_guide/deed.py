"""What a user's sentence does in the world: its verb, who does it, to what and where, as effects of an event.

Effects are written as in `events`; people stand in the cast in the order in which the sentence names them, so A is
who acts and B who is acted upon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yggdrasil.storytelling.tale_guide.word_tables import words


@dataclass(frozen=True)
class Deed:
    """`like` is the event whose ends may follow ("" = those of a deed); `told` that somebody known acts."""

    effects: tuple[str, ...] = ()
    like: str = ""
    told: bool = False


def _verbs(text: str) -> frozenset[str]:
    return frozenset(words(text))


_TAKE = _verbs(
    """
    find finds found take takes took grab grabs pick picks get gets got buy buys bought catch catches caught steal
    steals stole receive receives win wins won hide hides keep keeps carry carries wear wears forge forges make makes
    build builds craft crafts tame tames
    """
)
_GIVE = _verbs("give gives gave hand hands bring brings brought sell sells sold offer offers send sends")
_LOSE = _verbs("lose loses lost drop drops throw throws forget forgets")
_LAY = _verbs("lay lays put puts leave leaves bury buries plant plants hang hangs set sets")
_RUIN = _verbs(
    "destroy destroys break breaks burn burns eat eats kill kills slay slays smash smashes drink drinks devour devours"
)
_CEASE = _verbs("sink sinks vanish vanishes disappear disappears die dies melt melts explode explodes")
GO = _verbs(
    """
    go goes went walk walks run runs sail sails travel travels move moves return returns climb climbs ride rides flee
    flees come comes enter enters march marches fly flies arrive arrives visit visits hurry hurries escape escapes
    """
)
_BECOMES = {
    "ill": _verbs("ill sick fever poisoned cursed"),
    "wounded": _verbs("wounded hurt injured bitten"),
    "well": _verbs("recovers recovered healed cured wakes"),
    "dead": _verbs("dies died dead drowns drowned killed murdered slain"),
}
"""State → words that say it of the one whom a sentence is about."""
_MAKES = {
    "wounded": _verbs("wounds attacks attack bites bite stabs stab hurts"),
    "well": _verbs("heals heal cures cure saves save"),
    "dead": _verbs("kill kills murders murder drowns slays"),
}
"""State → verbs that bring another into it."""
_WEATHER = {
    "snowfall": _verbs("snow snows snowing blizzard snowstorm snowfall"),
    "rain": _verbs("rain rains raining downpour drizzle flood"),
    "fog": _verbs("fog mist foggy"),
    "storm": _verbs("storm thunder lightning thunderstorm hurricane tempest"),
}
_TIME = {
    "night": _verbs("night midnight nightfall moonlight"),
    "sunset": _verbs("sunset dusk evening dawn sunrise twilight"),
    "day": _verbs("noon morning daylight sunshine"),
}


def deed(text: str, people: Sequence[str], place: str, thing: str, *, kind: str = "", known: bool = False) -> Deed:
    """What a sentence does: the `people` that it names in their order, a named `place`, a drawable `thing` of a `kind`.

    `known`: the world has the thing already.
    """
    spoken = re.findall(r"[a-z]+", text.lower())
    acts = bool(people) and people[0].lower() in spoken[:2]
    effects = _of_health(set(spoken), people, acts)
    if thing:
        effects += _of_thing(spoken, len(people), bool(place), thing, acts=acts, known=known)
    if acts and place and GO & set(spoken):
        effects.append("move A P")
    if not effects:
        effects.append(f"fact {literal(text.strip().rstrip('.!?'))}")
    like = "" if acts or known or "gone" in effects else _LIKE.get(kind, "")
    return Deed(tuple(effects), like, acts)


def literal(text: str) -> str:
    """A user's words inside an effect, whose slots are filled later: braces in them are no slots."""
    return text.replace("{", "{{").replace("}", "}}")


def weather_in(text: str) -> str:
    """The weather that a sentence tells of; "" if none."""
    return _first(text, _WEATHER)


def time_in(text: str) -> str:
    """The time of day that a sentence tells of; "" if none."""
    return _first(text, _TIME)


_LIKE = {"creature": "beast", "flyer": "beast", "swimmer": "swim", "vehicle": "vehicle", "plant": "plant", "sky": "sky"}
"""Kind of what comes by itself → the event whose ends may follow."""


def _of_health(spoken: set[str], people: Sequence[str], acts: bool) -> list[str]:
    """Who is hurt or healed: the one acted upon by a verb that makes so, else the first named."""
    upon = "A" if not acts else "B" if len(people) > 1 else ""
    if people and upon:
        for state, said in _MAKES.items():
            if spoken & said:
                return [f"status {upon} {state}"]
    return next(([f"status A {state}"] for state, said in _BECOMES.items() if people and spoken & said), [])


def _of_thing(spoken: list[str], people: int, placed: bool, thing: str, *, acts: bool, known: bool) -> list[str]:
    """Where the thing is afterwards; nothing changes for a known one that no verb moves."""
    verbs, at = set(spoken), _at(spoken, thing)
    ruined = next((i for i, word in enumerate(spoken) if word in _RUIN), -1)
    if verbs & _CEASE or (ruined >= 0 and at > ruined):
        return ["gone"]
    if acts and people > 1 and verbs & _GIVE:
        return ["hold B"]
    if acts and verbs & _LOSE:
        return ["lost"]
    if acts and verbs & _LAY:
        return ["lay P"]
    if acts and verbs & (_TAKE | _GIVE):
        return ["hold A"]
    return [] if known and not placed else ["lay P"]


def _at(spoken: list[str], thing: str) -> int:
    """Where a sentence names the thing."""
    stem = thing.split()[-1][:4]
    return next((i for i, word in enumerate(spoken) if word.startswith(stem)), -1)


def _first(text: str, table: dict[str, frozenset[str]]) -> str:
    spoken = set(re.findall(r"[a-z]+", text.lower()))
    return next((name for name, said in table.items() if spoken & said), "")
