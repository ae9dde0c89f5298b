"""Sentence vectors behind an endpoint, in the place of a local embedder."""

from __future__ import annotations

import math
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from pydantic import BaseModel, Field, FiniteFloat

from yggdrasil.blocks.endpoint.block import EndpointBlock, SpentOutputs, cost_of_tokens
from yggdrasil.blocks.endpoint.errors import nonsense
from yggdrasil.ports import Json, Text

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class Embedded(TypedDict):
    """`value` is a unit vector as a list of numbers; `usage` is {prompt, completion, cost}."""

    value: Json
    usage: Json


class _Vector(BaseModel):
    embedding: Annotated[list[FiniteFloat], Field(min_length=1)]


class _Counted(BaseModel):
    prompt_tokens: int = 0


class _Vectors(BaseModel):
    data: Annotated[list[_Vector], Field(min_length=1, max_length=1)]
    usage: _Counted | None = None


class EndpointEmbedder(EndpointBlock, type="embed/openai", role="Tool"):
    """Embed a text as one unit vector, for search by meaning."""

    def forward(self, text: Text) -> Embedded:
        def ask(client: AsyncOpenAI) -> Awaitable[Any]:
            return client.embeddings.with_raw_response.create(model=self.model, input=[text], encoding_format="float")

        answer = self.ask_for(_Vectors, ask)
        vector = answer.data[0].embedding
        length = math.hypot(*vector)
        if not 0 < length < math.inf:
            raise nonsense(f"a vector of length {length}")
        read = answer.usage.prompt_tokens if answer.usage else 0
        spent = SpentOutputs(prompt=read, completion=0, cost=cost_of_tokens(self.prices, read, 0))
        return {"value": [number / length for number in vector], "usage": spent}
