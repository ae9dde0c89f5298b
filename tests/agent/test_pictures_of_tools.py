"""What a tool gave to see or to hear is shown to a model that can; one that cannot is told so in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from tests.blocks.endpoint.stand_in import calling, sending, standing_in, stream
from yggdrasil.blocks import OpenAIModel
from yggdrasil.blocks.endpoint.errors import EndpointRefused
from yggdrasil.ports import Audio, AudioClip, Image, Text
from yggdrasil.testing import ScriptedModel

RED = Pictures.new("RGB", (4, 3), "red")
TURNS = [calls(("1", "paint", {}), ("2", "beep", {})), says("A red square.")]


def paint() -> Image:
    """Paint."""
    return RED


def beep() -> Audio:
    """Make a sound."""
    return AudioClip(np.zeros((1, 800), np.float32), 8000)


def test_they_follow_the_answers_of_the_turn_in_the_users_voice() -> None:
    model = ScriptedModel(TURNS)
    agent = ygg.Agent(model, [paint, beep])
    assert agent.run("Paint and sing.").response == "A red square."
    asked = model.seen[-1]["messages"]
    assert [m["role"] for m in asked] == ["user", "assistant", "tool", "tool", "user"]
    assert all(isinstance(m["content"], str) for m in asked[:4]) and "image/png" in asked[2]["content"]
    words, picture, sound = asked[4]["content"]
    assert (picture["type"], sound["type"]) == ("image", "audio") and picture["image"] in words["text"]
    agent.run("And now?")
    assert [m["role"] for m in model.seen[-1]["messages"]][3:] == ["tool", "user", "assistant", "user"]


def test_a_model_that_is_bound_by_a_schema_sees_them_beside_the_result() -> None:
    model = ScriptedModel([says('{"tool": "paint"}'), says('{"tool": "answer", "text": "Red."}')], native=False)
    assert ygg.Agent(model, [paint]).run("Paint.").response == "Red."
    assert [part["type"] for part in model.seen[-1]["messages"][-1]["content"]] == ["text", "text", "image"]


@pytest.mark.parametrize("native", [True, False])
def test_a_model_that_reads_words_alone_is_told_what_it_does_not_see(native: bool) -> None:
    class Blind(ScriptedModel, init=False):
        senses = False

    first, second = (says('{"tool": "paint"}'), says('{"tool": "answer", "text": "Done."}'))
    model = Blind([calls(("1", "paint", {})), says("Done.")] if native else [first, second], native=native)
    assert ygg.Agent(model, [paint]).run("Paint.").response == "Done."
    said = str(model.seen[-1]["messages"][-1]["content"])
    assert "You cannot see pictures" in said and "image/png" in said and "'type': 'image'" not in said


def test_the_bytes_reach_an_endpoint_and_one_that_refuses_them_is_asked_in_words_from_then_on() -> None:
    refusal = sending(400, "application/json", '{"error": {"message": "image input is not supported"}}')

    def answer(handler: Any, body: dict[str, Any]) -> None:
        if "image_url" in str(body["messages"]):
            refusal(handler, body)
        elif any(message["role"] == "tool" for message in body["messages"]):
            stream("I painted it.")(handler, body)
        else:
            calling("paint")(handler, body)

    with standing_in() as endpoint:
        endpoint.answer = answer
        model = OpenAIModel(model="m", base_url=endpoint.url, native_tools=True)
        told: list[str] = []
        with ygg.listening(lambda event: told.append(event.data["text"]), kinds=["note"], inline=True):
            assert ygg.Agent(model, [paint]).run("Paint.").response == "I painted it."
        assert any("sees no pictures of tools" in text for text in told)
        shown = [body for body in endpoint.asked if "image_url" in str(body)]
        assert len(shown) == 1 and "data:image/png;base64," in str(shown[0])
        assert ygg.Agent(model, [paint]).run("Again.").response == "I painted it."
        assert len([body for body in endpoint.asked if "image_url" in str(body)]) == 1
        with pytest.raises(EndpointRefused):
            ygg.Agent(model).run("What is it?", pictures=[RED])


class Report(TypedDict):
    text: Text
    image: Image


def report() -> Report:
    """Report at length."""
    return {"text": "word " * 5000, "image": RED}


def test_a_long_answer_beside_a_picture_is_cut_and_an_event_tells_its_words_alone() -> None:
    model = ScriptedModel([calls(("1", "report", {})), says("Red.")])
    told = [
        event.data["result"]
        for event in ygg.Agent(model, [report], older="drop", context=900, max_tokens=100).stream("Report.")
        if event.kind == "tool_result"
    ]
    answer, shown = model.seen[-1]["messages"][2:]
    assert "the window holds no more" in answer["content"] and shown["content"][1]["type"] == "image"
    assert json.loads(told[0])["image"]["media_type"] == "image/png"


def test_a_session_keeps_what_was_seen(tmp_path: Path) -> None:
    model = Scripted([calls(("1", "paint", {})), says("Red."), says("Still red.")])
    ygg.Agent(model, [paint]).session("anna", tmp_path).run("Paint.")
    ygg.Agent(model, [paint]).session("anna", tmp_path).run("And?")
    assert model.seen[-1]["messages"][3]["content"][1]["type"] == "image"
