"""A world of plain scripted blocks, so that the cycle is tested without any model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypedDict

from PIL import Image as Pictures

from yggdrasil.agent.ask_person import ask
from yggdrasil.contract import Block, here
from yggdrasil.contract.running import drive
from yggdrasil.engine.cycle.log import Log
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.philosopher import Philosopher
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


class Weaving(Block, type="test/weaving"):
    """Say what the task was called, and how much was told."""

    def forward(self, task: Json) -> Json:
        return {"text": f"{task['name']} of {len(task['ask']['told'])}"}


class Remembering(Block, type="test/remembering"):
    """Decide, and remember every step."""

    remembers: ClassVar[bool] = True

    def forward(self, step: Json, action: Text | None = None) -> Json:
        lines = [*(here().memory() or {"memory": []})["memory"], action or f"step {step}"]
        here().remember({"memory": lines})
        return {"text": ", ".join(lines)}


class Asking(Block, type="test/asking"):
    """Effect E, ask 1, ask 2, effect F (case F1)."""

    def forward(self, plan: Json, artifacts: Json = None) -> Json:
        here().once("E", {}, lambda: calls.names.append("E"))
        first = ask("Which colour?")
        second = ask("Which size?")
        here().once("F", {}, lambda: calls.names.append("F"))
        return {"scene": {"media_type": "text/plain", "text": f"{first} {second}"}}


class Conversing(Block, type="test/conversing"):
    """Let an agent speak, which remembers what was said."""

    def __init__(self, agent: Block, **config: Any) -> None:
        super().__init__(**config)
        self.agent = agent

    def children(self) -> Mapping[str, Block]:
        return {"agent": self.agent}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes["agent"], **config)

    def forward(self, step: Json, action: Text | None = None) -> Json:
        said = drive(self.agent, {"prompt": action or f"step {step}"}, "agent")
        return {"text": f"{step}: {said['response']}"}


class Fragile(Block, type="test/fragile", role="Tool"):
    """Paint one colour, unless told to fail."""

    fails: ClassVar[bool] = False

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        if self.fails:
            raise RuntimeError("the brush is lost")
        return Pictures.new("RGB", (8, 8), (seed % 256, seed // 256 % 256, len(prompt) % 256))


def scripted(home: Path | None = None, tools: dict[str, Block] | None = None, **parts: Any) -> World:
    """A world of these blocks; `parts` replaces stages or sets config."""
    calls.names.clear()
    calls.seen.clear()
    stages: dict[str, Any] = {
        "philosopher": Philosopher(See()),
        "author": Tell(),
        "update": Change(),
        "development": Develop(),
        "architect": Plan(),
        "creator": Creator(tools or {"paint": Paint()}),
    }
    beginning = {"places": [{"name": "Fjord"}], "characters": [{"name": "Olaf", "place": "Fjord"}]}
    given: dict[str, Any] = {"wish": "a fjord", "beginning": beginning, **stages, **parts}
    return World(home, **given)


def remembered(world: World, place: str) -> Any:
    """What the agent at `place` remembers after the last whole step of the world's branch."""
    log = Log(world.home)
    try:
        branch = log.branches[world.branch_name]
        return log.snapshots.memory(branch, log.last_step(branch) + 1, 0, place)
    finally:
        log.close()


__all__ = [
    "Asking", "Broken", "Change", "Conversing", "Develop", "Fragile", "Paint", "Plan", "Remembering", "See", "Tell",
    "calls", "here", "remembered", "scripted",
]  # fmt: skip
