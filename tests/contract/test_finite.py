"""NaN is told by node and member before it is a black picture or a silent sound; what is good beside it is kept."""

from pathlib import Path
from typing import Any, TypedDict

import numpy
import pytest
import torch

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import painter
from yggdrasil.cli.block_commands import run
from yggdrasil.contract import Block
from yggdrasil.contract.artifacts import MemoryArtifacts
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.finite import NotFinite
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.ports import AnyTensor, Audio, AudioClip, Audios, Embedding, Latent

NAN, INFINITY = float("nan"), float("inf")
ASKED: dict[str, Any] = {"prompt": "a fox", "steps": 2, "seed": 3, "count": 4}


class Sounded(TypedDict):
    audio: Audio
    audios: Audios


class Rings(Block, type="test_finite/rings"):
    """Four tones, of which one may hold a number that is none."""

    bad: int = -1
    what: str = "nan"

    def forward(self, loud: float = 1.0) -> Sounded:
        audios = [AudioClip(numpy.full((1, 8), loud / (n + 1), numpy.float32), 8000) for n in range(4)]
        if self.bad >= 0:
            audios[self.bad].samples[0, 3] = float(self.what)
        return {"audio": audios[0], "audios": audios}


class Latents(Block, type="test_finite/latents"):
    """Three latents, of which the last may hold NaN."""

    bad: bool = True

    def forward(self) -> Latent:
        made = torch.ones(3, 2, 2)
        made[2, 1, 1] = NAN if self.bad else 0.0
        return made


class Embeds(Block, type="test_finite/embeds"):
    """One embedding that is infinite."""

    def forward(self) -> Embedding:
        return torch.tensor([[1.0, INFINITY]])


class Bare(Block, type="test_finite/bare"):
    """A tensor of any meaning, such as a mask with infinities."""

    def forward(self) -> AnyTensor:
        return torch.tensor([0.0, -INFINITY])


def spoiled(graph: Any, monkeypatch: pytest.MonkeyPatch, *rows: int) -> None:
    """Have the decoder's module give NaN for these pictures of a batch."""
    module = graph["codec2"].worn_module()
    decode = module.decode

    def spoilt(latent: Any, **more: Any) -> tuple[torch.Tensor]:
        pixels = decode(latent, **more)[0].clone()
        for row in rows:
            pixels[row, 0, 0, 0] = NAN
        return (pixels,)

    monkeypatch.setattr(module, "decode", spoilt)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return painter(tmp_path_factory.mktemp("painter"))


def test_n24_a_picture_that_is_none_is_named_and_the_others_are_kept(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [image.tobytes() for image in graph.run(**ASKED).images]
    graph.cache.clear()
    spoiled(graph, monkeypatch, 1)
    with pytest.raises(NotFinite, match=r"codec2: image 2 of 4 is not finite.*codec overflowed.*float32") as caught:
        graph.run(**ASKED)
    kept = caught.value.kept
    assert [image and image.tobytes() for image in kept["images"]] == [wanted[0], None, *wanted[2:]]
    assert kept["image"].tobytes() == wanted[0]


def test_n24_a_latent_that_was_spoiled_before_is_told_so(graph: Any) -> None:
    decoder = graph["codec2"]
    latent = torch.zeros(2, *graph["solver"].shape)
    latent[0] = NAN
    with pytest.raises(NotFinite, match=r"image 1 of 2 is not finite.*the latent was so before"):
        decoder.run(latent=latent)


def test_n24_a_command_writes_no_file_for_the_bad_one(
    graph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = ygg.save(graph, tmp_path / "saved")
    loaded: Any = ygg.load(saved)
    spoiled(loaded, monkeypatch, 1)
    words = [f"{name}={value}" for name, value in ASKED.items()]
    with pytest.raises(NotFinite, match="image 2 of 4"):
        run(str(saved), words, f"{tmp_path}/out/", yes=True)
    assert {"images-1.png", "images-3.png", "images-4.png"} == {path.name for path in (tmp_path / "out").glob("i*")}
    monkeypatch.undo()
    spoiled(loaded, monkeypatch, 0)
    with pytest.raises(NotFinite, match="image 1 of 1"):
        run(str(saved), [*words[:-1], "count=1"], str(tmp_path / "one.png"), yes=True)
    assert not list(tmp_path.glob("one*"))


@pytest.mark.parametrize("what", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("bad", range(4))
def test_n24_the_same_for_sounds(tmp_path: Path, bad: int, what: str) -> None:
    rings = Rings(bad=bad, what=what)
    with pytest.raises(NotFinite, match=rf"rings: audio {bad + 1} of 4 is not finite") as caught:
        rings.run()
    kept = caught.value.kept
    assert [clip is None for clip in kept["audios"]] == [number == bad for number in range(4)]
    assert (kept["audio"] is None) == (bad == 0)
    with pytest.raises(NotFinite):
        run(str(ygg.save(rings, tmp_path / "rings")), [], f"{tmp_path}/out/", yes=True)
    names = {f"audios-{number + 1}.wav" for number in range(4) if number != bad}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names


def test_n24_latents_and_embeddings_name_the_node_of_a_graph_that_made_them() -> None:
    inner = ygg.Graph("inner").add(Latents(), "makes")
    with pytest.raises(NotFinite, match=r"outer/part/makes: latent 3 of 3 is not finite") as caught:
        ygg.Graph("outer").add(inner, "part").run()
    assert [row is None for row in caught.value.kept["latent"]] == [False, False, True]
    with pytest.raises(NotFinite, match=r"g/says: embedding 1 of 1"):
        ygg.Graph("g").add(Embeds(), "says").run()
    assert ygg.Graph("g").add(Latents(bad=False), "makes").run().latent.isfinite().all()


def test_a_tensor_of_any_meaning_may_hold_infinities() -> None:
    assert Bare().run().tensor[1] == -INFINITY
    assert ygg.Graph("g").add(Bare(), "mask").run().tensor[1] == -INFINITY


def test_n24_an_encoder_tells_it_before_the_steps_are_paid(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.no_grad():
        copy = ygg.unfreeze(graph, "conditioner")
        next(iter(copy.values())).fill_(NAN)
    monkeypatch.setattr(graph["backbone"].__class__, "forward", lambda *_, **__: pytest.fail("the steps were paid"))
    with pytest.raises(NotFinite, match=r"conditioner: embedding 1 of 1 is not finite"):
        graph.run(**ASKED)


def test_n24_a_creator_that_made_it_fails_as_by_any_failed_tool() -> None:
    making = Creator({"ring": Rings(bad=1), "fine": Rings()})
    calls = {name: {"tool": name, "arguments": {}} for name in ("ring", "fine")}
    with standing(here().but(artifacts=MemoryArtifacts())):
        made = making.run(plan=calls)
    assert list(made.artifacts) == ["fine"] and made.failures["ring"]["error"] == "NotFinite"
    assert "audio 2 of 4" in made.failures["ring"]["message"]
