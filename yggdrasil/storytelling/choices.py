"""What the world offers to a stage's answer: names that are known, things that are fresh, openings that fit."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract import derive_seed
from yggdrasil.state.task_context import stems
from yggdrasil.storytelling import answer_schemas

_OFFERED = 12
_RECENT = 2


def names(context: dict[str, Any], kind: str) -> list[str]:
    return [thing["name"] for thing in context.get("world", {}).get(kind, [])]


def named(text: str, names: list[str]) -> list[str]:
    """The names of which a word stands in the text, inflected or not."""
    said = stems(text)
    return [name for name in dict.fromkeys(names) if stems(name) & said or name in text]


def worth_reading(context: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """The arguments with which the world's read tools find something."""
    things = [str(p["thing"]) for p in context.get("past", [])[-_RECENT:] if p.get("thing")]
    known = [*names(context, "characters"), *names(context, "items"), *things]
    story = " ".join(context.get("story", []))
    return {"read_place": {"place": names(context, "places")}, "recall": {"word": named(story, known)}}


def openings(action: str, people: list[str], language: str) -> list[str] | None:
    """How a plan may begin: with the reader's own words if there are some, else with someone who does something."""
    asked = action.strip(" .!?")
    if asked:
        return [asked[:1].upper() + asked[1:]] if answer_schemas.plain(asked) else None
    return people if language == "en" else None


def offered(context: dict[str, Any], action: str) -> list[str]:
    """A dozen of the drawable things, others at each step, and those that the reader's wish names."""
    left = fresh(list(context.get("things") or []), list(context.get("past", [])), "thing", 6)
    wish = f"{context.get('wish', '')} {context.get('step', 0)}"
    order = sorted(left, key=lambda thing: derive_seed(wish, thing))
    asked = [thing for thing in left if stems(thing) and stems(thing) <= stems(action)]
    return list(dict.fromkeys([*asked, *order[:_OFFERED]]))


def labelled(label: Any) -> str:
    """What a label says: itself, or its name where a seer says as well how sure it is."""
    said = cast(dict[str, Any], label).get("name") if isinstance(label, dict) else label
    return str(said or "")


def sure(label: Any) -> float:
    """How sure a label is, 0 … 1; one that does not say so is."""
    return float(cast(dict[str, Any], label).get("confidence", 1.0)) if isinstance(label, dict) else 1.0


def fresh(values: list[str], past: list[dict[str, Any]], field: str, span: int) -> list[str]:
    """The values without those of the last few intents, so that a weak model does not go round in a circle."""
    used = {str(p.get(field, "")) for p in past[-span:]}
    left = [value for value in values if value not in used]
    return left or values
