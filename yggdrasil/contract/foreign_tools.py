"""Tools that other frameworks made, as blocks: those of LangChain, by what they say of themselves, never imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, cast

from yggdrasil.contract.annotations import kind_of
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.foreign_content import opened, with_artifact
from yggdrasil.contract.kinds import ANY
from yggdrasil.contract.ports import Port, Ports

_BASE = ("langchain_core.tools", "BaseTool")


class Invokable(Protocol):
    """A tool of LangChain, as far as a type checker must know it."""

    name: str
    description: str
    args_schema: Any

    def invoke(self, input: Any, /) -> Any:
        """Call it with its arguments by name."""
        ...


def is_foreign(thing: Any) -> bool:
    """Whether it is a tool of LangChain (`BaseTool`)."""
    return any(c.__module__.startswith(_BASE[0]) and c.__name__ == _BASE[1] for c in type(thing).__mro__)


class ForeignTool(Block, role="Tool"):
    """A tool of LangChain: its arguments are the inputs, what it gives is the output `result`."""

    def __init__(self, tool: Any) -> None:
        super().__init__()
        self._tool = tool
        self._ports = _inputs(tool)
        self.name = str(tool.name)
        self.about = str(tool.description)

    @property
    def inputs(self) -> Ports:
        return self._ports

    @property
    def outputs(self) -> Ports:
        return {"result": Port("result", ANY, bare=True)}

    def forward(self, *_: Any, **given: Any) -> Any:
        both = getattr(self._tool, "response_format", "") == "content_and_artifact"
        said = self._said({"name": self.name, "args": given, "id": self.name, "type": "tool_call"} if both else given)
        return with_artifact(said.content, getattr(said, "artifact", None)) if both else opened(said)

    def _said(self, given: dict[str, Any]) -> Any:
        if getattr(self._tool, "func", self) is None:  # it was given a coroutine alone, as tools of MCP servers are
            import asyncio

            return asyncio.run(self._tool.ainvoke(given))
        return self._tool.invoke(given)


def _inputs(tool: Any) -> Ports:
    schema: Any = getattr(tool, "tool_call_schema", None) or tool.args_schema
    if isinstance(schema, Mapping):
        return _of_json(cast(Mapping[str, Any], schema))
    fields: Mapping[str, Any] | None = getattr(schema, "model_fields", None)
    if fields is None:
        mend = "give its args_schema as a model of pydantic 2, or as a JSON schema"
        raise ConfigError(f"the arguments of {tool.name!r} cannot be read", where=str(tool.name), mend=mend)
    return {name: _of_field(name, field) for name, field in fields.items()}


def _of_field(name: str, field: Any) -> Port:
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    kind, optional = kind_of(annotation)
    needed = bool(field.is_required())
    default = None if needed else field.get_default(call_default_factory=True)
    return Port(name, kind, annotation, needed, default, optional and not needed, about=field.description or "")


def _of_json(schema: Mapping[str, Any]) -> Ports:
    from pydantic import WithJsonSchema

    needed = schema.get("required", ())
    return {
        name: Port(
            name, ANY, Annotated[Any, WithJsonSchema(part)], name in needed, part.get("default"), name not in needed
        )
        for name, part in schema.get("properties", {}).items()
    }
