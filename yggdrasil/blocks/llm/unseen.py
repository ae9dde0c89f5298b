"""Pictures and sounds that a tool gave: a model that cannot take them is told so in words."""

from __future__ import annotations

import re
from typing import Any

Message = dict[str, Any]
OF_A_TOOL = "of_a_tool"
"""Marks a part that no person gave: a model that sees nothing can do without."""
_SENSES = re.compile(r"image|vision|multi-?modal|picture|audio|modalit|mmproj|content.{0,20}(part|type|string)", re.I)
_REFUSING = frozenset({400, 404, 415, 422, 500, 501})


def from_tools(messages: list[Message]) -> bool:
    """Whether a tool's picture or sound is among the messages, and no person's."""
    parts = [part for said in messages if isinstance(said.get("content"), list) for part in said["content"]]
    beyond = [part for part in parts if part.get("type") != "text"]
    return bool(beyond) and all(OF_A_TOOL in part for part in beyond)


def refuses_senses(status: int, said: str) -> bool:
    """Whether this refusal says that the model behind an endpoint takes no pictures or sounds."""
    return status in _REFUSING and bool(_SENSES.search(said))


def without_senses(messages: list[Message]) -> list[Message]:
    """The messages with words instead of what a tool gave to see or to hear."""
    return [_told(message) for message in messages]


def _told(message: Message) -> Message:
    parts = message.get("content")
    if not isinstance(parts, list) or not any(OF_A_TOOL in part for part in parts):
        return message
    told = [_in_words(part) if OF_A_TOOL in part else part for part in parts]
    if all(part.get("type") == "text" for part in told):
        return {**message, "content": "\n".join(part["text"] for part in told)}
    return {**message, "content": told}


def _in_words(part: dict[str, Any]) -> dict[str, Any]:
    what = part["type"]
    sense = "hear sounds" if what == "audio" else "see pictures"
    told = f"You cannot {sense}, so the {what} {part[what]} is not shown; a tool that takes one is given it by sha256"
    return {"type": "text", "text": f"[{told}]"}
