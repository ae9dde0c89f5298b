"""Any block or graph as a tool: its name and wire name, its schema, arguments in, results out; for agents and faces."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, cast

from yggdrasil.contract import values
from yggdrasil.contract.block import Block, description
from yggdrasil.contract.callers_line import warn_caller
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import ArtifactError, ConfigError, PortError, YggError
from yggdrasil.contract.foreign_tools import is_foreign
from yggdrasil.contract.functions import Given, as_block
from yggdrasil.contract.json_values import as_json, check_told, kept, not_finite
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.ports import Port, Ports, each_once
from yggdrasil.contract.schema import tool_schema
from yggdrasil.contract.surrogates import whole_value
from yggdrasil.contract.tool_use import as_step

_LEGAL = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_STEM = 48
_TOLD = 20
_NAMELESS = "<lambda>"
_PLAIN_KINDS = ("text", "any")


class ArgumentError(YggError):
    """The arguments that a model wrote are no JSON object of finite numbers."""


class VagueTool(UserWarning):
    """A tool says too little of itself for a model to call it well."""


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
        """Its own name as one step of a path."""
        return as_step(self.name)

    def schema(self, *, strict: bool = False) -> dict[str, Any]:
        """The OpenAI-style function schema under the wire name."""
        function: dict[str, Any] = {
            "name": self.wire,
            "description": description(self.block),
            "parameters": tool_schema(getattr(self.block, "tool_inputs", self.block.inputs), strict=strict),
        }
        return {"type": "function", "function": {**function, **({"strict": True} if strict else {})}}

    def arguments(self, written: Any) -> dict[str, Any]:
        """What a caller wrote, as the ports take it. Raises ArgumentError, PortError, ArtifactError."""
        with self._named():
            return inward(self.block.inputs, parse_arguments(written))

    def result(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """What the block gave, as JSON: all of it, or what it says that is told of it as a tool (`tool_outputs`).

        Raises PortError for what has no JSON form, ArtifactError for what no file.
        """
        shown = getattr(self.block, "tool_outputs", dict[str, Any])(outputs)
        with self._named():
            return outward(self.block.outputs, shown)

    @contextmanager
    def _named(self) -> Generator[None]:
        try:
            yield
        except (ArgumentError, PortError, ArtifactError) as error:
            raise error.at(self.name) from None


def named_tools(tools: Sequence[Given] | Mapping[str, Given]) -> dict[str, Tool]:
    """Tools by wire name and in order. Raises ConfigError where two have one name, or one is no tool."""
    found = blocks_by_name(tools, _as_tool)
    return {wire_name(name): Tool(name, wire_name(name), block) for name, block in found.items()}


def blocks_by_name(
    tools: Sequence[Given] | Mapping[str, Given], take: Callable[[Any, str], Block] = as_block
) -> dict[str, Block]:
    """Each tool as a block, under the name that it was given or has. Raises ConfigError where two have one name."""
    if isinstance(tools, Block) or callable(tools) or is_foreign(tools):
        raise ConfigError(f"tools is one tool, {tools!r:.80}", mend="give a list of them: [tool]")
    if isinstance(tools, str):
        raise ConfigError(f"tools is the text {tools!r:.80}", mend="give functions or blocks: [ygg.load(name)]")
    if not isinstance(cast(object, tools), Iterable):
        raise ConfigError(f"tools cannot be {tools!r:.80}", mend="give a list of functions or blocks, or name → tool")
    if isinstance(tools, Mapping):
        return {name: take(tool, f"tool {name!r}") for name, tool in tools.items()}
    found: dict[str, Block] = {}
    for block in (take(tool, f"tool number {n}") for n, tool in enumerate(tools, 1)):
        if block.name == _NAMELESS:
            mend = "name it: tools={'name': lambda …}, or write it with def"
            raise ConfigError("a tool is a lambda, which has no name that a model could call", mend=mend)
        if block.name in found:
            raise ConfigError(
                f"two tools are called {block.name!r}: {_owner(found[block.name])} and {_owner(block)}",
                mend="pass tools={'name': block, …} with a name for each",
            )
        found[block.name] = block
    return found


def _as_tool(thing: Any, which: str) -> Block:
    try:
        block = as_block(thing, "tool")
        tool_schema(block.inputs)
        check_told(block.outputs, block.name)
        _tell_if_vague(thing, block, which if "'" in which else f"tool {block.name!r}")
    except (ConfigError, PortError) as error:
        raise ConfigError(f"{which} cannot be one: {error.what}", where=error.where, mend=error.mend) from None
    return block


def _tell_if_vague(thing: Any, block: Block, who: str) -> None:
    """Warn of what says too little for a model to call it well."""
    if block.name == _NAMELESS:
        return
    words = "docstring" if inspect.isroutine(thing) else "words of its own (about=…)"
    parts = inspect.signature(thing).parameters.values() if inspect.isroutine(thing) else ()
    bare = [part.name for part in parts if part.name in block.inputs and part.annotation is part.empty]
    lacks = ([] if description(block) else [words]) + ([f"types of {', '.join(bare)}"] if bare else [])
    if lacks:
        text = f"{who} has no {' and no '.join(lacks)}: a model is told nothing of it, and guesses"
        warn_caller(text, VagueTool)


def tool_named(tools: Mapping[str, Tool], name: str) -> Tool:
    """The tool of a wire name or an original name. Raises NoSuchTool, which tells the names, near ones first."""
    tool = tools.get(name) or tools.get(wire_name(name))
    if tool is None:
        near = get_close_matches(name, tools, n=3)
        known = [*near, *(wire for wire in tools if wire not in near)]
        more = f" and {len(known) - _TOLD} more" if len(known) > _TOLD else ""
        guess = f"did you mean {near[0]!r}? " if near else ""
        mend = f"{guess}The tools are {', '.join(known[:_TOLD])}{more}" if known else "there are none"
        raise NoSuchTool(f"there is no tool {name!r}", mend=mend)
    return tool


def wire_name(name: str) -> str:
    """The name that goes over the wire: itself if it may, else a readable stem and eight digits of its hash.

    It depends on the name alone, so a stored conversation still resolves after a restart.
    """
    if _LEGAL.fullmatch(name):
        return name
    stem = re.sub(r"[^a-zA-Z0-9]+", "_", name).strip("_")[:_STEM] or "tool"
    return f"{stem}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def parse_arguments(text: Any) -> dict[str, Any]:
    """What a model wrote as arguments: nothing, blanks and null stand for none.

    An object that was written as a JSON string is opened once. Raises ArgumentError.
    """
    value = _opened_once(text) if isinstance(text, str) else text
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArgumentError(f"the arguments are a {type(value).__name__}", mend="write one JSON object")
    known = cast(dict[Any, Any], value)
    if strange := [name for name in known if not isinstance(name, str)]:
        raise ArgumentError(f"the arguments have the name {strange[0]!r:.60}", mend="name each by a text")
    if place := not_finite(known):
        raise ArgumentError(f"the arguments hold NaN or infinity at {place!r}", mend="write a finite number, or null")
    return known


def _opened_once(text: str) -> Any:
    if not text.strip():
        return None
    try:
        value = json.loads(text)
        return whole_value(json.loads(value) if isinstance(value, str) and value.lstrip().startswith("{") else value)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"the arguments are not JSON ({error})", mend="write one JSON object") from None


def inward(ports: Ports, given: Mapping[str, Any], made: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Arguments as the ports take them.

    A large value or a tensor is named by the sha256 of an artifact, or by what made it: a name in `made`, which
    holds references. A null for a port that has a default and admits none stands for "left out" (strict schemas
    write it so). JSON that was written as a text is opened once where the port takes no text.
    Raises PortError, ArtifactError.
    """
    taken: dict[str, Any] = {}
    for name, value in given.items():
        port = ports.get(name)
        if port is None:
            taken[name] = value
        elif value is None:
            if port.required or port.optional:
                taken[name] = None
        elif port.kind.form is None:
            taken[name] = _unwrapped(port, value)
        else:
            taken[name] = _opened(port, value, made or {})
    return taken


def _unwrapped(port: Port, value: Any) -> Any:
    """A list or an object that a model wrote as a text: `"[\\"a\\"]"` where the port takes a list of texts."""
    if not isinstance(value, str) or port.kind.name in _PLAIN_KINDS:
        return value
    try:
        port.check(value, "")
    except PortError:
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return value if isinstance(inner, str) else inner
    return value


def _opened(port: Port, value: Any, made: Mapping[str, Any]) -> Any:
    if port.kind.of:
        members: Any = [value] if isinstance(value, str | dict) else value
        if not isinstance(members, list):
            raise PortError(f"{port.name!r} was given {value!r:.80}", mend="give a list of sha256")
        single = replace(port, kind=replace(port.kind, name=port.kind.of, of=""))
        return [_opened(single, member, made) for member in cast(list[Any], members)]
    if port.kind.tensor and not isinstance(value, str | dict):
        return _numbers(port, value)
    reference = made.get(value, value) if isinstance(value, str) else cast(object, value)
    sha = cast(dict[str, Any], reference).get("sha256") if isinstance(reference, dict) else reference
    if not isinstance(sha, str):
        mend = f"name the {port.kind.name} by its sha256"
        raise PortError(f"{port.name!r} was given {value!r:.80}", mend=mend)
    return values.decode(here().artifacts.get(sha), kind=port.kind, where=f"{port.name} {sha[:12]}")


def _numbers(port: Port, value: Any) -> Any:
    """A tensor that was written out as numbers."""
    if isinstance(value, int | float):
        return value
    import torch

    try:
        return torch.tensor(value)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise PortError(f"{port.name!r} is no tensor ({error})", mend="give a sha256, or lists of numbers") from None


def outward(ports: Ports, outputs: dict[str, Any]) -> dict[str, Any]:
    """What a tool gave, as JSON: large values and tensors become artifacts, each once; empty ones are left out.

    So are those inside a list or an object. Raises PortError for what has no JSON form, ArtifactError for a large value
    that no file holds.
    """
    told = each_once(ports, outputs)
    shown: dict[str, Any] = {}
    for name, port in ports.items():
        value = told.get(name)
        if value is not None and not (isinstance(value, str | dict) and not value):
            shown[name] = _stored(port, value)
    return shown


def _stored(port: Port, value: Any) -> Any:
    if port.kind.of:
        single = replace(port, kind=replace(port.kind, name=port.kind.of, of=""))
        return [_stored(single, member) for member in value]
    whole = values.form_of(value) is not None and port.kind.name != "numbers"
    if not whole and not values.is_of(value, port.kind):
        return as_json(port, value, _referred)
    return kept(value, port.name, lambda large: _referred(large, port.kind))


def _referred(value: Any, kind: Kind | None = None) -> dict[str, Any]:
    artifact = values.store(value, here().artifacts, kind)
    here().emit("artifact", **artifact)
    return artifact


def _owner(block: Block) -> str:
    return f"{type(block).__module__}.{type(block).__qualname__}"
