"""`bytes` and `Path` in a signature are kinds of their own: checked, kept, given to models and along edges."""

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.cli.command import ygg as command
from yggdrasil.contract.schema import tool_schema
from yggdrasil.ports import Text
from yggdrasil.testing import ScriptedModel, calls, says

DATA = b"\xff\x00abc"


class Read(ygg.Block, type="test_bytes_and_paths/read"):
    """Read a file."""

    def forward(self, at: Path, most: int = 100) -> bytes:
        return at.read_bytes()[:most]


class Count(ygg.Block, type="test_bytes_and_paths/count"):
    """Count bytes."""

    def forward(self, data: bytes) -> int:
        return len(data)


class Above(ygg.Block, type="test_bytes_and_paths/above"):
    """Go to the folder above."""

    def forward(self, at: Path) -> Path:
        return at.parent


class Say(ygg.Block, type="test_bytes_and_paths/say"):
    """Repeat a text."""

    def forward(self, text: Text) -> Text:
        return text + "!"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(DATA)
    return path


def test_they_are_checked_as_what_they_are(file: Path) -> None:
    assert [port.kind.name for port in (*Read().inputs.values(), *Read().outputs.values())][::2] == ["text", "bytes"]
    assert Read().run(at=str(file)).value == Read().run(at=file).value == DATA  # pyright: ignore[reportArgumentType]
    assert Say().run(text=Path("/a")).text == "/a!"  # pyright: ignore[reportArgumentType]
    with pytest.raises(ygg.PortError, match=r"input 'data' was given str, not bytes\. give it bytes"):
        Count().run(data="abc")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ygg.PortError, match=r"input 'at' was given 5\..*not a valid path"):
        Above().run(at=5)  # pyright: ignore[reportArgumentType]


def test_they_flow_along_edges_from_and_to_texts_too(file: Path, tmp_path: Path) -> None:
    line = ygg.Graph("line").add(Above(), "up").add(Above(), "upper").add(Say(), "say")
    line.connect("up.value", "upper.at").connect("upper.value", "say.text").connect("say.text", "self.said")
    assert line.run(at="/a/b/c").said == "/a!"
    back = ygg.Graph("back").add(Say(), "say").add(Above(), "up").connect("say.text", "up.at")
    assert back.run(text="/a/b").value == Path("/a")
    graph = ygg.Graph("counted").add(Read(), "read", at=str(file)).add(Count(), "count")
    graph.connect("read.value", "count.data")
    loaded = ygg.load(ygg.save(graph, tmp_path / "counted"))
    assert loaded.run().value == len(DATA)
    with pytest.raises(ygg.WiringError, match="bytes"):
        ygg.Graph("wrong").add(Read(), "read").add(Say(), "say").connect("read.value", "say.text").run(at=file)


def test_a_session_keeps_bytes_and_replays_them(file: Path, tmp_path: Path) -> None:
    reading = Read().session("a", at=tmp_path / "kept")
    assert reading.run(at=str(file)).value == DATA
    assert [turn.outputs.value for turn in reading.replay()] == [DATA]
    counting = Count().session("b", at=tmp_path / "kept")
    assert counting.run(data=DATA).value == len(DATA) and counting.history[0].inputs == {"data": DATA}


def test_a_model_names_bytes_by_their_artifact_and_a_path_by_its_words(file: Path) -> None:
    assert tool_schema(Count().inputs)["properties"]["data"]["description"] == "sha256 of an artifact: its bytes"
    assert tool_schema(Above().inputs)["properties"]["at"]["type"] == "string"
    told: list[Any] = []
    turns = [calls(("1", "read", {"at": str(file)}), ("2", "above", {"at": str(file)})), says("Done.")]
    with ygg.listening(lambda event: told.append(event.data["result"]), kinds=["tool_result"]):
        ygg.Agent(ScriptedModel(turns), [Read(), Above()]).run("Look.")
    assert '"media_type": "application/octet-stream"' in told[0] and str(file.parent) in told[1]


def test_the_command_reads_and_writes_them_as_files(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, count = (str(ygg.save(block, tmp_path / block.name)) for block in (Read(), Count()))
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "run", read, f"at={file}") == 0
    assert (tmp_path / "value.bin").read_bytes() == DATA
    capsys.readouterr()
    assert command(monkeypatch, "run", count, "data=@value.bin") == 0
    assert capsys.readouterr().out.strip() == str(len(DATA))
