"""Sound, video, tensors and a stranger's kind go all the ways of a picture: tool, artifact, file, journal, cache."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.agent.scripted import Scripted, calls, says
from tests.contract.mesh import CUBE, MeshPort, known_mesh
from tests.contract.test_values import film, sound
from yggdrasil.agent.agent import Agent
from yggdrasil.cli.results import Keeping
from yggdrasil.contract import Block, Here, MemoryArtifacts, standing, values
from yggdrasil.contract.kinds import AudioClip, VideoClip
from yggdrasil.contract.tools import Tool
from yggdrasil.engine.flow.cache import Cache
from yggdrasil.levels.recording import record, recorded
from yggdrasil.levels.stage.creator import Making
from yggdrasil.levels.stage.philosopher import Looking
from yggdrasil.ports import AnyTensor, Audio, Text, Video

CLIP, FILM, NUMBERS = sound(), film(), torch.arange(6, dtype=torch.float32).reshape(2, 3)


@pytest.fixture(autouse=True)
def mesh() -> Iterator[None]:
    with known_mesh():
        yield


class Voice(Block, role="Tool"):
    """Say it."""

    def forward(self) -> Audio:
        return CLIP


class Film(Block, role="Tool"):
    """Film it."""

    def forward(self) -> Video:
        return FILM


class Numbers(Block, role="Tool"):
    """Count it."""

    def forward(self) -> torch.Tensor:
        return NUMBERS


class Sculpt(Block, role="Tool"):
    """Sculpt it."""

    def forward(self) -> MeshPort:
        return CUBE


class Hear(Block, role="Tool"):
    """Say what is given."""

    def forward(
        self,
        audio: Audio | None = None,
        video: Video | None = None,
        tensor: AnyTensor | None = None,
        mesh: MeshPort = None,
    ) -> Text:
        given = next(v for v in (audio, video, tensor, mesh) if v is not None)
        return values.digest(given)


MADE: list[tuple[type[Block], str, Any]] = [
    (Voice, "audio", CLIP), (Film, "video", FILM), (Numbers, "tensor", NUMBERS), (Sculpt, "mesh", CUBE)
]  # fmt: skip
each = pytest.mark.parametrize(("maker", "port", "value"), MADE)


@each
def test_an_agent_gets_it_from_one_tool_and_gives_it_to_another(maker: type[Block], port: str, value: Any) -> None:
    store = MemoryArtifacts()
    sha = store.put(*values.encode(value)).sha256
    turns = [calls(("a", "Make", {})), calls(("b", "Hear", {port: sha})), says("done")]
    llm = Scripted(turns)
    with standing(Here(artifacts=store)):
        Agent(llm, {"Make": maker(), "Hear": Hear()}).run(prompt="make it")
    told = [m["content"] for m in llm.seen[-1]["messages"] if m["role"] == "tool"]
    assert json.loads(told[0])[port]["sha256"] == sha and told[1] == values.digest(value)


@each
def test_a_creator_keeps_it_and_hands_it_to_the_next_slot(maker: type[Block], port: str, value: Any) -> None:
    plan = {"a": {"tool": "make", "arguments": {}}, "b": {"tool": "hear", "arguments": {port: "a"}}}
    store = MemoryArtifacts()
    with standing(Here(artifacts=store)):
        made = Making({"make": maker(), "hear": Hear()}).run(plan=plan)
    assert made.failures == {} and made.artifacts["b"]["text"] == values.digest(value)
    kept = made.artifacts["a"]
    assert values.digest(values.decode(store.get(kept["sha256"]), kept["media_type"])) == values.digest(value)


@each
def test_the_journal_the_cache_and_a_file_give_back_the_same(
    maker: type[Block], port: str, value: Any, tmp_path: Path
) -> None:
    store, before = MemoryArtifacts(), values.digest(value)
    written = json.loads(json.dumps(record({port: value}, store)))
    assert values.digest(recorded(written, store)[port]) == before
    cache = Cache()
    cache.put("key", {port: value})
    assert values.digest(cache.get("key")[port]) == before
    told = Keeping(folder=tmp_path).keep(port, value)
    data = Path(told["path"]).read_bytes()
    assert values.digest(values.decode(data, told["media_type"])) == before and Path(told["path"]).suffix != ".bin"


def test_a_philosopher_with_a_port_for_sound_hears_what_others_pass_by() -> None:
    class Ear(Block):
        def forward(self, audio: Audio) -> Text:
            return f"{audio.rate} Hz"

    store = MemoryArtifacts()
    with standing(Here(artifacts=store)):
        slots = {"voice": values.store(CLIP, store), "cube": values.store(CUBE, store)}
        seen = Looking(Ear()).run(artifacts=slots).perception
    assert seen["voice"]["text"] == "44100 Hz" and "model/x-test-mesh" in seen["cube"]["text"]


def test_classes_in_a_signature_are_the_ports_of_their_kind() -> None:
    class Plain(Block):
        def forward(self, x: torch.Tensor, clip: AudioClip, film: VideoClip | None = None) -> torch.Tensor:
            return x

    block = Plain()
    assert [p.kind.name for p in block.inputs.values()] == ["tensor", "audio", "video"]
    assert list(block.outputs) == ["tensor"] and block.run(x=NUMBERS, clip=CLIP).tensor is NUMBERS
    tool = Tool("plain", "plain", block)
    with standing(Here()):
        assert tool.arguments({"x": [[1, 2], [3, 4]]})["x"].shape == (2, 2)
