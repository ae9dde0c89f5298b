"""Sound, video, tensors and a stranger's kind go all the ways of a picture: tool, artifact, file, journal, cache.

Each way is a function that makes the value where `maker` makes it and gives back what stands at its end.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from tests.agent.scripted import Scripted, says
from tests.agent.scripted import calls as asks
from tests.cli.command import ygg
from tests.contract.mesh import CUBE, MeshPort, known_mesh
from tests.contract.test_values import film, sound
from tests.levels.scripted import scripted
from yggdrasil import Graph, load, save
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.ask import ask
from yggdrasil.cli import block_commands
from yggdrasil.contract import Block, Here, MemoryArtifacts, Paused, standing, values
from yggdrasil.contract.kinds import AudioClip, VideoClip
from yggdrasil.contract.tools import Tool
from yggdrasil.levels.round_journal import record, recorded
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.philosopher import Philosopher
from yggdrasil.levels.world.world import World
from yggdrasil.ports import AnyTensor, Audio, Json, Text, Video

CLIP, FILM, NUMBERS = sound(), film(), torch.arange(6, dtype=torch.float32).reshape(2, 3)
MADE: list[str] = []
"""Who made something, in order."""
HEARD: list[Any] = []
"""What `Hear` was given, in order."""


@pytest.fixture(autouse=True)
def mesh() -> Iterator[None]:
    MADE.clear()
    HEARD.clear()
    with known_mesh():
        yield


class Voice(Block, type="test_every/voice", role="Tool"):
    """Say it."""

    pure: ClassVar[bool] = True

    def forward(self) -> Audio:
        MADE.append("audio")
        return CLIP


class Film(Block, type="test_every/film", role="Tool"):
    """Film it."""

    pure: ClassVar[bool] = True

    def forward(self) -> Video:
        MADE.append("video")
        return FILM


class Numbers(Block, type="test_every/numbers", role="Tool"):
    """Count it."""

    pure: ClassVar[bool] = True

    def forward(self) -> torch.Tensor:
        MADE.append("tensor")
        return NUMBERS


class Sculpt(Block, type="test_every/sculpt", role="Tool"):
    """Sculpt it."""

    pure: ClassVar[bool] = True

    def forward(self) -> MeshPort:
        MADE.append("mesh")
        return CUBE


class Hear(Block, type="test_every/hear", role="Tool"):
    """Take what is given, and say what it is."""

    careful: bool = False

    def forward(
        self,
        audio: Audio | None = None,
        video: Video | None = None,
        tensor: AnyTensor | None = None,
        mesh: MeshPort = None,
    ) -> Text:
        given = next(v for v in (audio, video, tensor, mesh) if v is not None)
        if self.careful:
            ask("Is it loud?")
        HEARD.append(given)
        return values.digest(given)


class Both(Block, type="test_every/both"):
    """Plan one call that makes and one that hears."""

    port: str = "audio"

    def forward(self, intent: Json) -> Json:
        return {"a": {"tool": "make", "arguments": {}}, "b": {"tool": "hear", "arguments": {self.port: "a"}}}


class Tells(Block, type="test_every/tells"):
    """Tell what was perceived."""

    def forward(self, perception: Json) -> Text:
        return str(sorted(perception))


def tool_of_an_agent(maker: type[Block], port: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One tool makes it; the agent hands the sha that it was told to another."""
    sha = values.store(maker().run()[port], MemoryArtifacts())["sha256"]
    llm = Scripted([asks(("a", "Make", {})), asks(("b", "Hear", {port: sha})), says("done")])
    with standing(Here(artifacts=MemoryArtifacts())):
        Agent(llm, {"Make": maker(), "Hear": Hear()}).run(prompt="make it")
    told = [m["content"] for m in llm.seen[-1]["messages"] if m["role"] == "tool"]
    assert json.loads(told[0])[port]["sha256"] == sha and told[1] == values.digest(HEARD[0])
    return HEARD[0]


def artifact_of_a_creator(maker: type[Block], port: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The Creator keeps it, and hands it to the next slot."""
    store = MemoryArtifacts()
    with standing(Here(artifacts=store)):
        made = Creator({"make": maker(), "hear": Hear()}).run(plan=Both(port=port).run(intent={}).value)
    assert made.failures == {} and made.artifacts["b"]["text"] == values.digest(HEARD[0])
    kept = made.artifacts["a"]
    return values.decode(store.get(kept["sha256"]), kept["media_type"])


def file_of_the_command(maker: type[Block], port: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`ygg run … -o FILE`, and `NAME=@FILE` of another run."""
    monkeypatch.setattr(block_commands, "open_block", lambda what: {"make": maker, "hear": Hear}[what]())
    assert ygg(monkeypatch, "run", "make", "-o", str(folder / "made")) == 0
    assert ygg(monkeypatch, "run", "hear", f"{port}=@{folder / 'made'}") == 0
    return HEARD[0]


def journal_and_replay(maker: type[Block], port: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A world that stops between two slots: what the first made is read from the journal, and again in a replay."""
    creator = Creator({"make": maker(), "hear": Hear(careful=True)})
    world = scripted(folder / "w", architect=Both(port=port), creator=creator, author=Tells())
    with pytest.raises(Paused, match="loud"):
        world.step()
    save(world, folder / "w")
    world.close()
    again = load(folder / "w")
    assert isinstance(again, World)
    again.answer(again.questions()[-1]["id"], "yes")
    step = again.step()
    assert [port] == MADE and step.artifacts["b"]["text"] == values.digest(HEARD[0])
    assert [s.artifacts for s in again.replay().steps] == [step.artifacts] and [port] == MADE
    return HEARD[0]


def cache_of_a_graph(maker: type[Block], port: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The second run is answered from the cache of the graph."""
    graph = Graph("g").add(maker(), "make")
    graph.run()
    found = graph.run()[port]
    assert [port] == MADE
    return found


WAYS = [tool_of_an_agent, artifact_of_a_creator, file_of_the_command, journal_and_replay, cache_of_a_graph]
KINDS: list[tuple[type[Block], str, Any]] = [
    (Voice, "audio", CLIP), (Film, "video", FILM), (Numbers, "tensor", NUMBERS), (Sculpt, "mesh", CUBE)
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("maker", "port", "value"), KINDS, ids=[port for _, port, _ in KINDS])
def test_every_kind_goes_every_way_and_its_bytes_stay_equal(
    way: Callable[..., Any], maker: type[Block], port: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    come = way(maker, port, tmp_path, monkeypatch)
    assert type(come) is type(value) and values.encode(come) == values.encode(value)


@pytest.mark.parametrize("value", [value for _, _, value in KINDS], ids=[port for _, port, _ in KINDS])
def test_every_kind_in_a_loops_round_is_recorded_and_comes_back_equal(value: Any) -> None:
    store = MemoryArtifacts()
    written = json.loads(json.dumps(record({"x": value}, store)))
    assert values.encode(recorded(written, store)["x"]) == values.encode(value)


def test_a_philosopher_with_a_port_for_sound_hears_what_others_pass_by() -> None:
    class Ear(Block):
        def forward(self, audio: Audio) -> Text:
            return f"{audio.rate} Hz"

    store = MemoryArtifacts()
    with standing(Here(artifacts=store)):
        slots = {"voice": values.store(CLIP, store), "cube": values.store(CUBE, store)}
        seen = Philosopher(Ear()).run(artifacts=slots).perception
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
