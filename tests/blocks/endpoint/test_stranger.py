"""A whole step of a world through a stranger's OpenAI-compatible server, painted behind an images API."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

import yggdrasil as ygg
from tests.blocks.endpoint.llamacpp_server import llamacpp_serving
from tests.blocks.endpoint.stand_in import StandIn, giving, standing_in
from yggdrasil.blocks.endpoint.painter import EndpointPainter
from yggdrasil.blocks.endpoint.pictures import png
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.contract import Event, listening
from yggdrasil.levels.genre.of_world import tell_in
from yggdrasil.levels.world.world import World

pytestmark = [pytest.mark.models, pytest.mark.timeout(600)]

NAME = "smollm2-135m"
BEGINNING = {
    "title": "Vik",
    "places": [{"name": "Vik", "description": "A harbour.", "scene": "sea"}, {"name": "Mill", "scene": "meadow"}],
    "characters": [{"name": "Eirik", "role": "smith", "place": "Vik"}, {"name": "Nora", "role": "trader"}],
    "facts": ["The sea has been still for a year."],
}


@pytest.fixture(scope="module")
def llamacpp() -> Iterator[str]:
    with llamacpp_serving(NAME) as url:
        yield url


@pytest.fixture
def images() -> Iterator[StandIn]:
    """An images API whose pictures our own painter paints."""
    painter, one_at_a_time = ygg.load("painter"), threading.Lock()

    def paint(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        with one_at_a_time:
            image = painter.run(prompt=body["prompt"], seed=body["seed"]).image
        giving({"created": 1, "data": [{"b64_json": base64.b64encode(png(image)).decode()}]})(handler, body)

    with standing_in() as made:
        made.answer = paint
        yield made


def test_it_streams_counts_and_obeys_a_schema(llamacpp: str) -> None:
    llm = OpenAIModel(model=NAME, base_url=llamacpp)
    tokens: list[str] = []
    ask = [{"role": "user", "content": "Name a fish."}]
    with listening(lambda e: tokens.append(e.data["text"]) if e.kind == "token" else None):
        turn = llm.chat(ask, max_tokens=20)
    assert len(tokens) > 1 and "".join(tokens) == turn.text
    assert turn.usage.prompt > 0 and 0 < turn.usage.completion <= 20
    schema = {
        "type": "object",
        "properties": {"fish": {"enum": ["cod", "herring"]}, "pounds": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["fish", "pounds"],
        "additionalProperties": False,
    }
    assert llm.fill(ask, schema, max_tokens=80)["fish"] in ("cod", "herring")
    assert llm.calls_tools() is False, "a model of 135M parameters is bound by a schema instead"


@pytest.mark.system
def test_a_whole_step_is_told_and_painted_behind_endpoints(llamacpp: str, images: StandIn) -> None:
    events: list[Event] = []
    painter = EndpointPainter(model="painter", base_url=images.url, timeout=300)
    llm = OpenAIModel(model=NAME, base_url=llamacpp, timeout=300)
    world = ygg.World.from_template("storytelling", wish="a norse fishing village", seed=7, llm=llm, painter=painter)
    assert isinstance(world, World)
    tell_in(world, lead="brief")
    world.beginning = BEGINNING
    with listening(events.append):
        step = world.step()
    assert step.status == "whole"
    assert [s.name for s in step.stages if s.status == "ran"] == [
        "development", "architect", "creator", "philosopher", "author", "update",
    ]  # fmt: skip
    assert len(step.chronicle.split()) >= 8
    assert {e.path.split("/")[1] for e in events if e.kind == "token"} == {
        "development", "architect", "author", "update",
    }  # fmt: skip
    called = [e.data["tool"] for e in events if e.kind == "tool_call"]
    assert called == ["paint"]
    assert images.paths == ["/v1/images/generations"]
    assert images.asked[0]["prompt"] == step.pictures[0]["prompt"]
    assert world.replay()
