"""Pictures and sounds stand beside the words of a prompt, are kept with the conversation, and reach the wire."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import yggdrasil as ygg
from tests.agent.scripted import calls, says
from tests.blocks.endpoint.stand_in import standing_in, stream
from yggdrasil.blocks import OpenAIModel
from yggdrasil.blocks.llm.language_model import NotAble
from yggdrasil.ports import AudioClip
from yggdrasil.testing import ScriptedModel

RED = Image.new("RGB", (4, 3), "red")
BEEP = AudioClip(np.zeros((1, 800), np.float32), 8000)


def look() -> str:
    """Look."""
    return "seen"


def test_a_picture_and_a_sound_reach_the_endpoint_as_their_bytes() -> None:
    asked: list[dict[str, Any]] = []

    def answer(handler: Any, body: dict[str, Any]) -> None:
        asked.append(body)
        stream("A red square, and silence.")(handler, body)

    with standing_in() as endpoint:
        endpoint.answer = answer
        model = OpenAIModel(model="m", base_url=endpoint.url, native_tools=True)
        agent = ygg.Agent(model)
        assert agent.run("What is it?", pictures=[RED], sounds=[BEEP]).response == "A red square, and silence."
        agent.run("Are you sure?")
    words, picture, sound = asked[0]["messages"][0]["content"]
    assert words == {"type": "text", "text": "What is it?"}
    shown = Image.open(io.BytesIO(base64.b64decode(picture["image_url"]["url"].partition(",")[2])))
    assert shown.size == (4, 3) and shown.getpixel((0, 0)) == (255, 0, 0)
    assert sound["input_audio"]["format"] == "wav"
    assert base64.b64decode(sound["input_audio"]["data"])[:4] == b"RIFF"
    assert asked[1]["messages"][0]["content"] == asked[0]["messages"][0]["content"]


def test_a_session_keeps_them_beside_itself(tmp_path: Path) -> None:
    model = ScriptedModel([says("red"), says("still red")])
    ygg.Agent(model).session("anna", tmp_path).run("Which colour?", pictures=[RED])
    again = ygg.Agent(model).session("anna", tmp_path)
    assert again.run("And now?").response == "still red"
    sha = model.seen[-1]["messages"][0]["content"][1]["image"]
    assert list((tmp_path / "artifacts").rglob(f"{sha}.png"))
    assert again.history[0].inputs["pictures"][0].size == (4, 3)


@pytest.mark.parametrize("native", [True, False])
def test_a_model_with_tools_and_a_type_sees_it_too(native: bool) -> None:
    use = calls(("1", "look", {})) if native else says('{"tool": "look"}')
    model = ScriptedModel([use, says('{"result": 3}')], native=native)
    agent = ygg.Agent(model, [look], limits=ygg.Limits(steps=2))
    assert agent.run("How many?", pictures=[RED], result=int).result == 3
    for seen in model.seen:
        users = [m["content"] for m in seen["messages"] if m["role"] == "user"]
        assert [part["type"] for part in users[0]][:2] == ["text", "image"]


def test_a_summary_names_what_it_cannot_tell() -> None:
    model = ScriptedModel([says("yes " * 200)])
    agent = ygg.Agent(model, older="summary", context=700, max_tokens=100)
    agent.run("Look. " * 60, pictures=[RED])
    agent.run("And? " * 100)
    assert any("[image]" in str(s["messages"]) for s in model.seen if "Sum up" in s["messages"][0]["content"])


def test_a_model_that_reads_words_alone_says_so() -> None:
    class Blind(ScriptedModel, init=False):
        senses = False

    with pytest.raises(NotAble, match="Blind can't see pictures"):
        ygg.Agent(Blind()).run("What is it?", pictures=[RED])
    assert ygg.Agent([Blind(), ScriptedModel([says("red")])]).run("What is it?", pictures=[RED]).response == "red"
