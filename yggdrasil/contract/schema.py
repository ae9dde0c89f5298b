"""Ports as JSON schema, so that any block or graph is a tool, a form or an endpoint."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, cast

from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.ports import Port


def port_schema(port: Port) -> dict[str, Any]:
    """JSON schema of one port's value, without `$ref`s; large values are named by the sha256 of an artifact."""
    if port.kind.of:
        schema: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "description": port.kind.about}
    elif port.kind.form is not None:
        schema = {"type": "string", "description": port.kind.about}
    elif port.kind.name == "schedule":
        raise ConfigError(
            f"port {port.name!r} carries {port.kind.name}, which has no JSON form", mend="keep it inside a graph"
        )
    else:
        schema = inlined(_of_annotation(port), port.name)
    schema.pop("title", None)
    if port.about:
        form = schema.get("description", "") if port.kind.large else ""
        schema["description"] = f"{port.about} ({form})" if form else port.about
    return schema


def _of_annotation(port: Port) -> dict[str, Any]:
    """The schema of its annotation, made once for each port."""
    from pydantic import PydanticUserError

    try:
        if "schema" not in vars(port):
            vars(port)["schema"] = port.adapter.json_schema()
        return vars(port)["schema"]
    except (KeyError, PydanticUserError) as error:
        reason = f"it refers to {error}" if isinstance(error, KeyError) else error.message
        mend = "annotate it with plain types, models of pydantic, or kinds (yggdrasil.ports)"
        raise ConfigError(f"the annotation has no JSON schema ({reason:.200})", where=port.name, mend=mend) from None


def tool_schema(ports: Mapping[str, Port], *, strict: bool = False) -> dict[str, Any]:
    """The schema of an object with a property for each port that has a JSON form.

    Plain: what has a default may be left out. Strict: all are listed as required, null is allowed where a
    default exists, and no `default` key stands (the dialect of strict function calling).
    """
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, port in ports.items():
        if port.kind.name == "schedule" or (port.kind.tensor and not port.required):
            continue
        schema = port_schema(port)
        if strict:
            schema = _strict(schema)
            if not port.required:
                schema = _nullable(schema)
        elif not port.required and not port.kind.large and not (port.optional and port.default is None):
            schema["default"] = port.adapter.dump_python(port.default, mode="json")
        properties[name] = schema
        if port.required or strict:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def closed(schema: Any, where: str = "") -> Any:
    """The schema itself, if it refers to nothing outside: only `#/…`. Raises ConfigError before anything is opened."""
    if any(not ref.startswith("#") for ref, _ in _references(schema)):
        mend = "write what it names into the schema: only references of the form #/… are followed"
        raise ConfigError("a reference of the schema leads outside", where=where, mend=mend)
    return schema


def references(schema: Any) -> Iterator[str]:
    """What the schema refers to from its own root; not what a part with an `$id` of its own does, nor plain values."""
    return (ref for ref, rooted in _references(schema) if rooted)


def _references(schema: Any, rooted: bool = True) -> Iterator[tuple[str, bool]]:
    if isinstance(schema, list):
        for part in cast(list[Any], schema):
            yield from _references(part, rooted and not _has_id(part))
    elif isinstance(schema, dict):
        for key, part in cast(dict[str, Any], schema).items():
            if key in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(part, str):
                yield part, rooted
            yield from _references(part, rooted and key not in _VALUES and not _has_id(part))


_VALUES = ("const", "enum", "default", "examples")


def _has_id(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(cast(dict[str, Any], part).get("$id"), str)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if any(option.get("type") == "null" for option in schema.get("anyOf", [])) or not schema:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(item) for item in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    source = cast(dict[str, Any], schema)
    made = {k: _strict(v) for k, v in source.items() if k not in ("default", "title", "properties")}
    if made.get("type") == "object" and "properties" in source:
        inner = {n: _strict(s) for n, s in cast(dict[str, Any], source["properties"]).items()}
        optional = set(inner) - set(made.get("required", []))
        made["properties"] = {n: _nullable(s) if n in optional else s for n, s in inner.items()}
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made


def inlined(schema: dict[str, Any], where: str) -> dict[str, Any]:
    """The schema with what it refers to in its place. Raises ConfigError for a type that contains itself."""
    definitions = cast(dict[str, Any], schema.get("$defs", {}))

    def expand(part: Any, open_refs: tuple[str, ...]) -> Any:
        if isinstance(part, list):
            return [expand(item, open_refs) for item in cast(list[Any], part)]
        if not isinstance(part, dict):
            return part
        mapping = cast(dict[str, Any], part)
        ref = mapping.get("$ref")
        if isinstance(ref, str):
            name = ref.rpartition("/")[2]
            if name in open_refs:
                raise ConfigError(
                    f"type {name!r} contains itself", where=where, mend="a tool's input must be finite: flatten it"
                )
            rest = {k: expand(v, open_refs) for k, v in mapping.items() if k != "$ref"}
            return {**expand(copy.deepcopy(definitions[name]), (*open_refs, name)), **rest}
        return {k: expand(v, open_refs) for k, v in mapping.items() if not _is_prose(k, v)}

    return cast(dict[str, Any], expand(schema, ()))


def _is_prose(key: str, value: Any) -> bool:
    """Definitions are inlined and titles say nothing; a property that is called `title` has a schema for value."""
    return key == "$defs" or (key == "title" and isinstance(value, str))
