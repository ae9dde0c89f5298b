"""Read tools of a world's agents: they look into the digest that came with the task, and change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yggdrasil.contract import Block, ConfigError
from yggdrasil.ports import Text
from yggdrasil.state.task_context import context, stems

_NOTHING = {"ru": "ничего не найдено", "": "nothing was found"}
_EMPTY = {"ru": "здесь ещё ничего не случилось", "": "nothing has happened there yet"}
_LINES = 3
_NEAR = 0.2
"""Least cosine of two texts that have to do with each other; unrelated ones of MiniLM stand near 0."""
_REMEMBERED = 2000


def _said(words: dict[str, str], language: str) -> str:
    return words.get(language, words[""])


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
        own = [entity for entities in world.get("entities", {}).values() for entity in entities]
        what = [i["name"] for i in [*world.get("items", []), *own] if i.get("place") == found["name"]]
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
    """Search facts, rules and story by meaning and give what fits best."""

    def __init__(self, embedder: Block | None = None, **config: Any) -> None:
        super().__init__(**config)
        if embedder is None:
            raise ConfigError("a search needs an embedder", where=self.name, mend="pass ygg.load('embedder')")
        self.embedder = embedder
        self._known: dict[str, list[float]] = {}

    def children(self) -> Mapping[str, Block]:
        return {"embedder": self.embedder}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes.get("embedder"), **config)

    def forward(self, words: Text) -> Text:
        known = context()
        world = known["world"]
        texts = [*world.get("facts", []), *map(str, world.get("rules", [])), *known.get("story", [])]
        wanted = self._vector(words)
        near = {text: sum(a * b for a, b in zip(wanted, self._vector(text), strict=True)) for text in texts}
        found = [text for text in sorted(near, key=lambda t: -near[t]) if near[text] >= _NEAR][:_LINES]
        return " ".join(found) or f"{_said(_NOTHING, known.get('language', ''))}: {words}"

    def _vector(self, text: str) -> list[float]:
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[text] = self.embedder.run(text=text)["value"]
        return found
