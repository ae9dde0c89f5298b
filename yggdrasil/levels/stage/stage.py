"""Stage: a block that plays one role in a world's cycle; its body may be anything that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Required, TypedDict, Unpack, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import ConfigError, YggError, did_you_mean
from yggdrasil.contract.kinds import IMAGE, Kind
from yggdrasil.contract.ports import Port
from yggdrasil.contract.running import drive
from yggdrasil.contract.values import decode, form_of_media
from yggdrasil.engine.cycle.cycle_stages import ROLES
from yggdrasil.levels.stage.answer import written
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.looker import is_looker, looked
from yggdrasil.levels.stage.philosopher import Philosopher
from yggdrasil.levels.stage.prompt import as_text
from yggdrasil.levels.stage.task import task
from yggdrasil.ports import Json, Text
from yggdrasil.state.content import Content

Plays = Literal["philosopher", "author", "update", "development", "architect", "creator"]


class StageError(YggError):
    """A stage's body asks for what the stage cannot give, or gives what its block does not hold."""


class Wrote(TypedDict):
    """The value of the block that the stage writes, and what stands beside it (failures, extra fields)."""

    value: Json
    beside: Json


class StageSettings(TypedDict, total=False):
    """What `Stage(…)` takes beside its body."""

    plays: Required[Plays]
    tool: str
    also: list[str]


class Stage(Block, type="stage"):
    """Play one role in a world's cycle: read blocks of its state, run the body, write one block."""

    kind: ClassVar[str] = "stage"
    plays: Plays
    tool: str = "paint"
    also: list[str] = []

    def __init__(self, body: Block | None = None, **settings: Unpack[StageSettings]) -> None:
        super().__init__(**settings)
        if body is None:
            raise ConfigError("a stage needs a body", where=self.plays, mend="pass a block, pipeline, graph or agent")
        self.body = body
        self.name = self.plays

    def children(self) -> Mapping[str, Block]:
        return {"body": self.body}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        if len(nodes) > 1:
            raise ConfigError(
                f"a stage has one body, not {', '.join(nodes)}",
                mend="put them into a pipeline, and that into the stage",
            )
        return cls(next(iter(nodes.values()), None), **config)

    @property
    def reads(self) -> tuple[str, ...]:
        """The blocks of the state that must be filled."""
        return ROLES[self.plays].needs

    @property
    def writes(self) -> str:
        """The block of the state that the stage writes; World update gives operations instead."""
        return ROLES[self.plays].writes or "operations"

    @property
    def reads_content(self) -> bool:
        """Whether the body is given a task, whose schema names what is in the world."""
        return "task" in self.body.inputs

    def forward(
        self,
        state: Json,
        context: Json = None,
        content: Json = None,
        action: Text | None = None,
        genre: Text = "",
        ask: Json = None,
        calls: Json = None,
    ) -> Wrote:
        world = Content.model_validate(content or {}) if self.reads_content else None
        asked = task(self.plays, context or {}, state, world, action, genre, ask, calls)
        if self._is_seer():
            outputs: dict[str, Any] = drive(Philosopher(self.body), {"artifacts": state.get("artifacts")}, "body")
        elif self.plays == "philosopher" and is_looker(self.body, state.get("artifacts")):
            outputs = looked(self.body, asked, state.get("artifacts"))
        elif self._is_tool():
            outputs = self._with_tool(state.get("plan") or {})
        else:
            outputs = self.ask(self._offer(state, asked, action))
        value, beside = written(self.plays, outputs, self.tool, self.name)
        fields = {name: outputs[name] for name in self.also if outputs.get(name) is not None}
        return {"value": value, "beside": {**beside, **({"fields": fields} if fields else {})}}

    def ask(self, offer: dict[str, Any]) -> dict[str, Any]:
        """Run the body with what its ports name out of `offer`. Raises StageError if it needs more."""
        inputs: dict[str, Any] = {}
        for name, port in self.body.inputs.items():
            value = self._value(name, port, offer)
            if value is not None:
                inputs[name] = value
            elif port.required:
                raise StageError(
                    f"its body needs {name!r} ({port.kind.name}), which this stage cannot give",
                    where=self.name,
                    mend=did_you_mean(name, sorted({*offer, "prompt", "image", "images", "seed"})),
                )
        return drive(self.body, inputs, "body")

    def _is_seer(self) -> bool:
        """Whether the body looks at one artifact at a time, so that each slot is shown to it."""
        ports = self.body.inputs
        whole = {"artifacts", "images", "task", "state"} & set(ports)
        return self.plays == "philosopher" and not whole and any(_is_shown(p) for p in ports.values())

    def _is_tool(self) -> bool:
        """Whether the body of a Creator is a plain tool, such as text → image, that makes one slot a call."""
        return self.plays == "creator" and not {"plan", "task", "state", "context"} & set(self.body.inputs)

    def _with_tool(self, plan: dict[str, Any]) -> dict[str, Any]:
        """The plan's calls on the body, which is known by its own name and by that of this stage's tool."""
        return drive(Creator({self.tool: self.body, self.body.name: self.body}), {"plan": plan}, "body")

    def _offer(self, state: dict[str, Any], asked: dict[str, Any], action: str | None) -> dict[str, Any]:
        """Everything that a body may ask for; the user's action only in Development."""
        context = cast(dict[str, Any], asked["context"])
        own = {**context, **{block: state.get(block) for block in self._readable(state)}}
        offer = {**own, "state": {b: state[b] for b in self._readable(state)}, "task": asked, "context": context}
        if self.plays == "development":
            offer["action"] = action
            if action and not self._hears():
                here().warn(f"the action {action!r:.80} is lost: no port of the body takes it")
        return offer

    def _hears(self) -> bool:
        """Whether the body of Development is given the user's action: by that name, in its task, or in words."""
        ports = self.body.inputs
        return bool({"action", "task"} & ports.keys()) or any(
            port.kind.name == "text" and self._takes_all(name, port) for name, port in ports.items()
        )

    def _readable(self, state: Mapping[str, Any]) -> list[str]:
        """The needed blocks and the world's own fields."""
        return [b for b in state if b in self.reads or b in self.also]

    def _value(self, name: str, port: Port, offer: dict[str, Any]) -> Any:
        if _is_shown(port):
            shown = _artifacts(offer, port.kind)
            return shown[name] if name in shown else next(iter(shown.values()), None)
        if name in offer:
            return offer[name]
        if name == "images":
            return _artifacts(offer, IMAGE)
        if name == "seed" and port.kind.name == "integer":
            return here().seed % 2**32
        if port.kind.name == "text" and self._takes_all(name, port):
            return as_text(self.plays, offer)
        return None

    def _takes_all(self, name: str, port: Port) -> bool:
        """Whether this text port is where everything goes that the stage knows."""
        if name == "prompt":
            return port.required or self.plays != "philosopher"
        return [n for n, p in self.body.inputs.items() if p.required] == [name]


def _is_shown(port: Port) -> bool:
    """Whether the port takes one artifact: a picture, a sound, a video or a plugin's kind."""
    return port.kind.large and port.kind.form is not None and not port.kind.of


def _artifacts(offer: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """Slot → value, of the artifacts of this kind."""
    found: dict[str, Any] = {}
    for slot, artifact in cast(dict[str, Any], offer.get("artifacts") or {}).items():
        if "sha256" in artifact and form_of_media(str(artifact.get("media_type", "image/png"))) is kind.form:
            found[slot] = decode(here().artifacts.get(artifact["sha256"]), kind=kind, where=slot)
    return found
