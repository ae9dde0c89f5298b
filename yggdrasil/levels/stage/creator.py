"""The standard Creator: it runs the plan's tool calls and keeps what they make as artifacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import CONTROL, PortError, did_you_mean
from yggdrasil.contract.events import made_known
from yggdrasil.contract.journal_effects import may_repeat
from yggdrasil.contract.json_values import as_json
from yggdrasil.contract.kinds import ANY
from yggdrasil.contract.ports import Port
from yggdrasil.contract.running import drive
from yggdrasil.contract.tools import Given, blocks_by_name, inward
from yggdrasil.contract.values import form_of, is_of, store
from yggdrasil.ports import Json


class Made(TypedDict):
    """Slot → artifact, and slot → error of the calls that failed."""

    artifacts: Json
    failures: Json


class Creator(Block, type="creator/make"):
    """Run each call of a plan, {slot: {tool, arguments}}, on the tools of this block; keep the results."""

    def __init__(self, tools: Sequence[Given] | Mapping[str, Given] = (), **config: Any) -> None:
        super().__init__(**config)
        self.tools = blocks_by_name(tools)

    def children(self) -> Mapping[str, Block]:
        return self.tools

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes, **config)

    def forward(self, plan: Json) -> Made:
        return self.made(plan, self.make)

    def made(self, plan: dict[str, Any], make: Callable[[str, dict[str, Any], dict[str, Any]], dict[str, Any]]) -> Made:
        """What `make` makes of each slot's call, given what the slots before it hold; one that fails fails alone."""
        artifacts: dict[str, Any] = {}
        failures: dict[str, Any] = {}
        for slot, call in plan.items():
            try:
                artifacts[slot] = make(slot, call, artifacts)
            except CONTROL:
                raise
            except Exception as error:  # a stranger's tool may fail in any way; its slot says how
                failures[slot] = {"error": type(error).__name__, "message": str(error)}
                here().note(f"{slot}: {error}")
        return {"artifacts": artifacts, "failures": failures}

    def make(self, slot: str, call: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        """The artifact of one call, made once. Raises what its tool raises, and PortError for no tool of these."""
        place = here().below(slot)
        with standing(place):
            tool = self.tools.get(call["tool"])
            again = tool is None or may_repeat(tool)
            given = place.once(call["tool"], call["arguments"], lambda: self._call(call, made), repeat=again)
            artifact = (
                given if isinstance(given, dict) else {**store(str(given), place.artifacts), "tool": call["tool"]}
            )
            place.emit("artifact", slot=slot, **made_known(artifact))
        return artifact

    def _call(self, call: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        name, arguments = call["tool"], call["arguments"]
        tool = self.tools.get(name)
        if tool is None:
            raise PortError(f"the plan calls {name!r}, which is no tool here", mend=did_you_mean(name, self.tools))
        place = here()
        place.emit("tool_call", tool=name, arguments=arguments)
        given = {key: value for key, value in arguments.items() if key != "seed" or key in tool.inputs}
        outputs = drive(tool, inward(tool.inputs, given, made), name)
        port, value = _main_output(tool, outputs)
        artifact = store(_whole(port, value, place.artifacts), place.artifacts, port.kind)
        place.emit("tool_result", tool=name, result=artifact)
        asked = {k: arguments[k] for k in ("prompt", "seed") if k in arguments}
        return {**artifact, **asked, "tool": name}


def _main_output(tool: Block, outputs: dict[str, Any]) -> tuple[Port, Any]:
    """The output that is the artifact, with its port: the first large one, else the first."""
    ports = tool.outputs
    large = [name for name, port in ports.items() if port.kind.large]
    for name in (*large, *outputs):
        if outputs.get(name) is not None:
            return ports.get(name) or Port(name, ANY), outputs[name]
    raise PortError("the tool gave nothing", mend="a tool of a Creator has at least one output")


def _whole(port: Port, value: Any, artifacts: ArtifactStore) -> Any:
    """A text, or what has a form, as it is; anything else as JSON, the large values in it as references."""
    if isinstance(value, str) or form_of(value) is not None or is_of(value, port.kind):
        return value
    return as_json(port, value, lambda large: store(large, artifacts))
