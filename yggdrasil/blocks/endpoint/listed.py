"""What an endpoint's own list says of its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from yggdrasil.blocks.endpoint.block import read_json
from yggdrasil.blocks.endpoint.connection import Connection, RequestBounds, Say
from yggdrasil.blocks.endpoint.errors import EndpointError
from yggdrasil.contract import here

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_READS = ("loaded_context_length", "max_model_len", "context_length", "context_window", "max_context_length")
"""Names under which servers say how many tokens a model reads."""
_PATIENCE = 10.0


class _Listed(BaseModel):
    data: list[dict[str, Any]] = []


def reads(connection: Connection, model: str, at_once: int) -> int:
    """How many tokens the model reads by the endpoint's list; 0, with a note, where it gives none."""

    async def ask(client: AsyncOpenAI, say: Say) -> _Listed:
        del say
        return read_json(_Listed, (await client.models.with_raw_response.list()).http_response)

    try:
        listed = connection.ask(ask, RequestBounds(_PATIENCE, 0, at_once, once=True))
    except EndpointError as error:
        here().note(f"the endpoint does not say how much its model reads ({error.what})")
        return 0
    own = next((known for known in listed.data if known.get("id") == model), {})
    found = (own.get(name) for name in _READS)
    return next((value for value in found if isinstance(value, int) and value > 0), 0)
