"""Read tools of a world's agents: they look into the digest that came with the task, and change nothing."""

from __future__ import annotations

import re
from typing import Any

from yggdrasil.contract import Block, ConfigError, here
from yggdrasil.ports import Text

CONTEXT = "agent.context"
"""Under this name the context of the task that is being done stands among what a run shares."""

_NOTHING = {"ru": "ничего не найдено", "": "nothing was found"}
_EMPTY = {"ru": "здесь ещё ничего не случилось", "": "nothing has happened there yet"}
_WORD = re.compile(r"[^\W\d_]{3,}")
_STEM = 5
_LINES = 3


def context() -> dict[str, Any]:
    """The context of the task that is being done. Raises ConfigError outside of one."""
    found = here().shared.get(CONTEXT)
    if found is None:
        raise ConfigError("there is no world to read", where=here().path, mend="use this tool from an agent in a world")
    return found


def _said(words: dict[str, str], language: str) -> str:
    return words.get(language, words[""])


def stems(text: str) -> set[str]:
    """The words of three letters and more, cut to five, so that inflected forms meet."""
    return {word.lower()[:_STEM] for word in _WORD.findall(text)}


class ReadPlace(Block, type="world/read_place", role="Tool"):
    """Tell what a place is like, who and what is there, and what happened there last."""

    def forward(self, place: Text) -> Text:
        known = context()
        world, language = known["world"], known.get("language", "")
        found = next((p for p in world.get("places", []) if p["name"].lower() == place.lower()), None)
        if found is None:
            names = ", ".join(p["name"] for p in world.get("places", []))
            return f"{_said(_NOTHING, language)}: {place}. {names}"
        who = [c["name"] for c in world.get("characters", []) if c.get("place") == found["name"]]
        what = [i["name"] for i in world.get("items", []) if i.get("place") == found["name"]]
        events = [p.get("text", "") for p in known.get("past", []) if p.get("place") == found["name"]][-1:]
        parts = [found.get("description", ""), ", ".join(who + what), *(events or [_said(_EMPTY, language)])]
        return f"{found['name']}: " + ". ".join(part.rstrip(".") for part in parts if part) + "."


class Recall(Block, type="world/recall", role="Tool"):
    """Recall the lines of the story in which a person, a thing or a word stands."""

    def forward(self, word: Text) -> Text:
        known = context()
        wanted = stems(word)
        lines = [line for line in known.get("story", []) if wanted & stems(line) or (not wanted and word in line)]
        return " ".join(lines[-_LINES:]) or f"{_said(_NOTHING, known.get('language', ''))}: {word}"


class Search(Block, type="world/search", role="Tool"):
    """Search facts, rules and story for some words and give what fits best."""

    def forward(self, words: Text) -> Text:
        known = context()
        wanted = stems(words)
        world = known["world"]
        texts = [*world.get("facts", []), *map(str, world.get("rules", [])), *known.get("story", [])]
        ranked = sorted(texts, key=lambda text: len(wanted & stems(text)), reverse=True)
        found = [text for text in ranked if wanted & stems(text)][:_LINES]
        return " ".join(found) or f"{_said(_NOTHING, known.get('language', ''))}: {words}"
