"""What every language model does alike: a schema is looked at before the model is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import WithJsonSchema

from yggdrasil.blocks.llm.language_model import LanguageModel
from yggdrasil.blocks.llm.schemas import beside_schema
from yggdrasil.contract import ConfigError
from yggdrasil.contract.kinds import JSON
from yggdrasil.contract.ports import Port
from yggdrasil.contract.schema import port_schema


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"$ref": "#/$defs/none"}, "refers to '#/$defs/none', which is nowhere in it"),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"y": {}}}, "refers to '#/$defs/x'"),
        ({"type": "nonsense"}, r"is wrong at $.type"),
        ({"properties": {"a": {"pattern": "("}}}, "is wrong at $.properties.a.pattern"),
        ({"enum": [b"x"]}, "is no JSON"),
    ],
)
def test_a_schema_that_is_none_is_refused_before_the_model_is_asked(schema: dict[str, Any], told: str) -> None:
    class Never(LanguageModel):
        """Is never asked."""

        def chat(self, messages: Any, **how: Any) -> Any:
            raise AssertionError("asked")

    for ask in (Never().fill, Never().run):
        with pytest.raises(ConfigError, match=re.escape(told)):
            ask(messages=[{"role": "user", "content": "x"}], schema=schema)


def test_references_to_parts_of_the_schema_and_plain_values_that_look_so_are_no_fault() -> None:
    inside = {
        "properties": {"a": {"$ref": "#/$defs/t"}, "b": {"const": {"$ref": "#/no"}}},
        "$defs": {"t": {"type": "string"}},
    }
    assert beside_schema({"a": "x"}, inside) == ""
    assert "not of type" in beside_schema({"a": 1}, inside)
    own = {"properties": {"a": {"$id": "part", "$ref": "#/$defs/q", "$defs": {"q": {"type": "string"}}}}}
    assert "not of type" in beside_schema({"a": 1}, own)
    with pytest.raises(ConfigError, match="nowhere in it"):
        beside_schema({"a": 1}, {"properties": {"a": {"$id": "part", "$ref": "#/$defs/q"}}})


class Hidden:
    """Nothing that JSON knows."""


@pytest.mark.parametrize(
    "annotation", [Annotated[Any, WithJsonSchema({"$ref": "#/$defs/none"})], list[Hidden], Callable[[], int]]
)
def test_an_annotation_that_has_no_json_schema_is_refused_by_its_port(annotation: Any) -> None:
    with pytest.raises(ConfigError, match="thing: the annotation has no JSON schema"):
        port_schema(Port("thing", JSON, annotation))
