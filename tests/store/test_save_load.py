"""Save, a new process, load, run: the same bytes at each level; references, hashes and life are kept apart."""

import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
import yaml
from torch import nn

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import VAE, painter, seeded
from yggdrasil.blocks.codec.vae import ImageDecoder
from yggdrasil.contract import Block, FileRef, ManifestError, NotStored, UnknownType, WeightsError, YggError, here
from yggdrasil.contract.artifacts import write_durably
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.manifest import Manifest, read_manifest
from yggdrasil.contract.session import SessionError, own_session
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import AnyTensor, Json, Text
from yggdrasil.store import shelf
from yggdrasil.store.load import load
from yggdrasil.store.save import save


class Dice(Block, type="test_store/dice"):
    sides: int = 6

    def forward(self) -> int:
        return here().seed % self.sides


class Diary(Block, type="test_store/diary"):
    remembers: ClassVar[bool] = True

    def forward(self, text: Text) -> Json:
        lines = [*(here().memory(list) or []), text]
        here().remember(lines)
        return lines


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(8, 4)
        self.head = nn.Linear(4, 8, bias=False)
        self.head.weight = self.emb.weight


class Model(TorchBlock, type="test_store/model"):
    def build(self) -> nn.Module:
        return Tied()

    def forward(self, ids: AnyTensor) -> AnyTensor:
        return self.module.head(self.module.emb(ids))  # type: ignore[operator]


IN_ANOTHER_PROCESS = """
import hashlib, sys
import torch
import yggdrasil as ygg
latent = torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8)
for path in sys.argv[1:]:
    block = ygg.load(path)
    if block.kind == "block":
        image = block.run(latent=latent).image
    else:
        image = block.run(prompt="a fox in snow", seed=5, steps=2).image
    print(hashlib.sha256(image.tobytes()).hexdigest())
"""


def elsewhere(*paths: Path) -> list[str]:
    """The sha256 of what each saved block paints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, *map(str, paths)],
        capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return done.stdout.split()


def sha(image: Any) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def test_the_same_bytes_in_a_new_process_at_block_graph_and_pipeline(tmp_path: Path) -> None:
    decoder, graph = seeded(ImageDecoder(arch=VAE)), painter(tmp_path)
    pipeline = ygg.Pipeline("two").add(graph, "paint")
    latent = torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8)
    asked = {"prompt": "a fox in snow", "seed": 5, "steps": 2}
    before = [decoder.run(latent=latent).image, graph.run(**asked).image, pipeline.run(**asked).image]
    folders = [save(block, tmp_path / block.kind) for block in (decoder, graph, pipeline)]
    assert elsewhere(*folders) == [sha(image) for image in before]


def test_a_block_that_draws_from_its_place_draws_the_same_after_loading(tmp_path: Path) -> None:
    dice = Dice(sides=10**9)
    dice.name = "my dice"
    assert load(save(dice, tmp_path / "d")).run() == dice.run()


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    one, two = save(graph, tmp_path / "one"), save(graph, tmp_path / "two")
    again = save(load(one), tmp_path / "three")
    names = [sorted(p.relative_to(f).as_posix() for p in f.rglob("*") if p.is_file()) for f in (one, two, again)]
    assert names[0] == names[1] == names[2]
    for name in names[0]:
        assert (one / name).read_bytes() == (two / name).read_bytes() == (again / name).read_bytes()
    before = (one / "manifest.yaml").read_bytes()
    save(load(one), one)
    assert (one / "manifest.yaml").read_bytes() == before


def test_tied_weights_stay_tied_and_what_was_changed_is_saved(tmp_path: Path) -> None:
    model = Model()
    model.module = Tied()
    folder = save(model, tmp_path / "m")
    loaded = load(folder)
    inner: Any = loaded.module  # type: ignore[attr-defined]
    assert inner.emb.weight.data_ptr() == inner.head.weight.data_ptr()
    ids = torch.tensor([1, 2])
    assert torch.equal(loaded.run(ids=ids).tensor, model.run(ids=ids).tensor)

    with torch.no_grad():
        model.module.emb.weight.add_(1)  # type: ignore[union-attr, operator]
    again = load(save(model, folder))
    assert torch.equal(again.run(ids=ids).tensor, model.run(ids=ids).tensor)
    assert not torch.equal(again.run(ids=ids).tensor, loaded.run(ids=ids).tensor), "an earlier load stays as it was"


def test_one_model_once(tmp_path: Path) -> None:
    module = Tied()
    one, two = Model(), Model()
    one.module = two.module = module
    graph = ygg.Graph("g").add(one, "one").add(two, "two")
    graph.connect("self.ids", "one.ids").connect("self.ids", "two.ids")
    folder = save(graph, tmp_path / "g")
    assert len(list((folder / "weights").iterdir())) == 1
    nodes = load(folder).children()
    assert nodes["one"].worn_module() is nodes["two"].worn_module() is load(folder).children()["two"].worn_module()  # type: ignore[attr-defined]
    same = ygg.Graph("same").add(one, "one").add(one, "two")
    same.connect("self.ids", "one.ids").connect("self.ids", "two.ids")
    again = load(save(same, tmp_path / "same")).children()
    assert again["one"] is again["two"]


def test_life_is_apart_from_structure_and_weights(tmp_path: Path) -> None:
    graph = ygg.Graph("g").add(Diary(), "diary")
    fresh = read_manifest(save(graph, tmp_path / "a") / "manifest.yaml").digests or {}
    graph.run(text="day one")
    folder = save(graph, tmp_path / "b")
    lived = read_manifest(folder / "manifest.yaml").digests or {}
    assert "life" not in fresh and lived["life"]
    assert (fresh["structure"], fresh["weights"]) == (lived["structure"], lived["weights"])
    assert load(folder).run(text="day two").value == ["day one", "day two"]


@pytest.mark.parametrize(
    ("life", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "is no JSON object"),
        ("[" * 100_000, "is not JSON"),
        (json.dumps({"dairy": []}), "'dairy', which is not in the tree"),
    ],
)
def test_z2_a_life_that_cannot_be_rebuilt_is_told(tmp_path: Path, life: str, told: str) -> None:
    graph = ygg.Graph("g").add(Diary(), "diary")
    graph.run(text="day one")
    folder = save(graph, tmp_path / "g")
    (file,) = folder.glob("life*.json")
    file.write_text(life)
    with pytest.raises(ManifestError, match=r"has sha256 .*, `digests` says .*take `life` out"):
        load(folder)
    edited(folder, lambda d: d["digests"].update(life=digest_file(file)))
    with pytest.raises(ManifestError, match="is not there"):
        load(folder)
    file.rename(folder / "life.json")
    with pytest.raises(ManifestError, match=told):
        load(folder)
    edited(folder, lambda d: d["digests"].pop("life"))
    assert load(folder).run(text="day two").value == ["day two"], "begun anew, as the error says"


def test_a_memory_of_another_form_is_told_when_it_is_read(tmp_path: Path) -> None:
    graph = ygg.Graph("g").add(Diary(), "diary")
    own_session(graph).remember("diary", 7)
    loaded = load(save(graph, tmp_path / "g"))
    with pytest.raises(SessionError, match="g/diary: its memory cannot be rebuilt"):
        loaded.run(text="day two")


def test_a_save_that_breaks_off_leaves_the_life_that_the_manifest_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = ygg.Graph("g").add(Diary(), "diary")
    graph.run(text="day one")
    folder = save(graph, tmp_path / "g")
    graph.run(text="day two")
    real = write_durably
    for broken in ("life-", "manifest"):

        def breaks(target: Path, data: bytes, broken: str = broken) -> None:
            if target.name.startswith(broken):
                raise NotStored("no space", str(target))
            real(target, data)

        with monkeypatch.context() as patch:
            patch.setattr("yggdrasil.store.save.write_durably", breaks)
            with pytest.raises(NotStored):
                save(graph, folder)
        assert load(folder).run(text="x").value == ["day one", "x"]
    assert load(save(graph, folder)).run(text="x").value == ["day one", "day two", "x"]
    assert len(list(folder.glob("life*"))) == 1


def test_weights_and_structure_are_apart(tmp_path: Path) -> None:
    def digests(name: str, **config: Any) -> dict[str, str]:
        model = Model(**config)
        torch.manual_seed(len(name))
        model.module = Tied()
        return read_manifest(save(model, tmp_path / name) / "manifest.yaml").digests or {}

    one, other, half = digests("a"), digests("bb"), digests("c", dtype="bfloat16")
    assert one["structure"] == other["structure"] != half["structure"]
    assert one["weights"] == half["weights"] != other["weights"]


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "shelf"
    monkeypatch.setattr(shelf, "shelf_root", lambda: root)
    save(Dice(sides=20), root / "tools" / "d20")
    inner = ygg.Graph("pair").add(Dice(sides=20), "one").add(Dice(), "two")
    save(inner, root / "tools" / "pair")
    return root


def test_parts_from_the_shelf_are_named_or_spelled_out(tmp_path: Path, shelves: Path) -> None:
    graph = ygg.Graph("g").add(load("d20"), "die").add(load("pair"), "pair")
    by_name, whole = save(graph, tmp_path / "ref"), save(graph, tmp_path / "whole", standalone=True)
    assert "shelf:d20" in (by_name / "manifest.yaml").read_text()
    assert "shelf:" not in (whole / "manifest.yaml").read_text()
    assert load(by_name).run() == load(whole).run() == graph.run()
    one, two = (read_manifest(f / "manifest.yaml").digests for f in (by_name, whole))
    assert one == two

    save(Dice(sides=12), shelves / "tools" / "d20")
    with pytest.raises(ManifestError, match=r"shelf:d20 has structure .*install the version that it") as caught:
        load(by_name)
    assert caught.value.where.endswith("manifest.yaml: die")
    assert load(whole).run() == graph.run()


class Renamed(Block, type="test_store/renamed"):
    """Its setting had another name in format 1."""

    length: int = 1

    @classmethod
    def migrated(cls, config: dict[str, Any], format: int) -> dict[str, Any]:
        return {"length": config["size"]} if format == 1 and "size" in config else config

    def forward(self) -> int:
        return self.length


def test_an_older_manifest_that_names_the_shelf_is_migrated_and_loads(tmp_path: Path, shelves: Path) -> None:
    graph = ygg.Graph("g").add(Renamed(length=4), "long").add(load("d20"), "die")
    folder = save(graph, tmp_path / "g")

    def as_before(data: dict[str, Any]) -> None:
        data["format"] = 1
        data["nodes"]["long"]["config"] = {"size": 4}
        data["digests"]["structure"] = "0" * 64

    edited(folder, as_before)
    assert load(folder).run() == graph.run()
    spelled = save(graph, tmp_path / "whole", standalone=True)
    edited(spelled, as_before)
    with pytest.raises(ManifestError, match="the structure is"):
        load(spelled)


@pytest.mark.parametrize("deep", [False, True])
def test_what_names_a_shelfs_item_that_is_migrated_still_loads(tmp_path: Path, shelves: Path, deep: bool) -> None:
    def as_before(data: dict[str, Any]) -> None:
        data["format"] = 1
        old = Manifest(kind="block", type="test_store/renamed", config={"size": 4}).structure_digest()
        if "length" in data.get("config", {}):
            data["config"], data["digests"]["structure"] = {"size": 4}, old
        else:
            data["digests"]["structure"] = "0" * 64
            for node in data["nodes"].values():
                node["digests"]["structure"] = old if node["ref"] == "shelf:long" else "0" * 64

    graph = save(Renamed(length=4), shelves / "tools" / "long")
    for name in ["inner", "outer"] if deep else ["outer"]:
        below = "inner" if deep and name == "outer" else "long"
        graph = save(ygg.Graph(name).add(load(below), "part"), shelves / "tools" / name)
    for name in {"long", "inner", "outer"} & {path.name for path in (shelves / "tools").iterdir()}:
        edited(shelves / "tools" / name, as_before)
    assert load(graph).run() == load("outer").run() == {"value": 4}
    edited(shelves / "tools" / "long", lambda data: data["config"].update(size=5))
    with pytest.raises(ManifestError, match="the structure is"):
        load(graph)


def test_a_part_that_was_changed_is_no_longer_named_by_the_shelf(tmp_path: Path, shelves: Path) -> None:
    die = load("d20")
    die.sides = 4  # type: ignore[attr-defined]
    folder = save(ygg.Graph("g").add(die, "die"), tmp_path / "g")
    assert load(folder).children()["die"].sides == 4  # type: ignore[attr-defined]


def test_refs_to_nothing(tmp_path: Path, shelves: Path) -> None:
    def graph(ref: str) -> Path:
        (tmp_path / "r").mkdir(exist_ok=True)
        data = {"format": 1, "kind": "graph", "type": "graph", "nodes": {"a": {"ref": ref}}}
        (tmp_path / "r" / "manifest.yaml").write_text(yaml.safe_dump(data))
        return tmp_path / "r"

    with pytest.raises(ManifestError, match=r"no 'd2O' on the shelf.*did you mean 'd20'"):
        load(graph("shelf:d2O"))
    for ref in ("http://x/y", "shelf:../../etc", "shelf:./x", "shelf:"):
        with pytest.raises(ManifestError, match=r"of no known kind.*`shelf:NAME`"):
            load(graph(ref))
    with pytest.raises(ManifestError, match=r"names nothing above"):
        load(graph("#b"))
    data = {"format": 1, "kind": "graph", "type": "graph", "nodes": {"a": {"ref": "shelf:ring"}}}
    (shelves / "tools" / "ring").mkdir()
    (shelves / "tools" / "ring" / "manifest.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(ManifestError, match=r"in a circle: ring -> ring"):
        load(graph("shelf:ring"))


def test_a_name_and_a_path(tmp_path: Path, shelves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Dice(sides=3), "d20")
    assert load("d20").sides == 20 and load("./d20").sides == load(Path("d20")).sides == 3  # type: ignore[attr-defined]
    with pytest.raises(ManifestError, match=r"no 'd21' on the shelf.*a path holds a slash"):
        load("d21")
    with pytest.raises(ManifestError, match=r"there is no such folder"):
        load("./nowhere")
    (tmp_path / "lived").mkdir()
    (tmp_path / "lived" / "world.db").write_text("")
    with pytest.raises(ManifestError, match=r"a life stands here, but no manifest"):
        load("./lived")
    (tmp_path / "file").write_text("")
    with pytest.raises(ManifestError, match=r"is a file, not a folder"):
        save(Dice(), tmp_path / "file")


def edited(folder: Path, edit: Any) -> str:
    """Change the manifest; what the file then is, as sha256."""
    path = folder / "manifest.yaml"
    data = yaml.safe_load(path.read_text())
    edit(data)
    path.write_text(yaml.safe_dump(data))
    return digest_file(path)


@pytest.mark.parametrize(
    ("edit", "error", "told"),
    [
        (lambda d: d.update(format=99), ManifestError, r"format 99, this version reads up to \d.*newer"),
        (lambda d: d.update(type="foo::bar"), UnknownType, "no type 'foo::bar'"),
        (lambda d: d.update(colour="red"), ManifestError, "colour"),
        (lambda d: d["config"].update(sies=4), YggError, "no setting 'sies'"),
        (lambda d: d["config"].update(sides="many"), YggError, "setting 'sides'"),
        (lambda d: d["config"].update(sides=7), ManifestError, "the structure is .*take `digests` out"),
    ],
)
def test_z2_a_failed_load_says_where_and_leaves_the_file(tmp_path: Path, edit: Any, error: Any, told: str) -> None:
    folder = save(Dice(sides=5), tmp_path / "d")
    before = edited(folder, edit)
    with pytest.raises(error, match=told) as caught:
        load(folder)
    assert str(folder / "manifest.yaml") in str(caught.value)
    assert digest_file(folder / "manifest.yaml") == before


def test_z2_an_unknown_type_deep_in_a_graph_is_named_by_its_place_and_nothing_runs(tmp_path: Path) -> None:
    graph = ygg.Graph("g").add(ygg.Graph("inner").add(Diary(), "diary"), "inner")
    folder = save(graph, tmp_path / "g")
    before = edited(folder, lambda d: d["nodes"]["inner"]["nodes"]["diary"].update(type="foo::bar"))
    with pytest.raises(UnknownType, match=r"inner/diary: no type 'foo::bar'"):
        load(folder)
    edited(folder, lambda d: d["nodes"]["inner"]["nodes"]["diary"].update(type="test_store/diary", colour="red"))
    with pytest.raises(ManifestError, match=r"nodes\.inner\.nodes\.diary\.colour"):
        load(folder)
    assert edited(folder, lambda d: d["nodes"]["inner"]["nodes"]["diary"].pop("colour")) != before
    load(folder)


def model_at(folder: Path) -> Path:
    model = Model()
    model.module = Tied()
    return save(model, folder)


def test_wrong_hash_lost_file_and_a_path_that_leaves(tmp_path: Path) -> None:
    folder = model_at(tmp_path / "m")
    weights = next((folder / "weights").iterdir())
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    os.utime(weights, ns=(1, 1))
    with pytest.raises(WeightsError, match=r"has sha256 .*, the manifest says .*restore the file"):
        load(folder)
    weights.unlink()
    with pytest.raises(WeightsError, match=r"is not there.*put it back"):
        load(folder)
    outside = tmp_path / "outside.safetensors"
    outside.write_bytes(bytes(data))
    for path in ("../outside.safetensors", str(outside)):
        edited(folder, lambda d, p=path: d["files"]["weights"].update(path=p))
        with pytest.raises(WeightsError, match=r"leaves the folder"):
            load(folder)
    (folder / "link.safetensors").symlink_to(outside)
    edited(folder, lambda d: d["files"]["weights"].update(path="link.safetensors"))
    with pytest.raises(WeightsError, match=r"leaves the folder"):
        load(folder)


@pytest.mark.parametrize("name", ["m.safetensors", "m.bin", "m.ckpt", "m.pt", "m.gguf"])
@pytest.mark.parametrize("role", ["weights", "adapter:style", "tokenizer"])
def test_a_pickle_is_refused_unread_in_every_role(tmp_path: Path, name: str, role: str) -> None:
    folder = save(Dice(), tmp_path / "d")
    (folder / name).write_bytes(pickle.dumps(["harmless"]))
    entry = {"sha256": digest_file(folder / name), "path": name}
    edited(folder, lambda d: d.update(files={role: entry}))
    with pytest.raises(WeightsError, match=r"not allowed|carry code|like a pickle|not a safetensors") as caught:
        load(folder)
    assert name in str(caught.value)
    block = Dice()
    block.files = {role: FileRef(entry["sha256"], folder / name)}
    with pytest.raises(WeightsError):
        save(block, tmp_path / "again")


def test_a_crash_while_saving_leaves_the_old_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(Dice(sides=5), tmp_path / "d")
    with monkeypatch.context() as patch:
        patch.setattr("yggdrasil.contract.artifacts.os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            save(Dice(sides=9), folder)
    assert load(folder).sides == 5  # type: ignore[attr-defined]
    assert [p.name for p in folder.iterdir()] == ["manifest.yaml"]


def test_a_file_that_went_away_is_told_when_saving(tmp_path: Path) -> None:
    loaded = load(model_at(tmp_path / "m"))
    loaded.file().unlink()
    with pytest.raises(WeightsError, match=r"the file of 'weights' is gone"):
        save(loaded, tmp_path / "n")


def test_standalone_takes_catalogue_files_along(tmp_path: Path) -> None:
    origin = model_at(tmp_path / "m")
    weights = next((origin / "weights").iterdir())
    model = Model()
    model.files = {"weights": FileRef(digest_file(weights), weights, "catalogue#model.safetensors")}
    assert not (save(model, tmp_path / "light") / "weights").exists()
    whole = save(model, tmp_path / "whole", standalone=True)
    ids = torch.tensor([3])
    assert torch.equal(load(whole).run(ids=ids).tensor, load(origin).run(ids=ids).tensor)
