"""What an eye says of a picture: in words alone, or as a seer does, in words and labels; one shape for every eye."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from yggdrasil.blocks.llm.language_model import Schema

QUESTION = "What does this picture really show? Name only what is there."


def sight(things: Sequence[str], places: Sequence[str], times: Sequence[str], weathers: Sequence[str]) -> Schema:
    """What a seer says of a picture, as the schema of an answer; the names are of the lists, where these name any."""
    properties: dict[str, Any] = {
        "text": {"type": "string", "minLength": 1, "maxLength": 300},
        "place": _name_of(places),
        "time": _name_of(times),
        "weather": _name_of(weathers),
        "things": {"type": "array", "items": _name_of(things), "maxItems": 6},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def as_seen(found: dict[str, Any], *, own: bool) -> tuple[str, dict[str, Any]]:
    """Text and labels of an answer; `own`: it obeys `sight`, else a caller's schema, whose object is the labels."""
    if own:
        labels = {**found, "things": [{"name": name} for name in dict.fromkeys(found["things"])]}
        return str(labels.pop("text")), labels
    text = found.get("text")
    return text if isinstance(text, str) else json.dumps(found, ensure_ascii=False), found


def _name_of(known: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(known)} if known else {"type": "string", "minLength": 1, "maxLength": 40}
