"""An Author whose characters act for themselves: each who is there is asked, told only what they know."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypedDict

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.running import drive
from yggdrasil.ports import Json

Part = dict[str, Any]
LIVED, HEARD, DONE = "WHAT YOU LIVED THROUGH", "WHAT THE OTHERS HERE DO AND SAY NOW", "WHAT EACH DOES AND SAYS"


class Woven(TypedDict):
    """What the Author gave, with `turns`: what each who was there did and said."""

    result: Json


class Cast(Block, type="author/cast"):
    """Ask every character who is present what they do and say, then let the author tell what really happens.

    A character is told the facts that they know, the moments that they lived through, and what those beside them do
    and say; nothing of the plan, and nothing of the story that they were not part of.
    """

    remembers = True

    def __init__(self, author: Block | None = None, character: Block | None = None, **config: Any) -> None:
        super().__init__(**config)
        if author is None:
            raise ConfigError("a cast needs an author", where=self.name, mend="pass author=…: an agent that tells")
        self.author = author
        self.character = character or author

    def children(self) -> Mapping[str, Block]:
        return {"author": self.author, "character": self.character}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes.get("author"), nodes.get("character"), **config)

    def forward(self, task: Json) -> Woven:
        ask: dict[str, Any] = task.get("ask") or {}
        if "cast" not in ask:
            what = "the genre of this world has no words for a character"
            raise ConfigError(what, where=here().path, mend="add stages.character to its genre.yaml")
        story: list[str] = task["context"]["story"]
        lived: dict[str, list[str]] = {**(here().memory(dict) or {})}
        turns: dict[str, Any] = {}
        for name, asked in ask["cast"].items():
            moments = [line for line in story if _mark(line) in lived.get(name, ())]
            own = [_part(LIVED, moments, "end"), _part(HEARD, _lines(turns), "all"), *asked["told"]]
            turns[name] = self._turn(name, {**task, "name": "character", "ask": {**asked, "told": _filled(own)}})
        told = _filled([*ask["told"], _part(DONE, _lines(turns), "all")])
        woven = {name: part for name, part in ask.items() if name != "cast"}
        outputs = drive(self.author, {"task": {**task, "ask": {**woven, "told": told}}}, "author")
        result: dict[str, Any] = outputs.get("result") or {}
        here().remember({**lived, **{name: [*lived.get(name, ()), _mark(str(result.get("text")))] for name in turns}})
        return {"result": {**result, **({"turns": turns} if turns else {})}}

    def _turn(self, name: str, task: dict[str, Any]) -> dict[str, Any]:
        bare = {**task, "context": {"character": name}, "schema": None}
        outputs = drive(self.character, {"task": bare}, f"character {name}".replace("/", "∕"))
        return outputs.get("result") or {}


@lru_cache(maxsize=65_536)
def _mark(line: str) -> str:
    """What a line of the story is known again by, wherever an edit has moved it."""
    return digest(line.strip())[:16]


def _part(head: str, lines: list[str], keep: str) -> Part:
    return {"head": head, "lines": lines, "keep": keep}


def _filled(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part["lines"]]


def _lines(turns: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {'; '.join(str(part) for part in turn.values() if part)}" for name, turn in turns.items()]
