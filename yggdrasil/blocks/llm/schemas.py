"""Whether a JSON schema is one, and whether a value is what it wants."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from yggdrasil.contract import ConfigError, here
from yggdrasil.contract.schema import closed, references

Schema = dict[str, Any]


def beside_schema(value: Any, schema: Schema) -> str:
    """Where the value is not what the schema wants, or ''. Raises ConfigError for what is no schema."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(_checker(sound_schema(schema)).iter_errors(value))
    except Unresolvable as lost:
        raise _no_schema(f"refers to {lost.ref!r}, which is nowhere in it") from None
    return f"{error.json_path}: {error.message[:200]}" if error is not None else ""


def sound_schema(schema: Schema) -> Schema:
    """The schema itself, if it is one and holds all that it refers to. Raises ConfigError before a model is asked."""
    try:
        problem = _flaw_of_schema(json.dumps(closed(schema, here().path)))
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"is no JSON ({error})"
    if problem:
        raise _no_schema(problem)
    return schema


def _no_schema(problem: str) -> ConfigError:
    return ConfigError(f"the schema {problem}", where=here().path, mend="write it as JSON Schema of 2020-12")


@lru_cache(maxsize=256)
def _flaw_of_schema(text: str) -> str:
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    schema = json.loads(text)
    checker = _checker(schema)
    resolver = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver()
    try:
        checker.check_schema(schema)
    except SchemaError as error:
        return f"is wrong at {error.json_path}: {error.message[:200]}"
    for ref in references(schema):
        try:
            resolver.lookup(ref)
        except Unresolvable:
            return f"refers to {ref!r}, which is nowhere in it"
    return ""


def _checker(schema: Schema) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(schema, registry=Registry())
