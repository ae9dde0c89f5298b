"""`run`: what goes in is checked with words that help, what comes out goes where the user says and nowhere else."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np
import pytest
from PIL import Image as Pictures

from tests.cli.command import ygg
from yggdrasil.cli import block_commands, results, targets
from yggdrasil.contract import Block
from yggdrasil.contract.clips import AudioClip
from yggdrasil.ports import Audio, Depth, Image, Json, Latent, Text


class Seen(TypedDict):
    text: Text
    labels: Json


class Pair(TypedDict):
    first: Image
    second: Image


class Paint(Block, type="test_results/paint"):
    """Paint one colour."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        return Pictures.new("RGB", (4, 4), (seed, 0, 0))


class Two(Block, type="test_results/two"):
    """Paint two pictures."""

    def forward(self, prompt: Text) -> Pair:
        return {"first": Pictures.new("RGB", (4, 4)), "second": Pictures.new("RGB", (4, 4))}


class See(Block, type="test_results/see"):
    """Say how wide a picture is."""

    def forward(self, image: Image) -> Seen:
        return {"text": f"{image.width} wide", "labels": {"wide": image.width}}


class Say(Block, type="test_results/say"):
    """Say it loudly."""

    def forward(self, text: Text) -> Text:
        return f"{text}!"


class Count(Block, type="test_results/count"):
    """Count letters."""

    def forward(self, text: Text) -> Json:
        return {"letters": len(text)}


class Answered(TypedDict):
    response: Text
    result: Json
    status: Json


class Talker(Block, type="test_results/talker", role="Agent"):
    """Answer."""

    def forward(self, prompt: Text) -> Answered:
        limit = {"state": "limit_reached", "kind": "tokens", "limit": 9} if prompt == "long" else {"state": "done"}
        return {"response": f"to {prompt}", "result": {"text": "raw"}, "status": limit}


class Speak(Block, type="test_results/speak"):
    """Hum."""

    def forward(self, text: Text) -> Audio:
        return AudioClip(np.zeros((1, 8), np.float32), 8000)


class Noise(Block, type="test_results/noise"):
    """Draw numbers."""

    def forward(self, seed: int = 0) -> Latent:
        return cast(Any, np.full((2, 2), seed, np.float32))


class Far(Block, type="test_results/far"):
    """Say how far everything is, in metres."""

    def forward(self, prompt: Text) -> Depth:
        return Pictures.new("F", (4, 4), 1.5)


class Sum(Block, type="test_results/sum"):
    """Add the numbers of a latent."""

    def forward(self, latent: Latent) -> Json:
        return float(latent.sum())


BLOCKS = {
    "speak": Speak, "noise": Noise, "far": Far, "sum": Sum, "paint": Paint,
    "two": Two, "see": See, "say": Say, "count": Count, "talker": Talker,
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, and a shelf of the blocks above."""
    monkeypatch.chdir(tmp_path)
    for module in (block_commands, targets):
        monkeypatch.setattr(module, "open_block", lambda what: BLOCKS[what]())
    return tmp_path


def test_nothing_is_overwritten_unasked(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for expected in ("image.png", "image-2.png", "image-3.png"):
        assert ygg(monkeypatch, "run", "paint", "prompt=x") == 0
        assert capsys.readouterr().out == f"{expected}\n"
    assert ygg(monkeypatch, "run", "paint", "prompt=x", "-o", "image.png", "seed=9") == 0
    assert Pictures.open("image.png").getpixel((0, 0)) == (9, 0, 0)
    assert Pictures.open("image-2.png").getpixel((0, 0)) == (0, 0, 0)


def test_a_lone_output_goes_into_the_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ygg(monkeypatch, "run", "say", "text=ура", "-o", "said.txt") == 0
    assert (here / "said.txt").read_text("utf-8") == "ура!"
    assert ygg(monkeypatch, "run", "count", "text=abc", "-o", "n.json") == 0
    assert json.loads((here / "n.json").read_text()) == {"letters": 3}
    assert ygg(monkeypatch, "run", "talker", "prompt=you", "-o", "answer.txt") == 0
    assert (here / "answer.txt").read_text() == "to you"


def test_a_picture_that_png_does_not_hold_goes_to_a_file_whose_name_says_what_it_is(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "run", "far", "prompt=x", "-o", "far.png") == 0
    assert capsys.readouterr().out == "far.tiff\n"
    assert Pictures.open("far.tiff").getpixel((0, 0)) == 1.5
    assert not (here / "far.png").exists()


def test_a_tensor_may_be_an_array_and_its_file_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ygg(monkeypatch, "run", "noise", "seed=3", "-o", "noise.npy") == 0
    assert np.load("noise.npy").tolist() == [[3.0, 3.0], [3.0, 3.0]]


@pytest.mark.parametrize("out", ["all/", "there"])
def test_a_folder_takes_each_output(
    out: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "there").mkdir()
    assert ygg(monkeypatch, "run", "paint", "prompt=x", "-o", "in.png") == 0
    assert ygg(monkeypatch, "run", "see", "image=@in.png", "-o", out) == 0
    assert sorted(p.name for p in (here / out).iterdir()) == ["labels.json", "text.txt"]
    assert f"text: {Path(out)}/text.txt" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("what", "given", "out", "told"),
    [
        ("two", "prompt=x", "a.png", "one file cannot hold first, second. end it in a slash: -o a.png/"),
        ("see", "image=@in.png", "a.txt", "one file cannot hold text, labels"),
        ("paint", "prompt=x", "nowhere/a.png", "-o nowhere: there is no such folder"),
        ("paint", "prompt=x", "a.jpg", "from which the same value comes back. name it a.png or a.tiff"),
        ("speak", "text=x", "voice.mp3", "audio is written as .wav"),
        ("noise", "seed=1", "noise.pt", "latent is written as .safetensors or .npy"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_before_the_run(
    what: str, given: str, out: str, told: str, here: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    Pictures.new("RGB", (4, 4)).save("in.png")

    def never(self: Block, **_: object) -> None:
        raise AssertionError("it ran")

    monkeypatch.setattr(BLOCKS[what], "run", never)
    assert ygg(monkeypatch, "run", what, given, "-o", out) == 1
    assert told in capsys.readouterr().err
    assert [p.name for p in here.iterdir()] == ["in.png"]


@pytest.mark.parametrize(
    ("what", "given", "told"),
    [
        ("see", "image=@inn.png", "image=@inn.png: there is no such file. did you mean @in.png?"),
        ("see", "image=@zzz", "image=@zzz: there is no such file. check the path"),
        ("see", "image=in.png", "image: takes a picture from a file. write image=@in.png"),
        ("see", "image=a fox", "image: takes a picture from a file. write image=@FILE"),
        ("paint", "promt=a fox", "there is no input 'promt'. did you mean 'prompt'?"),
        ("paint", "a fox", "'a fox' names no input. write NAME=VALUE, e.g. prompt='a fox'"),
        ("say", "text=@in.png", "text=@in.png: is not UTF-8 text"),
        ("say", "text=@.", "cannot be read (Is a directory)"),
    ],
)
def test_an_input_that_does_not_fit_is_told_in_words(
    what: str, given: str, told: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Pictures.new("RGB", (4, 4)).save("in.png")
    assert ygg(monkeypatch, "run", what, given) == 1
    err = capsys.readouterr().err
    assert told in err and "Errno" not in err


def test_an_agents_answer_is_what_is_printed(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "run", "talker", "prompt=you") == 0
    assert capsys.readouterr().out == "to you\n"
    assert ygg(monkeypatch, "run", "talker", "prompt=long") == 0
    captured = capsys.readouterr()
    assert captured.out == "to long\n" and "limit_reached: tokens 9" in captured.err
    assert ygg(monkeypatch, "run", "talker", "prompt=you", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)) == {"response", "result", "status"}


def test_files_of_one_name_written_at_once_never_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = [results.Destination().keep("image", Pictures.new("RGB", (2, 2)))["path"] for _ in range(3)]
    assert made == ["image.png", "image-2.png", "image-3.png"]


class Strange(Block, type="test_results/strange"):
    """A picture under a port that a stranger named."""

    def forward(self, prompt: Text) -> Image:
        return Pictures.new("RGB", (4, 4))


@pytest.mark.parametrize("out", [None, "out/"])
@pytest.mark.parametrize("name", ["../../pwned", "/abs/x", "..", "", "a/b", "C:\\x", "nul\x00"])
def test_a_name_in_a_strangers_graph_never_leads_out_of_the_folder(
    name: str, out: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    place = results.destination(Strange(), out)
    kept = [Path(place.keep(name, Pictures.new("RGB", (4, 4)))["path"]).resolve() for _ in range(2)]
    folder = here / (out or "")
    assert len(set(kept)) == 2 and {path.parent for path in kept} == {folder.resolve()}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(kept)


def test_a_file_or_link_that_is_in_the_folder_is_left_as_it_is(tmp_path: Path) -> None:
    folder, victim = tmp_path / "out", tmp_path / "victim"
    folder.mkdir()
    (folder / "value.json").symlink_to(victim)
    (folder / "image.png").write_text("mine")
    place = results.destination(Strange(), f"{folder}/")
    assert place.keep("value", {"a": 1})["path"].endswith("value-2.json")
    assert place.keep("image", Pictures.new("RGB", (4, 4)))["path"].endswith("image-2.png")
    assert not victim.exists() and (folder / "image.png").read_text() == "mine"


def test_a_text_that_begins_with_an_at_sign_is_written_with_two(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "run", "say", "text=@@midnight") == 0
    assert capsys.readouterr().out == "@midnight!\n"
    assert ygg(monkeypatch, "run", "say", "text=@midnight") == 1
    assert "text=@@midnight" in capsys.readouterr().err


def test_a_dash_gives_the_output_alone_on_standard_output(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert ygg(monkeypatch, "run", "paint", "prompt=x", "seed=9", "-o", "-") == 0
    assert Pictures.open(io.BytesIO(capfdbinary.readouterr().out)).getpixel((0, 0)) == (9, 0, 0)
    assert ygg(monkeypatch, "run", "say", "text=hi", "-o", "-") == 0
    assert capfdbinary.readouterr().out == b"hi!"
    assert ygg(monkeypatch, "run", "say", "text=hi", "-o", "-", "--json") == 2
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_stream_that_the_shell_closed_leads_nowhere(here: Path, monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    monkeypatch.setattr(sys, stream, None)
    assert ygg(monkeypatch, "run", "say", "text=hi") == 0
    assert ygg(monkeypatch, "run", "say", "txt=hi") == 1
    closed = getattr(sys, stream)
    assert closed.name == os.devnull
    closed.close()


def test_an_interrupt_while_the_command_is_being_read_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        def find_spec(self, name: str, *rest: object) -> None:
            if name == "yggdrasil.cli.commands":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "yggdrasil.cli.commands", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert ygg(monkeypatch, "models", "list") == 130


def test_the_mark_at_the_beginning_of_a_text_file_is_no_part_of_the_text(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "words.txt").write_bytes(b"\xef\xbb\xbfhi")
    assert ygg(monkeypatch, "run", "say", "text=@words.txt") == 0
    assert capsys.readouterr().out == "hi!\n"


@pytest.mark.parametrize("name", ["value", "latents"])
def test_a_file_of_one_tensor_is_an_input_under_any_name(
    here: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy
    import torch
    from safetensors.torch import save_file

    save_file({name: torch.arange(6.0).reshape(2, 3)}, here / "x.safetensors")
    numpy.save(here / "x.npy", numpy.arange(6, dtype="float32").reshape(2, 3))
    for file in ("x.safetensors", "x.npy"):
        assert ygg(monkeypatch, "run", "sum", f"latent=@{file}") == 0
        assert capsys.readouterr().out == "15.0\n"
