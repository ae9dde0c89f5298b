"""A stage's inputs as plain text, for bodies that take nothing but a prompt."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.state.json_as_text import outline

_HEADS = {
    "wish": "Wish",
    "world": "World",
    "story": "Story so far",
    "intent": "What should happen",
    "plan": "What was planned",
    "perception": "What is really seen",
    "chronicle": "What really happened",
    "action": "The user acts",
}
_LOOK = "Say in one sentence what this shows."
_STORY = 12


def as_text(plays: str, offer: dict[str, Any]) -> str:
    """What a stage knows, a line for each thing that is there; of the story the last lines only.

    The Creator gets the plan's prompts alone; the Philosopher is not told what was ordered.
    """
    if plays == "philosopher":
        return _LOOK
    if plays == "creator":
        return ", ".join(_prompts(offer.get("plan") or {}))
    lines = [f"{head}: {_told(key, offer[key])}" for key, head in _HEADS.items() if offer.get(key)]
    return "\n".join(lines)


def _prompts(plan: dict[str, Any]) -> list[str]:
    return [str(call["arguments"]["prompt"]) for call in plan.values() if "prompt" in call.get("arguments", {})]


def _told(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        mapping = cast(dict[str, Any], value)
        if isinstance(mapping.get("text"), str):
            return str(mapping["text"])
        if key == "plan":
            return ", ".join(_prompts(mapping))
        if key == "perception":
            return " ".join(_told("", seen) for seen in mapping.values())
        parts = [
            f"{name} ({_names(entries)})" for name, entries in mapping.items() if entries not in (None, "", [], {})
        ]
        return "; ".join(parts)
    if isinstance(value, list):
        texts = [_told("", entry) for entry in cast(list[Any], value)[-_STORY:]]
        return " ".join(texts)
    return outline(value)


def _names(entries: Any) -> str:
    if isinstance(entries, list):
        return ", ".join(_named(entry) for entry in cast(list[Any], entries))
    if isinstance(entries, dict):
        return ", ".join(f"{name}: {_names(entry)}" for name, entry in cast(dict[str, Any], entries).items())
    return outline(entries)


def _named(entry: Any) -> str:
    if isinstance(entry, dict) and isinstance(name := cast(dict[str, Any], entry).get("name"), str):
        return name
    return _names(entry)
