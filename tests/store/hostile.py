"""A corpus of hostile files: saved folders, weights, checkpoints, artifacts and names that must harm nobody."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import yaml

import yggdrasil as ygg
from tests.levels.scripted import scripted
from tests.store.hostile_logs import logs
from tests.store.hostile_weights import NAMES, Attack, artifacts, weights
from tests.store.test_save_load import Diary, Model, Tied, save
from yggdrasil.contract.artifacts import FolderArtifacts
from yggdrasil.contract.digest import digest_bytes, digest_file
from yggdrasil.contract.tensor_files import read_tensors
from yggdrasil.state.names import folder_name
from yggdrasil.store.load import load
from yggdrasil.store.model_folder import read_config

HUGE = [2**63, -(2**63), 2**200, 10**400, 1e308, -1]


def manifest(text: str | dict[str, Any]) -> Attack:
    def attack(folder: Path) -> Any:
        (folder / "m").mkdir()
        said = text if isinstance(text, str) else json.dumps(text)
        (folder / "m" / "manifest.yaml").write_bytes(said.encode("utf-8", "surrogatepass"))
        return load(folder / "m")

    return attack


def changed(change: Callable[[dict[str, Any]], Any]) -> Attack:
    """A good save of which the manifest was changed."""

    def attack(folder: Path) -> Any:
        model = Model()
        model.module = Tied()
        path = save(ygg.Graph("g").add(model, "a"), folder / "m") / "manifest.yaml"
        data = yaml.safe_load(path.read_text())
        data.pop("digests")
        change(data)
        path.write_text(json.dumps(data))
        block = load(folder / "m")
        return [
            part.run(ids=torch.tensor([1])) for part in block.children().values() if part.type_name == model.type_name
        ]

    return attack


def manifests() -> Iterator[tuple[str, Attack]]:
    head = {"format": 1, "type": "test_store/dice"}
    texts = {
        "empty": "",
        "list": "[1]",
        "alias": "a: &a [1]\nb: *a",
        "bomb": "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]",
        "python": "format: !!python/object/apply:os._exit [66]",
        "tag": "format: 1\nx: !!binary aGk=",
        "deep list": "format: 1\nx: " + "[" * 20000,
        "deep flow": "format: 1\nx: " + "{a: " * 3000 + "1" + "}" * 3000,
        "digits": "format: 1" + "0" * 10000,
        "date": "format: 1\nconfig: {sides: 2026-99-99}",
        "nan": "format: .nan",
        "set": "format: 1\nconfig: !!set {a}",
        "key list": "format: 1\n? [1]\n: 2",
        "twice": "format: 1\nformat: 1",
        "nul": "format: 1\nname: 'a\0b'",
        "surrogate": "format: 1\nname: \udcff",
        "huge format": f"format: {2**80}",
        "bool format": "format: true",
        "merge": "format: 1\n<<: {type: x}",
        "tabs": "\t\t:\t",
        "bom": "\ufefffo: 1",
    }
    yield from ((f"manifest {name}", manifest(text)) for name, text in texts.items())
    for ref in (
        "shelf:../../etc",
        "shelf:/etc",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "#x",
        "shelf:" + "a" * 9000,
    ):
        yield f"ref {ref[:20]}", manifest({"format": 1, "kind": "graph", "type": "graph", "nodes": {"a": {"ref": ref}}})
    for number in HUGE:
        yield f"config {number!s:.20}", manifest({**head, "config": {"sides": number}})
    for name in ("os:system", "builtins.eval", "../x", "yggdrasil.levels.world.world:World", "torch/load", "foo::bar"):
        yield f"type {name}", manifest({"format": 1, "type": name})
    for structure in ({"edges": 7}, {"edges": [["a", "b"]]}, {"edges": ["a.x -> a.y"] * 3}, {"loops": [[]]}, {"x": []}):
        yield (
            f"structure {structure!s:.30}",
            manifest({"format": 1, "kind": "graph", "type": "graph", "structure": structure}),
        )
    for path in NAMES:
        yield f"file {path[:20]!r}", changed(lambda d, p=path: d["nodes"]["a"]["files"]["weights"].update(path=p))
    for key in ("auto_map", "trust_remote_code", "custom_pipelines"):
        yield f"config key {key}", config({key: {"AutoModel": "x.Y"}, "model_type": "llama"})
    yield "config deep", config("[" * 100_000)
    yield "config list", config("[]")
    yield "source", changed(lambda d: d["nodes"]["a"]["files"]["weights"].update(path=None, source="../../x#../y"))


def config(said: Any) -> Attack:
    def attack(folder: Path) -> Any:
        (folder / "config.json").write_text(said if isinstance(said, str) else json.dumps(said))
        return read_config(folder / "config.json")

    return attack


def special(folder: Path, name: str, kind: str) -> Path:
    """A path that is no plain file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path)
        case _:
            path.symlink_to({"zero": "/dev/zero", "passwd": "/etc/passwd", "outside": "../../victim.txt"}[kind])
    return path


def specials() -> Iterator[tuple[str, Attack]]:
    for kind in ("fifo", "folder", "loop", "zero", "passwd"):
        yield f"manifest is {kind}", lambda f, k=kind: load(special(f, "m/manifest.yaml", k).parent)
        yield f"weights are {kind}", lambda f, k=kind: read_tensors(special(f, "w.safetensors", k))
        yield f"artifact is {kind}", lambda f, k=kind: _artifact_link(f, k)
        for name in ("world.db", "world.lock", "artifacts", "cursor.db-wal", "world.db-wal"):
            yield f"{name} is {kind}", lambda f, k=kind, n=name: _lived(f, n, k)
    for name in ("world.db", "world.lock", "world.lock.turn", "world.db-wal", "artifacts", "cursor.db", "artifacts/00"):
        yield f"{name} leads outside", lambda f, n=name: _lived(f, n, "outside")


def _artifact_link(folder: Path, kind: str) -> Any:
    sha = "ab" * 32
    special(folder, f"artifacts/ab/{sha}.png", kind)
    return FolderArtifacts(folder / "artifacts").get(sha)


def _lived(folder: Path, name: str, kind: str) -> Any:
    special(folder, f"w/{name}", kind)
    world = scripted(folder / "w", wait=0.1)
    try:
        return world.step()
    finally:
        world.close()


def lives() -> Iterator[tuple[str, Attack]]:
    for said in (
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"diary": 7}',
        '{"diary": {"a": 1e999}}',
        '{"../x": []}',
        '{"diary": null}',
    ):
        yield f"life {said[:20]}", lambda folder, s=said: _life(folder, s)


def _life(folder: Path, said: str) -> Any:
    graph = ygg.Graph("g").add(Diary(), "diary")
    graph.run(text="x")
    home = save(graph, folder / "g")
    (path,) = home.glob("life*")
    path.write_text(said)
    path.rename(home / f"life-{digest_file(path)[:16]}.json")
    text = (home / "manifest.yaml").read_text()
    old = yaml.safe_load(text)["digests"]["life"]
    (home / "manifest.yaml").write_text(text.replace(old, digest_bytes(said.encode())))
    return load(home).run(text="y")


def names() -> Iterator[tuple[str, Attack]]:
    for name in NAMES:
        yield f"world name {name[:20]!r}", lambda folder, n=name: (folder / folder_name(n)).mkdir()
        yield f"load {name[:20]!r}", lambda folder, n=name: load(n or "x")
        yield f"save as {name[:20]!r}", lambda folder, n=name: save(Diary(), folder / "in" / folder_name(n))


def corpus() -> dict[str, Attack]:
    """Every attack by its name."""
    found: dict[str, Attack] = {}
    for attacks in (manifests(), specials(), weights(), artifacts(), logs(), lives(), names()):
        found.update(attacks)
    return found
