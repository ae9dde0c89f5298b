"""A world whose models are behind endpoints: whatever they do, the step can be resumed and nothing is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.blocks.endpoint.stand_in import Answer, CuttingProxy, StandIn, giving, sending, standing_in, stream
from tests.blocks.endpoint.test_blocks import SIGHT
from tests.blocks.endpoint.test_robustness import busy, dripping, endless_words, hanging
from tests.levels.scripted import Plan, See, remembered, scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.endpoint.painter import EndpointPainter
from yggdrasil.blocks.endpoint.pictures import png
from yggdrasil.blocks.endpoint.vlm import EndpointVLM
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.contract import YggError
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.philosopher import Philosopher
from yggdrasil.levels.world.world import World

TOLD = {"sentence1": "The fox woke.", "sentence2": "Olaf laughed.", "mood": "merry"}
LIMIT = 0.8
PAINTED = giving({"data": [{"b64_json": base64.b64encode(png(Pictures.new("RGB", (8, 8), "red"))).decode()}]})


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


def right(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """The right answer to whoever asks: to the painter, the eye, or the author (who looks something up first)."""
    if "prompt" in body:
        PAINTED(handler, body)
    elif body["model"] == "eye":
        stream(json.dumps(SIGHT))(handler, body)
    elif "tools" in body and not any(m["role"] == "tool" for m in body["messages"]):
        text = (
            'data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c1", "type": "function",'
            ' "function": {"name": "see", "arguments": "{}"}}]}, "finish_reason": "tool_calls"}]}\n\n'
        )
        sending(200, "text/event-stream", text)(handler, body)
    else:
        stream(json.dumps(TOLD))(handler, body)


def world_at(url: str, home: Path | None = None) -> World:
    common: dict[str, Any] = {"base_url": url, "retries": 0, "timeout": LIMIT}
    llm = OpenAIModel(model="author", native_tools=True, **common)
    return scripted(
        home,
        genre="tale",
        philosopher=Philosopher(EndpointVLM(model="eye", **common)),
        author=Agent(llm, {"see": See()}),
        creator=Creator({"paint": EndpointPainter(model="painter", **common)}),
        architect=Plan(),
    )


TROUBLES: dict[str, Answer] = {
    "slow": hanging,
    "dripping": dripping,
    "web page": sending(200, "text/html", "<html>hi</html>"),
    "cut json": sending(200, "application/json", '{"data": [{"b64'),
    "wrong schema": stream('{"color": "red"}'),
    "endless": endless_words,
    "busy": busy("30"),
    "broken": sending(500, "application/json", '{"error": {"message": "oops"}}'),
}


@pytest.mark.parametrize("who", ["painter", "eye", "author"])
@pytest.mark.parametrize("trouble", sorted(TROUBLES))
def test_a_step_that_meets_a_trouble_is_resumed_and_loses_nothing(stand_in: StandIn, trouble: str, who: str) -> None:
    world = world_at(stand_in.url)
    world.found()

    def troubled(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        asked_by = "painter" if "prompt" in body else body["model"]
        (TROUBLES[trouble] if asked_by == who else right)(handler, body)

    stand_in.answer = troubled
    before = world.content().to_json()
    with pytest.raises(YggError):
        world.step()
    assert world.content().to_json() == before
    waiting = world.unfinished()
    assert waiting is not None
    done = [stage.name for stage in waiting.stages if stage.status == "ran"]
    asked = len(stand_in.asked)
    stand_in.answer = right
    step = world.step()
    assert step.status == "whole" and step.chronicle == "The fox woke. Olaf laughed."
    assert [s.name for s in step.stages if s.status == "ran"].count("development") == 1
    assert len(world.history()) == 1 and world.replay()
    again = [("painter" if "prompt" in body else body["model"]) for body in stand_in.asked[asked:]]
    assert "painter" not in again or "creator" not in done, "what was finished is not asked for twice"
    author = remembered(world, "author/body")["messages"]
    calls = [c["id"] for m in author for c in m.get("tool_calls", [])]
    assert calls == [m["tool_call_id"] for m in author if m["role"] == "tool"]
    world.close()


@pytest.mark.parametrize("limit", [1 + 40 * n for n in range(20)])
def test_an_endpoint_cut_after_n_bytes_costs_a_step_nothing(stand_in: StandIn, limit: int) -> None:
    stand_in.answer = right
    proxy = CuttingProxy(stand_in.url, limit)
    world = world_at(proxy.url)
    try:
        try:
            step = world.step()
        except YggError:
            assert world.unfinished() is not None
            proxy.limit = None
            step = world.step()
        assert step.status == "whole" and len(world.history()) == 1
        assert world.replay()
    finally:
        proxy.close()
        world.close()


def test_a_template_takes_an_eye_behind_an_endpoint(stand_in: StandIn, tmp_path: Path) -> None:
    named = ygg.World.from_template("storytelling", wish="a fjord", eye=f"openai:org/vlm@{stand_in.url}")
    eye = named.children()["philosopher"].children()["body"]
    assert isinstance(eye, EndpointVLM) and eye.model == "org/vlm"
    given = EndpointVLM(model="v", base_url=stand_in.url, things=["fox"])
    world = ygg.World.from_template("storytelling", wish="a fjord", eye=given)
    ygg.save(world, tmp_path / "w")
    again = ygg.load(tmp_path / "w").children()["philosopher"].children()["body"]
    assert isinstance(again, EndpointVLM) and again.things == ("fox",)
