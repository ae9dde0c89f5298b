"""Any block or graph as a tool: a name that endpoints accept, a schema from its ports, a call that never crashes."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yggdrasil.agent.faults import CANCELLED, fault_text
from yggdrasil.agent.values import inward, outward
from yggdrasil.contract import (
    Block,
    Cancelled,
    CancelToken,
    ConfigError,
    Here,
    Journal,
    YggError,
    derive_seed,
    here,
)
from yggdrasil.contract.block import description
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.running import drive_at
from yggdrasil.contract.schema import tool_schema
from yggdrasil.engine.cycle.agent_loop import is_control

_LEGAL = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_STEM = 48
_GRACE = 0.5


class ArgumentError(YggError):
    """The arguments that a model wrote are no JSON object."""


class NoSuchTool(YggError):
    """A model called a tool that the agent has not."""


@dataclass(frozen=True)
class Tool:
    """A block under its own name and under its wire name (`^[a-zA-Z0-9_-]{1,64}$`)."""

    name: str
    wire: str
    block: Block

    @property
    def step(self) -> str:
        """Its own name as one step of a path, where a slash would be two: written as the sign `∕` that looks alike."""
        return self.name.replace("/", "∕")


def wire_name(name: str) -> str:
    """The name that goes over the wire: itself if it may, else a readable stem and eight digits of its hash.

    It depends on the name alone, so a stored conversation still resolves after a restart.
    """
    if _LEGAL.fullmatch(name):
        return name
    stem = re.sub(r"[^a-zA-Z0-9]+", "_", name).strip("_")[:_STEM] or "tool"
    return f"{stem}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def parse_arguments(text: Any) -> dict[str, Any]:
    """What a model wrote as arguments: nothing, blanks and null stand for none. Raises ArgumentError."""
    if isinstance(text, dict):
        return text
    if text is None or not str(text).strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"the arguments are not JSON ({error})", mend="write one JSON object") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArgumentError(f"the arguments are a {type(value).__name__}", mend="write one JSON object")
    return value


class Toolbox:
    """The tools of one agent, by wire name and in order."""

    def __init__(self, tools: Sequence[Block] | Mapping[str, Block], *, strict: bool = False) -> None:
        named = list(tools.items()) if isinstance(tools, Mapping) else [(tool.name, tool) for tool in tools]
        self.strict = strict
        self.tools: dict[str, Tool] = {}
        owners: dict[str, Block] = {}
        for name, block in named:
            if name in owners:
                raise ConfigError(
                    f"two tools are called {name!r}: {_owner(owners[name])} and {_owner(block)}",
                    mend="pass tools={'name': block, …} with a name for each",
                )
            owners[name] = block
            self.tools[wire_name(name)] = Tool(name, wire_name(name), block)

    def __bool__(self) -> bool:
        return bool(self.tools)

    def schemas(self) -> list[dict[str, Any]]:
        """OpenAI-style function schemas under wire names."""
        return [
            {
                "type": "function",
                "function": {
                    "name": tool.wire,
                    "description": description(tool.block),
                    "parameters": tool_schema(tool.block.inputs, strict=self.strict),
                    **({"strict": True} if self.strict else {}),
                },
            }
            for tool in self.tools.values()
        ]

    def find(self, name: str) -> Tool:
        """The tool of a wire name or an original name. Raises NoSuchTool."""
        tool = self.tools.get(name) or self.tools.get(wire_name(name))
        if tool is None:
            raise NoSuchTool(f"there is no tool {name!r}", mend=did_you_mean(name, self.tools))
        return tool

    def call(self, name: str, arguments: Any, *, mark: str, seconds: float | None = None) -> str:
        """Run a tool and give the text for the model: its result as JSON, or what went wrong.

        `mark` tells this call from others of the same tool (it enters the seed). A call that is cancelled
        alone, or that takes more than `seconds`, says so; what cancels or pauses the whole run is raised.
        """
        try:
            tool = self.find(name)
            values = inward(tool.block.inputs, parse_arguments(arguments))
            place = here().below(tool.step)
            place = place.but(seed=derive_seed(place.seed, mark), journal=_marked(place.journal, mark))
            outputs = _within(seconds, tool.block, values, place)
            return _text(outward(tool.block.outputs, outputs))
        except CANCELLED:
            return "Cancelled: this call was cancelled, the others go on"
        except Cancelled:
            here().check()
            return "Cancelled: this call was cancelled, the others go on"
        except Exception as error:
            if is_control(error):
                raise
            return fault_text(error)


class _Marked:
    """The journal as one tool call sees it: what the tool does in this call is not what it did in another.

    The calls before it are answered whole from the journal when a run is repeated, so counting would go wrong.
    """

    def __init__(self, journal: Journal, mark: str) -> None:
        self._journal, self._mark = journal, mark

    def once(self, place: str, name: str, inputs: Any, act: Callable[[], Any]) -> Any:
        return self._journal.once(place, f"{self._mark} {name}", inputs, act)


def _marked(journal: Journal | None, mark: str) -> Journal | None:
    return None if journal is None else _Marked(journal, mark)


def _within(seconds: float | None, block: Block, values: dict[str, Any], place: Here) -> dict[str, Any]:
    """Run in this thread, or for at most `seconds` in another, which is told to stop and then left."""
    if seconds is None:
        return drive_at(block, values, place)
    own = CancelToken(place.cancel)
    ended, woken = threading.Event(), threading.Event()
    given: dict[str, Any] = {}

    def work() -> None:
        try:
            given["outputs"] = drive_at(block, values, place.but(cancel=own))
        except BaseException as error:
            given["error"] = error
        finally:
            ended.set()
            woken.set()

    threading.Thread(target=work, daemon=True, name=f"yggdrasil-tool-{block.name}").start()
    leave = place.cancel.on_cancel(woken.set)
    woken.wait(seconds)
    leave()
    if not ended.is_set():
        own.cancel()
        ended.wait(_GRACE)
        place.check()
        raise Cancelled(place.path)
    if "error" in given:
        raise given["error"]
    return given["outputs"]


def _text(value: dict[str, Any]) -> str:
    if len(value) == 1:
        only = next(iter(value.values()))
        if isinstance(only, str):
            return only
    return json.dumps(value, ensure_ascii=False)


def _owner(block: Block) -> str:
    return f"{type(block).__module__}.{type(block).__qualname__}"
