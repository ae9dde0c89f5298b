"""A stand-in for a capable model: it answers any schema with long prose, in any language, and keeps each request."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.levels.scripted import Paint, See
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.language_model import TurnOut
from yggdrasil.contract import Block
from yggdrasil.contract.manifest import FileEntry
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json, Messages
from yggdrasil.store.load import find_file

STORYTELLING = Path(__file__).parents[3] / "worlds" / "storytelling"
Answer = Callable[[str, dict[str, Any], int], str]


def prose(path: str, schema: dict[str, Any], number: int) -> str:
    """Two thousand letters for a told text, a name for a name, a line for the rest."""
    del schema
    if path.endswith(".name") or path.endswith(".slot"):
        return f"Name{number}"
    if path in (".text", ".calls.arguments.prompt"):
        return f"Moment {number}. " + "The lamp swings over the black water, and nobody speaks. " * 40
    return f"Line {number} of what is known."


class Capable(Block, role="LLM"):
    """Answers by schema."""

    context: int = 128_000

    def __init__(self, answer: Answer = prose, **settings: Any) -> None:
        super().__init__(**settings)
        self.answer, self.requests = answer, list[dict[str, Any]]()

    def forward(
        self,
        messages: Messages,
        tools: Json | None = None,
        schema: Json | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
        seed: int = 0,
    ) -> TurnOut:
        self.requests.append({"messages": messages, "tools": tools, "schema": schema, "max_tokens": max_tokens})
        text = json.dumps(self._made(schema or {"type": "string"}, ""), ensure_ascii=False)
        size = sum(len(str(message["content"])) for message in messages)
        usage = {"prompt": size // 4, "completion": len(text) // 4, "cost": 0.0}
        return {"text": text, "tool_calls": [], "usage": usage, "finish_reason": "stop"}

    def _made(self, schema: dict[str, Any], path: str) -> Any:
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][len(self.requests) % len(schema["enum"])]
        if "anyOf" in schema:
            return self._made(schema["anyOf"][0], path)
        kind = schema.get("type")
        if kind == "object":
            return {name: self._made(part, f"{path}.{name}") for name, part in schema.get("properties", {}).items()}
        if kind == "array":
            return [self._made(schema["items"], path) for _ in range(max(1, schema.get("minItems", 1)))]
        plain: dict[Any, Any] = {"number": 1, "integer": 1, "boolean": False}
        self.counted = getattr(self, "counted", 0) + 1
        return plain.get(kind) if kind in plain else self.answer(path, schema, self.counted)


def told(request: dict[str, Any]) -> str:
    """All that a request tells its model."""
    return "\n".join(str(message["content"]) for message in request["messages"])


def world_of(llm: Block, home: Path, genre: Path = STORYTELLING / "genre.yaml", **settings: Any) -> World:
    """A world that a capable model leads, with a painter and an eye that cost nothing."""
    agent = Agent(llm, lead="free")
    world = World(home, philosopher=See(), author=agent, update=agent, development=agent, architect=agent,
                  creator=Paint(), wish="a lighthouse that eats ships", **settings)  # fmt: skip
    world.files = {"genre": find_file(FileEntry(path=genre.name), genre.parent, "world:genre")}
    return world
