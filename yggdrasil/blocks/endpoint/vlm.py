"""A model behind an endpoint that looks at a picture: the eye of a Philosopher, or of anything else."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from yggdrasil.blocks.endpoint.block import EndpointBlock, Words
from yggdrasil.blocks.endpoint.chat import streamed
from yggdrasil.blocks.endpoint.pictures import sendable
from yggdrasil.blocks.llm.language_model import parse_object
from yggdrasil.blocks.llm.schemas import sound_schema
from yggdrasil.blocks.vlm.sight import QUESTION, as_seen, sight
from yggdrasil.ports import Image, Json, Text


class Looked(TypedDict):
    """`labels` is the object of the schema, or empty without one; `usage` is {prompt, completion, cost}."""

    text: Text
    labels: Json
    usage: Json


class EndpointVLM(EndpointBlock, type="vlm/openai", role="VLM"):
    """Look at a picture and say what it really shows, in words and as data.

    Asked nothing, it says `question` and, if `labelled`, gives what a seer gives: `text`, and labels with place, time,
    weather and things, each out of `places`, `times`,
    `weathers` and `things` if these name any. A `schema` of the caller's own takes the place of that.
    """

    question: str = QUESTION
    labelled: bool = True
    things: Words = ()
    places: Words = ()
    times: Words = ()
    weathers: Words = ()
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def forward(
        self,
        image: Image,
        prompt: Text = "",
        schema: Json | None = None,
        max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 300,
        temperature: Annotated[float, Field(ge=0, le=2)] = 0.0,
        seed: int = 0,
    ) -> Looked:
        """One look. Raises EndpointError by kind; TruncatedOutput, InvalidOutput for an answer beside the schema."""
        sound_schema(schema or {})
        asked = schema or (
            sight(self.things, self.places, self.times, self.weathers) if self.labelled and not prompt else None
        )
        said = [{"type": "text", "text": prompt or self.question}, {"type": "image", "image": image}]
        request: dict[str, Any] = {
            "model": self.model,
            "messages": sendable([{"role": "user", "content": said}]),
            self.limit: max_tokens,
            "temperature": temperature,
            "seed": seed % 2**31,
        }
        if asked is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"name": "sight", "schema": asked}}
        turn = streamed(self, request, max_tokens)
        if asked is None:
            return {"text": turn.text, "labels": {}, "usage": turn.usage._asdict()}
        text, labels = as_seen(parse_object(turn, max_tokens, asked), own=schema is None)
        return {"text": text, "labels": labels, "usage": turn.usage._asdict()}
