"""The standard Creator: it runs the plan's tool calls and keeps what they make as artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import CONTROL, PortError, did_you_mean
from yggdrasil.contract.pictures import read_picture
from yggdrasil.contract.running import drive
from yggdrasil.levels.stage.artifact import store, told
from yggdrasil.ports import Json


class Made(TypedDict):
    """Slot → artifact, and slot → error of the calls that failed."""

    artifacts: Json
    failures: Json


class Making(Block, type="creator/make"):
    """Run each call of a plan, {slot: {tool, arguments}}, on the tools of this block; keep the results."""

    def __init__(self, tools: Mapping[str, Block] | None = None, **config: Any) -> None:
        super().__init__(**config)
        self.tools = dict(tools or {})

    def children(self) -> Mapping[str, Block]:
        return self.tools

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes, **config)

    def forward(self, plan: Json) -> Made:
        artifacts: dict[str, Any] = {}
        failures: dict[str, Any] = {}
        for slot, call in plan.items():
            try:
                artifacts[slot] = self._made(slot, call, artifacts)
            except CONTROL:
                raise
            except Exception as error:  # a stranger's tool may fail in any way; its slot says how
                failures[slot] = {"error": type(error).__name__, "message": str(error)}
                here().note(f"{slot}: {error}")
        return {"artifacts": artifacts, "failures": failures}

    def _made(self, slot: str, call: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        place = here().below(slot)
        with standing(place):
            artifact = place.once(call["tool"], call["arguments"], lambda: self._call(call, made))
            place.emit("artifact", slot=slot, **told(artifact))
        return artifact

    def _call(self, call: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        name, arguments = call["tool"], call["arguments"]
        tool = self.tools.get(name)
        if tool is None:
            raise PortError(f"the plan calls {name!r}, which is no tool here", mend=did_you_mean(name, self.tools))
        place = here()
        place.emit("tool_call", tool=name, arguments=arguments)
        outputs = drive(tool, _inputs(tool, arguments, made), name)
        artifact = store(_main_output(tool, outputs), place.artifacts)
        place.emit("tool_result", tool=name, result=artifact)
        asked = {k: arguments[k] for k in ("prompt", "seed") if k in arguments}
        return {**artifact, **asked, "tool": name}


def _inputs(tool: Block, arguments: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """Arguments as the ports take them: a picture may be named by the slot of an earlier call or by its sha256."""
    values = dict(arguments)
    for name, port in tool.inputs.items():
        given: Any = values.get(name)
        if port.kind.name != "image" or given is None:
            continue
        if isinstance(given, dict):
            given = cast(dict[str, Any], given).get("sha256", "")
        reference = made.get(given, {}).get("sha256", given)
        values[name] = read_picture(here().artifacts.get(str(reference)), where=name)
    return values


def _main_output(tool: Block, outputs: dict[str, Any]) -> Any:
    """The output that is the artifact: the first large one, else the first."""
    large = [name for name, port in tool.outputs.items() if port.kind.large]
    for name in (*large, *outputs):
        if outputs.get(name) is not None:
            return outputs[name]
    raise PortError("the tool gave nothing", mend="a tool of a Creator has at least one output")
