"""Every item of the shelf by its name: ports that others rely on, and what it really gives."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from scipy.io import wavfile

import yggdrasil as ygg
from tests.levels.scripted import scripted
from yggdrasil.contract import Block
from yggdrasil.contract.context import Here, standing
from yggdrasil.contract.pictures import read_picture
from yggdrasil.ports import Json
from yggdrasil.store.shelf import shelf

pytestmark = pytest.mark.models

PORTS = {
    "painter": (["prompt", "seed"], ["image"]),
    "illustrate": (["prompt", "seed"], ["image"]),
    "illustrate-large": (["prompt", "seed"], ["image", "scene"]),
    "upscaler": (["image"], ["image", "images"]),
    "seer": (["image"], ["text", "labels"]),
    "storyteller": (["prompt"], ["response"]),
    "chronicler": (["prompt"], ["response"]),
    "embedder": (["text"], []),
    "voice": (["text"], []),
    **dict.fromkeys(
        ("storytelling", "ships-log", "bestiary", "case"), (["action", "state", "count"], ["chronicle", "steps"])
    ),
}


def test_the_whole_shelf_is_known_here() -> None:
    assert set(shelf()) == set(PORTS)


@pytest.mark.parametrize("name", list(PORTS))
def test_each_item_loads_by_its_name_and_has_its_ports(name: str) -> None:
    item = ygg.load(name)
    inputs, outputs = PORTS[name]
    assert item.name == name and set(inputs) <= set(item.inputs) and set(outputs) <= set(item.outputs)
    required = {n for n, port in item.inputs.items() if port.required}
    assert required <= set(inputs[:1]), "the first port alone must be given"


def test_the_storyteller_goes_on_from_a_prompt_the_same_way_each_time() -> None:
    said = ygg.load("storyteller").run(prompt="The fisher opened the door and").response
    assert said.endswith(".") and len(said.split()) > 3
    assert ygg.load("storyteller").run(prompt="The fisher opened the door and").response == said


def test_the_embedder_puts_like_by_like() -> None:
    embedder = ygg.load("embedder")
    boat, ship, cake = (next(iter(embedder.run(text=t).values())) for t in ("a boat", "a ship at sea", "a cake"))
    near, far = (sum(a * b for a, b in zip(boat, other, strict=True)) for other in (ship, cake))
    assert near > far


def test_a_world_paints_large_where_its_painter_is_the_large_one() -> None:
    wish, ordered = "a norse fishing village in winter", {"prompt": "a fox in the snow", "seed": 4}
    world = ygg.World.from_template("storytelling", wish=wish, painter="illustrate-large")
    with standing(Here()) as place:
        made = world.stages["creator"].body.run(plan={"scene": {"tool": "paint", "arguments": ordered}}).artifacts
        large = read_picture(place.artifacts.get(made["scene"]["sha256"]))
    small = ygg.load("illustrate").run(**ordered).image
    assert (small.size, large.size) == ((64, 64), (256, 256))
    assert large.tobytes() == ygg.load("upscaler").run(image=small).image.tobytes()
    seer = ygg.load("seer")
    assert seer.run(image=large).text == seer.run(image=small).text == "A fox in the snow by day."


class Spoken(Block, type="test_audit/spoken"):
    """Plan that one sentence is read aloud."""

    def forward(self, intent: Json) -> Json:
        return {"voice": {"tool": "voice", "arguments": {"text": "Olaf found a boat.", "seed": 1}}}


def test_a_second_modality_flows_through_the_same_world(tmp_path: Path) -> None:
    world = scripted(tools={"voice": ygg.load("voice")}, architect=Spoken(), author=ygg.Graph("a").add(Say(), "say"))
    step = world.step()
    entry = step.artifacts["voice"]
    assert entry["media_type"] == "audio/wav" and step.pictures == [] and step.status == "whole"
    rate, samples = wavfile.read(io.BytesIO(world.artifacts.get(entry["sha256"])))
    assert rate == 24000 and len(samples) > 12_000
    assert "audio/wav" in step.perception["voice"]["text"]
    world.replay()


class Say(Block, type="test_audit/say_seen"):
    """Tell what was perceived."""

    def forward(self, perception: Json) -> Json:
        return {"text": " ".join(look["text"] for look in perception.values())}


def test_the_command_reads_a_text_into_a_wav(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from yggdrasil.cli import main; main()", "run", "voice"]
    done = subprocess.run(
        [*command, "text=Olaf found a boat.", "-o", "a.wav", "--json"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (shown,) = json.loads(done.stdout).values()
    assert shown["media_type"] == "audio/wav"
    assert wavfile.read(tmp_path / "a.wav")[0] == 24000
