"""Eyes, pictures, vectors and voices behind an endpoint: the wire format there and back, and every wrong answer."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.blocks.endpoint.stand_in import StandIn, giving, sending, standing_in, stream
from yggdrasil.blocks.endpoint.embedder import EndpointEmbedder
from yggdrasil.blocks.endpoint.errors import EndpointNonsense, EndpointRefused, EndpointUnreachable
from yggdrasil.blocks.endpoint.painter import EndpointPainter, EndpointRepainter
from yggdrasil.blocks.endpoint.pictures import data_url, png, sendable
from yggdrasil.blocks.endpoint.vlm import EndpointVLM
from yggdrasil.blocks.endpoint.voice import EndpointVoice
from yggdrasil.blocks.llm.language_model import InvalidOutput
from yggdrasil.contract import Block, Here, MemoryArtifacts, PortError, standing
from yggdrasil.contract.tree import describe
from yggdrasil.testing import ScriptedModel, calls, says

RED = Pictures.new("RGB", (6, 4), "red")
SIGHT = {"text": "A fox in the snow.", "place": "snow", "time": "day", "weather": "none", "things": ["fox", "fox"]}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_an_eye_gives_what_a_seer_gives(stand_in: StandIn) -> None:
    stand_in.answer = stream(json.dumps(SIGHT))
    out = EndpointVLM(model="v", base_url=stand_in.url, things=["fox", "wolf"]).run(image=RED)
    assert out.text == "A fox in the snow."
    assert out.labels == {"place": "snow", "time": "day", "weather": "none", "things": [{"name": "fox"}]}
    asked = stand_in.asked[0]
    words, shown = asked["messages"][0]["content"]
    assert words["text"].startswith("What does this picture")
    back = Pictures.open(io.BytesIO(base64.b64decode(shown["image_url"]["url"].removeprefix("data:image/png;base64,"))))
    assert (back.size, back.getpixel((0, 0))) == ((6, 4), (255, 0, 0))
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["things"]["items"]["enum"] == ["fox", "wolf"]


def test_an_eye_is_asked_in_words_or_by_a_schema(stand_in: StandIn) -> None:
    eye = EndpointVLM(model="v", base_url=stand_in.url)
    stand_in.answer = stream("It is red.")
    out = eye.run(image=RED, prompt="Which colour?")
    assert (out.text, out.labels) == ("It is red.", {})
    assert "response_format" not in stand_in.asked[-1]
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
    stand_in.answer = stream('{"count": 2}')
    out = eye.run(image=RED, schema=schema)
    assert out.labels == {"count": 2} and json.loads(out.text) == {"count": 2}
    stand_in.answer = stream('{"count": "two"}')
    with pytest.raises(InvalidOutput, match="count"):
        eye.run(image=RED, schema=schema)
    stand_in.answer = stream(json.dumps({**SIGHT, "place": "Narnia"}))
    assert eye.run(image=RED).labels["place"] == "Narnia", "a model is bound to no grounds but those of its block"
    bound = EndpointVLM(model="v", base_url=stand_in.url, places=["snow", "sea"])
    with pytest.raises(InvalidOutput, match="place"):
        bound.run(image=RED)


def test_pictures_are_painted_and_repainted(stand_in: StandIn) -> None:
    stand_in.answer = giving({"data": [{"b64_json": b64(png(RED))}], "usage": {"input_tokens": 9, "output_tokens": 1}})
    painter = EndpointPainter(model="p", base_url=stand_in.url, prices={"picture": 0.04, "input": 1})
    out = painter.run(prompt="a fox", seed=5, size="64x64")
    assert out.image.getpixel((1, 1)) == (255, 0, 0)
    assert out.usage == {"prompt": 9, "completion": 1, "cost": pytest.approx(0.04 + 9e-6)}
    assert stand_in.paths[-1] == "/v1/images/generations"
    sent = {"prompt": "a fox", "model": "p", "n": 1, "size": "64x64", "response_format": "b64_json", "seed": 5}
    assert stand_in.asked[-1] == sent
    plain = EndpointPainter(model="p", base_url=stand_in.url, base64=False, seeded=False)
    plain.run(prompt="a fox")
    assert stand_in.asked[-1] == {"prompt": "a fox", "model": "p", "n": 1}
    again = EndpointRepainter(model="p", base_url=stand_in.url).run(image=RED, prompt="bluer", seed=1)
    assert again.image.size == (6, 4)
    assert stand_in.paths[-1] == "/v1/images/edits"
    assert png(RED) in stand_in.asked[-1]["raw"]


@pytest.mark.parametrize(
    "answer",
    [
        giving({"data": []}),
        giving({"data": [{"url": "http://127.0.0.1:1/secret.png"}]}),
        giving({"data": [{"b64_json": "%%%"}]}),
        giving({"data": [{"b64_json": b64(b"no picture")}]}),
        giving({"data": [{"b64_json": b64(png(RED)[:40])}]}),
        giving([1]),
        sending(200, "application/json", '{"data": [{"b64'),
        sending(200, "text/html", "<html></html>"),
        sending(200, "application/json", b"\xff\xfe"),
    ],
)
def test_what_is_no_picture_is_a_typed_error(stand_in: StandIn, answer: Any) -> None:
    stand_in.answer = answer
    with pytest.raises(EndpointNonsense):
        EndpointPainter(model="p", base_url=stand_in.url).run(prompt="x")


def test_a_huge_picture_is_refused_before_it_is_decoded(stand_in: StandIn) -> None:
    data = bytearray(png(RED))
    data[16:24] = (60000).to_bytes(4, "big") * 2
    stand_in.answer = giving({"data": [{"b64_json": b64(bytes(data))}]})
    with pytest.raises(EndpointNonsense):
        EndpointPainter(model="p", base_url=stand_in.url).run(prompt="x")


def test_a_vector_is_a_unit_vector(stand_in: StandIn) -> None:
    stand_in.answer = giving({"data": [{"embedding": [3.0, 0.0, 4.0]}]})
    assert EndpointEmbedder(model="e", base_url=stand_in.url).run(text="x")["value"] == [0.6, 0.0, 0.8]
    for wrong in ([], [0, 0], ["a"], None):
        stand_in.answer = giving({"data": [{"embedding": wrong}]})
        with pytest.raises(EndpointNonsense):
            EndpointEmbedder(model="e", base_url=stand_in.url).run(text="x")
    stand_in.answer = sending(200, "application/json", '{"data": [{"embedding": [NaN, 1]}]}')
    with pytest.raises(EndpointNonsense):
        EndpointEmbedder(model="e", base_url=stand_in.url).run(text="x")


def wav(frames: int = 100, width: int = 2, channels: int = 2) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, width, 24000, 0, "NONE", ""))
        file.writeframes(b"\x00\x40" * (frames * channels * width // 2))
    return buffer.getvalue()


def test_a_voice_speaks(stand_in: StandIn) -> None:
    stand_in.answer = sending(200, "audio/wav", wav())
    out = EndpointVoice(model="tts", base_url=stand_in.url, voice="nova", prices={"letters": 15}).run(text="Hello.")
    assert (out.audio.rate, out.audio.samples.shape, out.audio.samples.dtype) == (24000, (2, 100), numpy.float32)
    assert out.audio.samples.max() == 0.5
    assert out.usage["cost"] == pytest.approx(6 * 15e-6)
    assert stand_in.asked[-1] == {"model": "tts", "voice": "nova", "input": "Hello.", "response_format": "wav"}
    streamed = bytearray(wav())
    streamed[4:8] = streamed[40:44] = b"\xff\xff\xff\xff"
    stand_in.answer = sending(200, "audio/wav", bytes(streamed))
    assert EndpointVoice(model="tts", base_url=stand_in.url).run(text="x").audio.samples.shape == (2, 100)
    for wrong in (b"", b"RIFF", wav()[:30], wav(width=1), b"<html>"):
        stand_in.answer = sending(200, "audio/wav", wrong)
        with pytest.raises(EndpointNonsense):
            EndpointVoice(model="tts", base_url=stand_in.url).run(text="x")


BLOCKS = [EndpointVLM, EndpointPainter, EndpointRepainter, EndpointEmbedder, EndpointVoice]


@pytest.mark.parametrize("kind", BLOCKS)
def test_each_comes_back_from_its_manifest_and_says_what_fails(
    kind: type[Block], stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-0123456789abcdef")
    settings: dict[str, Any] = {"model": "x", "base_url": stand_in.url, "key": "SOME_KEY", "retries": 0}
    block = kind(**settings)
    ygg.save(block, tmp_path / "b")
    again = ygg.load(tmp_path / "b")
    assert describe(again).structure_digest() == describe(block).structure_digest()
    assert "sk-0123" not in (tmp_path / "b" / "manifest.yaml").read_text()
    given = {"image": RED, "prompt": "x", "text": "x"}
    inputs = {name: given[name] for name, port in again.inputs.items() if port.required}
    body = json.dumps({"error": {"message": "bad key sk-0123456789abcdef"}})
    stand_in.answer = sending(401, "application/json", body)
    with pytest.raises(EndpointRefused, match="HTTP 401") as failure:
        again.run(**inputs)
    assert "sk-0123" not in str(failure.value)
    with pytest.raises(EndpointUnreachable):
        kind(**{**settings, "base_url": "http://127.0.0.1:9/v1"}).run(**inputs)


def test_a_picture_in_a_message_goes_along_as_its_bytes() -> None:
    store = MemoryArtifacts()
    artifact = store.put(png(RED), "image/png")
    jpeg_label = f"data:image/jpeg;base64,{b64(png(RED))}"
    parts: list[Any] = [
        {"type": "text", "text": "look"},
        {"type": "image", "image": RED},
        {"type": "image", "image": artifact.sha256},
        {"type": "image", "image": artifact.to_json()},
        {"type": "image_url", "image_url": {"url": jpeg_label, "detail": "low"}},
    ]
    with standing(Here(artifacts=store)):
        (sent,) = sendable([{"role": "user", "content": parts}])
    urls = [part["image_url"]["url"] for part in sent["content"][1:]]
    assert set(urls) == {data_url(RED)}
    assert sent["content"][4]["image_url"]["detail"] == "low"
    assert parts[1]["image"] is RED, "what was given is left as it was"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/x",
        "https://example.org/x.png",
        "file:///etc/passwd",
        "../../etc/passwd",
        "data:image/png;base64,%%%",
        f"data:image/png;base64,{b64(b'GIF of nothing')}",
        "data:text/plain,hello",
        7,
    ],
)
def test_x1_no_address_is_fetched_or_sent(stand_in: StandIn, url: Any) -> None:
    said = [{"role": "user", "content": "a"}, {"role": "user", "content": [{"type": "image_url", "image_url": url}]}]
    with pytest.raises(PortError, match="message 1, part 0"):
        sendable(said)


@pytest.mark.parametrize("at", ["{url}/x#/nope", "file://{file}#/nope", "{file}"])
def test_n35_a_schema_that_a_model_writes_makes_nobody_fetch_or_open(
    stand_in: StandIn, at: str, tmp_path: Path
) -> None:
    private = tmp_path / "private.json"
    private.write_text('{"const": "a secret of this machine"}')
    address = at.format(url=stand_in.url, file=private)
    store = MemoryArtifacts()
    sha = store.put(png(Pictures.new("RGB", (4, 4))), "image/png").sha256
    schema = {"type": "object", "properties": {"a": {"$ref": address}}}
    llm = ScriptedModel([calls(("one", "eye", {"image": sha, "schema": schema})), says("done")])
    with standing(Here(artifacts=store)):
        ygg.Agent(llm, {"eye": EndpointVLM(model="m", base_url=stand_in.url)}).run("look")
    told = str(llm.seen[-1]["messages"][-1]["content"])
    assert "leads outside" in told and "secret" not in told
    assert stand_in.paths == [], "no connection was made"
