"""What a small model is asked besides a genre's words: fewer things, and in words what only the schema would say."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.levels.genre.plan import calls_of
from yggdrasil.levels.stage.task import schema as task_schema
from yggdrasil.state.content import Content

Schema = dict[str, Any]
_LINE = 160
"""Letters of a text that nothing else bounds: a field of an own kind, what a tool is told that reads any length."""
_MOST = 2
"""Changes of a world that a small model names well."""
_NEW = {
    "add_item": "a thing that is not there yet",
    "add_place": "a place that is not there yet",
    "add_character": "somebody who is not there yet",
}
"""What is offered last and with a word of warning, since a small model adds again what it knows."""
_BOUNDS = ("maxLength", "enum", "const", "pattern")


def few_operations(content: Content, own: list[Schema]) -> Schema:
    """The changes that a small model may name: of what is there, by its name; `own` add what only this genre has.

    Hour and weather change only in a world that has them: asked for weather, it rains on a space station too.
    """
    every = task_schema("update", content)["properties"]["operations"]["items"]["anyOf"]
    known = {str(shape["properties"]["op"]["const"]): shape for shape in every}
    for op, about in _NEW.items():
        known[op] = {**known.pop(op), "description": about}
    fields = [name for name in ("time", "weather") if getattr(content, name)]
    setting = known.pop("set")
    if fields:
        setting["properties"]["field"] = {"enum": fields}
        known["set"] = setting
    options = [*map(_bounded, own), *known.values()]
    return {"type": "array", "items": {"anyOf": options}, "minItems": 1, "maxItems": _MOST}


def few_calls(tools: list[Schema]) -> Schema:
    """One call, with nothing but what the tool must be given, and no slot; of several tools, what each one does."""
    told = tools if len(tools) > 1 else [{**tool, "description": ""} for tool in tools]
    calls = calls_of([{**tool, "parameters": _required(tool)} for tool in told])
    for call in calls["items"]["anyOf"]:
        del call["properties"]["slot"]
        call["required"] = ["tool", "arguments"]
    return {**calls, "maxItems": 1}


def _required(tool: Schema) -> Schema:
    """The parameters that must be given, each text as short as the tool reads it."""
    parameters, most = tool["parameters"], tool.get("letters") or _LINE
    names = parameters.get("required") or list(parameters["properties"])[:1]
    known = {name: parameters["properties"][name] for name in names}
    return _bounded({**parameters, "properties": known, "required": names}, most)


def _bounded(schema: Any, most: int = _LINE) -> Any:
    """The schema with a bound on each text that has none, at which a small model comes to an end."""
    if isinstance(schema, list):
        return [_bounded(part, most) for part in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    made = {name: _bounded(part, most) for name, part in cast("Schema", schema).items()}
    free = made.get("type") == "string" and not any(key in made for key in _BOUNDS)
    return {**made, "maxLength": most} if free else made


def outlined(schema: Schema) -> str:
    """In words what the answer holds: most models that run on a small machine are bound by a schema, not shown it."""
    fields = "; ".join(_field(name, part) for name, part in schema["properties"].items())
    return f"Answer with one line of JSON: {fields}."


def _field(name: str, schema: Schema) -> str:
    about, inner = schema.get("description", ""), _inner(schema.get("items", schema))
    told = " ".join(part for part in (_many(schema), about and f"({about})", inner) if part)
    return f"{name} {told}".strip()


def _many(schema: Schema) -> str:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if schema.get("type") != "array" or high is None:
        return ""
    return f"({high} of them)" if low == high else f"({low} to {high})"


def _inner(schema: Schema) -> str:
    """The fields of an object, or each form that it may take."""
    if "anyOf" in schema:
        return f"[{' | '.join(_form(option) for option in schema['anyOf'])}]"
    own = {name: part for name, part in schema.get("properties", {}).items() if "const" not in part}
    return f"[{', '.join(_field(name, part) for name, part in own.items())}]" if own else ""


def _form(option: Schema) -> str:
    named = [str(part["const"]) for part in option["properties"].values() if "const" in part]
    about = option.get("description", "")
    return " ".join(part for part in (*named, _inner(option), about and f"({about})") if part)
