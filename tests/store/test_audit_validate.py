"""Every kind of wrong save is refused by `load` and by `yggdrasil validate` alike: what, where, how to mend it."""

from __future__ import annotations

import json
import pickle
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import nn

import yggdrasil as ygg
from tests.levels.scripted import scripted
from yggdrasil.cli import main
from yggdrasil.contract import Block, YggError
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.manifest import FORMAT
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import AnyTensor, Text


class Shout(Block, type="test_audit_validate/shout"):
    def forward(self, text: Text) -> Text:
        return text + "!"


class Count(Block, type="test_audit_validate/count"):
    def forward(self, n: int) -> int:
        return n


class Weighty(TorchBlock, type="test_audit_validate/weighty"):
    def build(self) -> nn.Module:
        return nn.Linear(2, 2)

    def forward(self, ids: AnyTensor) -> AnyTensor:
        return ids


def graph_at(folder: Path) -> Path:
    model = Weighty()
    torch.manual_seed(1)
    model.module = nn.Linear(2, 2)
    graph = ygg.Graph("g").add(Shout(), "one").add(Shout(), "two").add(model, "model").add(Count(), "count")
    for edge in ("self.text one.text", "one.text two.text", "two.text self.text", "self.ids model.ids"):
        graph.connect(*edge.split())
    graph.connect("model.tensor", "self.out").connect("self.n", "count.n").connect("count.value", "self.n")
    return ygg.save(graph, folder)


def manifest(edit: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "manifest.yaml"
        data = yaml.safe_load(path.read_text())
        edit(data)
        path.write_text(yaml.safe_dump(data))

    return change


def edges(old: str, *new: str) -> Callable[[Path], None]:
    def edit(data: dict[str, Any]) -> None:
        kept = [e for e in data["structure"]["edges"] if e != old]
        assert len(kept) == len(data["structure"]["edges"]) - 1
        data["structure"]["edges"] = [*kept, *new]

    return manifest(edit)


def weights_of(folder: Path) -> Path:
    return next((folder / "weights").iterdir())


def flipped(folder: Path) -> None:
    data = bytearray(weights_of(folder).read_bytes())
    data[-1] ^= 1
    weights_of(folder).write_bytes(bytes(data))


def other_weights(folder: Path) -> None:
    """Other weights under their right hash: the file fits, but it is not what was saved."""
    flipped(folder)
    sha = digest_file(weights_of(folder))
    manifest(lambda d: d["nodes"]["model"]["files"]["weights"].update(sha256=sha))(folder)


def pickled(folder: Path) -> None:
    path = folder / "weights" / "m.bin"
    path.write_bytes(pickle.dumps(["harmless"]))
    entry = {"sha256": digest_file(path), "path": "weights/m.bin"}
    manifest(lambda d: d["nodes"]["model"].update(files={"weights": entry}))(folder)


WRONG: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "no manifest": (lambda f: (f / "manifest.yaml").unlink(), ["there is no manifest", "a folder with manifest.yaml"]),
    "no yaml": (lambda f: (f / "manifest.yaml").write_text("{a: [", "utf-8"), ["is not YAML", "mend the line"]),
    "no mapping": (lambda f: (f / "manifest.yaml").write_text("- a"), ["is not a mapping", "format: "]),
    "unknown key": (manifest(lambda d: d.update(colour=1)), ["colour", "an unknown key is refused"]),
    "wrong kind": (manifest(lambda d: d.update(kind="stage")), ["is a graph, not a stage", "write `kind: graph`"]),
    "newer format": (manifest(lambda d: d.update(format=9)), [f"format 9, this version reads up to {FORMAT}", "newer"]),
    "unknown type": (
        manifest(lambda d: d["nodes"]["one"].update(type="test_audit_validate/shuot")),
        ["no type 'test_audit_validate/shuot'", "one", "did you mean 'test_audit_validate/shout'"],
    ),
    "unknown setting": (
        manifest(lambda d: d["nodes"]["one"].update(config={"loud": 1})), ["one", "no setting 'loud'"]
    ),
    "no such node": (
        edges("one.text -> two.text", "oen.text -> two.text"), ["no node 'oen'", "did you mean 'one'"]
    ),
    "no such port": (
        edges("one.text -> two.text", "one.txt -> two.text"), ["no output 'txt'", "did you mean 'text'"]
    ),
    "unlike kinds": (
        edges("one.text -> two.text", "one.text -> two.text", "self.n -> two.text"), ["two.text", "self.n"]
    ),
    "mistyped edge": (
        edges("self.n -> count.n", "one.text -> count.n"),
        ["one.text gives text, count.n takes integer", "put a block between"],
    ),
    "missing edge": (edges("one.text -> two.text"), ["two.text (text) has no edge", "add an edge"]),
    "undeclared cycle": (
        edges("self.text -> one.text", "two.text -> one.text"), ["cycle", "one", "two", "loop"]
    ),
    "wrong hash": (flipped, ["model", "has sha256", "the manifest says", "restore the file"]),
    "other weights": (other_weights, ["the weights are", "`digests` says", "take `digests` out"]),
    "lost weights": (lambda f: weights_of(f).unlink(), ["model", "is not there", "put it back"]),
    "pickle": (pickled, ["m.bin", "not allowed", ".safetensors"]),
}  # fmt: skip


def validate(folder: Path, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    monkeypatch.setattr(sys, "argv", ["yggdrasil", "validate", str(folder), *flags])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", list(WRONG))
def test_each_wrong_save_is_one_error_that_teaches(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = graph_at(tmp_path / "g")
    assert validate(folder, monkeypatch, "--json") == 0
    assert json.loads(capsys.readouterr().out)["valid"] is True
    spoil, told = WRONG[name]
    spoil(folder)
    with pytest.raises(YggError) as caught:
        ygg.load(folder)
    assert caught.value.what and caught.value.mend
    assert str(folder) in caught.value.where
    assert all(word in str(caught.value) for word in told), str(caught.value)
    assert validate(folder, monkeypatch, "--json") == 1
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["type"] == type(caught.value).__name__ and error["mend"] == caught.value.mend
    assert all(word in captured.err for word in told) and "Traceback" not in captured.err
    assert captured.err.count("\n") == 1


def world_at(folder: Path) -> Path:
    world = scripted()
    world.step()
    ygg.save(world, folder)
    world.close()
    return folder


def sql(statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        database = sqlite3.connect(folder / "world.db")
        database.execute(statement)
        database.commit()
        database.close()

    return change


def picture(folder: Path) -> Path:
    return next((folder / "artifacts").glob("??/*.png"))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (sql("PRAGMA user_version=99"), "format 99, this version reads up to"),
        (sql("UPDATE stages SET output = '{\"text\":\"lie\"}' WHERE name = 'author' AND block != ''"), "the log says"),
        (lambda f: picture(f).write_bytes(b"x"), "have changed on disk"),
        (lambda f: picture(f).unlink(), "is not there"),
        (lambda f: (f / "world.db").write_bytes(b"nonsense" * 999), "cannot be read as a log"),
    ],
)  # fmt: skip
def test_validate_looks_into_the_life_of_a_world(
    spoil: Any, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = world_at(tmp_path / "w")
    assert validate(folder, monkeypatch, "--json") == 0
    assert json.loads(capsys.readouterr().out)["branches"] == {"main": 1}
    for left in folder.glob("world.db-*"):
        left.unlink()
    spoil(folder)
    assert validate(folder, monkeypatch) == 1
    captured = capsys.readouterr()
    assert told in captured.err and captured.out == ""
