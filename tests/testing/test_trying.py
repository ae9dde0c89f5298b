"""A model that tries every tool and answers by the schema, so that an agent is tested without writing its turns."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

import yggdrasil as ygg
from yggdrasil.blocks.llm.language_model import beside_schema
from yggdrasil.testing import TryingModel
from yggdrasil.testing.trying import least


class Leaf(BaseModel):
    name: str = Field(min_length=6)
    inner: Leaf | None


class Order(BaseModel):
    kind: Literal["rope", "net"]
    pieces: int = Field(ge=2)
    notes: list[str] = Field(min_length=1)
    leaf: Leaf
    late: bool
    weight: float | None = None


def test_every_tool_is_called_once_and_the_answer_is_of_its_type() -> None:
    seen: list[Any] = []

    def price(thing: str, pieces: int = 1) -> int:
        """What it costs."""
        seen.append((thing, pieces))
        return 7

    def breaks(kind: Literal["a", "b"]) -> str:
        """Break."""
        seen.append(kind)
        raise ValueError("broken")

    agent = ygg.Agent(TryingModel(), [price, breaks])
    assert agent.run("Try.").response == "ok"
    assert seen == [("word", 1), "a"]
    told = [m["content"] for m in agent.memory.messages if m["role"] == "tool"]
    assert told == ['{"value": 7}', "ValueError: broken"]
    order = agent.run("Order.", result=Order).result
    assert (order.kind, order.pieces, order.notes, order.leaf.name) == ("rope", 2, ["word"], "wordss")


@pytest.mark.parametrize(
    "schema",
    [
        Order.model_json_schema(),
        {"type": "string", "maxLength": 2},
        {"type": "number", "exclusiveMinimum": 3},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"enum": ["x"]},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
    ],
)
def test_the_least_value_obeys_its_schema(schema: dict[str, Any]) -> None:
    assert beside_schema(least(schema), schema) == ""
