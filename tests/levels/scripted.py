"""A world of plain scripted blocks, so that the cycle is tested without any model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

from PIL import Image as Pictures

from yggdrasil.contract import Block, here
from yggdrasil.levels.stage.creator import Making
from yggdrasil.levels.stage.philosopher import Looking
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Image, Json, Text


class Seen(TypedDict):
    text: Text
    labels: Json


class Calls:
    """What ran, in order; shared by the blocks of one test."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.seen: dict[str, Any] = {}


calls = Calls()


class Develop(Block, type="test/develop"):
    """Decide that something happens."""

    def forward(self, step: Json, world: Json, story: Json, past: Json, action: Text | None = None) -> Json:
        calls.names.append("development")
        calls.seen["development"] = {"world": world, "story": story, "past": past, "action": action}
        return {"text": action or f"event {step}", "kind": "event", "thing": "fox"}


class Plan(Block, type="test/plan"):
    """Plan one picture."""

    slots: list[str] = ["scene"]
    tools: list[str] = ["paint"]

    def forward(self, intent: Json) -> Json:
        calls.names.append("architect")
        pairs = zip(self.slots, self.tools, strict=True)
        return {"paints": [{"prompt": f"{intent['text']} in {s}", "slot": s, "tool": t} for s, t in pairs]}


class Paint(Block, type="test/paint", role="Tool"):
    """Paint one colour."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        calls.names.append("paint")
        return Pictures.new("RGB", (8, 8), (seed % 256, seed // 256 % 256, len(prompt) % 256))


class Broken(Block, type="test/broken", role="Tool"):
    """Fail always."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        calls.names.append("broken")
        raise RuntimeError("the brush is lost")


class See(Block, type="test/see"):
    """Say the colour."""

    def forward(self, image: Image) -> Seen:
        calls.names.append("philosopher")
        red, green, blue = image.convert("RGB").tobytes()[:3]
        return {"text": f"colour {red} {green} {blue}", "labels": {"colour": red}}


class Tell(Block, type="test/tell"):
    """Tell what was seen."""

    def forward(self, intent: Json, perception: Json, step: Json) -> Json:
        calls.names.append("author")
        return {"text": f"{step}: {intent.get('text')}, and {perception['scene']['text']}."}


class Change(Block, type="test/change"):
    """Write the chronicle down as a fact."""

    def forward(self, chronicle: Json) -> Json:
        calls.names.append("update")
        return [{"op": "add_fact", "text": chronicle["text"]}]


def scripted(home: Path | None = None, tools: dict[str, Block] | None = None, **parts: Any) -> World:
    """A world of these blocks; `parts` replaces stages or sets config."""
    calls.names.clear()
    calls.seen.clear()
    stages: dict[str, Any] = {
        "philosopher": Looking(See()),
        "author": Tell(),
        "update": Change(),
        "development": Develop(),
        "architect": Plan(),
        "creator": Making(tools or {"paint": Paint()}),
    }
    beginning = {"places": [{"name": "Fjord"}], "characters": [{"name": "Olaf", "place": "Fjord"}]}
    return World(home, **{"wish": "a fjord", "beginning": beginning, **stages, **parts})


__all__ = ["Broken", "Change", "Develop", "Paint", "Plan", "See", "Tell", "calls", "here", "scripted"]
