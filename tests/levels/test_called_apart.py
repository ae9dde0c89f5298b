"""What was saved in format 2 (networks of two predictions, agents of one guide) loads and does the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import painter
from yggdrasil.contract import ManifestError
from yggdrasil.contract.manifest import Manifest, read_manifest
from yggdrasil.contract.tree import describe, migrated
from yggdrasil.store.load import load_manifest
from yggdrasil.store.shelf import shelf_root

ASKED: dict[str, Any] = {"prompt": "a fox in snow", "negative_prompt": "night", "seed": 3, "steps": 2}


def before(structure: dict[str, Any]) -> dict[str, Any]:
    """The structure as format 2 had it: the network itself is told the negative condition and the scale."""
    moved = {
        "conditioner.negative_embedding -> backbone_uncond.condition": (
            "conditioner.negative_embedding -> backbone.negative", "conditioner.embedding -> backbone.condition"),
        "backbone_uncond.pred -> guidance.pred_uncond": (
            "backbone.pred_uncond -> guidance.pred_uncond", "backbone.pred -> guidance.pred_cond"),
    }  # fmt: skip
    edges = [edge for edge in structure["edges"] if edge not in moved]
    for old, after in moved.values():
        edges.insert(edges.index(after) + 1, old)
    edges.insert(edges.index("self.guidance_scale -> guidance.scale"), "self.guidance_scale -> backbone.scale")
    loops = [{**loop, "nodes": [n for n in loop["nodes"] if n != "backbone_uncond"]} for loop in structure["loops"]]
    rest = {key: value for key, value in structure.items() if key != "again"}
    return {**rest, "edges": edges, "loops": loops}


def of_format_2(folder: Path, place: str = "") -> Manifest:
    """The saved manifest as the version before wrote it, its digests included."""
    manifest = read_manifest(folder / "manifest.yaml")
    part = manifest if not place else manifest.nodes[place]
    part.structure = before(part.structure)
    manifest.format = 2
    manifest.digests = {"structure": manifest.structure_digest(), "weights": (manifest.digests or {})["weights"]}
    (folder / "manifest.yaml").write_text(manifest.dump())
    return manifest


@pytest.mark.parametrize("place", ["", "inner"])
def test_a_graph_saved_before_gives_the_same_bytes_and_is_saved_anew(place: str, tmp_path: Path) -> None:
    graph = painter(tmp_path)
    if place:
        graph = ygg.Pipeline("p").add(graph, place)
    folder = ygg.save(graph, tmp_path / "g")
    of_format_2(folder, place)
    loaded = ygg.load(folder)
    assert loaded.run(**ASKED).image.tobytes() == graph.run(**ASKED).image.tobytes()
    held: Any = loaded.children()[place] if place else loaded
    assert held.net.again == {"backbone_uncond": "backbone"} and "guidance_scale" in loaded.inputs
    again = ygg.load(ygg.save(loaded, tmp_path / "again"))
    assert read_manifest(tmp_path / "again" / "manifest.yaml").format == 3
    assert again.run(**ASKED).image.tobytes() == graph.run(**ASKED).image.tobytes()


def test_a_damaged_graph_of_format_2_is_told(tmp_path: Path) -> None:
    folder = ygg.save(painter(tmp_path), tmp_path / "g")
    manifest = of_format_2(folder)
    manifest.structure["defaults"]["steps"] = 5
    (folder / "manifest.yaml").write_text(manifest.dump())
    with pytest.raises(ManifestError, match=r"the structure is .*`digests` says"):
        ygg.load(folder)


def test_a_network_that_was_taught_its_guidance_keeps_its_scale(tmp_path: Path) -> None:
    manifest = Manifest(
        kind="graph", type="graph", format=2,
        nodes={
            "backbone": Manifest(type="backbone/unet", config={"arch": {"time_cond_proj_dim": 8}}),
            "guidance": Manifest(type="guidance/cfg"),
        },
        structure={
            "edges": [
                "self.latent -> backbone.latent", "self.timestep -> backbone.timestep",
                "self.condition -> backbone.condition", "self.negative -> backbone.negative",
                "self.guidance_scale -> backbone.scale", "self.guidance_scale -> guidance.scale",
                "backbone.pred -> guidance.pred_cond", "backbone.pred_uncond -> guidance.pred_uncond",
                "guidance.pred_guided -> self.pred",
            ],
            "defaults": {"guidance_scale": 2.0},
        },
    )  # fmt: skip
    graph: Any = load_manifest(manifest, tmp_path)
    assert list(graph.inputs) == ["latent", "timestep", "condition", "guidance_scale"] and not graph.net.again


def test_an_item_of_the_shelf_is_taken_by_the_digest_that_it_had() -> None:
    items = {name: read_manifest(shelf_root() / "tools" / name / "manifest.yaml") for name in ("painter", "illustrate")}
    old = describe(ygg.load("painter"))
    old.structure = before(old.structure)
    for node in old.structure["loops"]:
        assert node["nodes"] == ["solver", "backbone", "guidance"]
    weights = describe(ygg.load("painter")).weights_digest()
    for structure in items["painter"].formerly:
        saved = Manifest(
            format=2, kind="pipeline", type="pipeline",
            nodes={"paint": Manifest(kind="graph", ref="shelf:painter",
                                     digests={"structure": structure, "weights": weights})},
            structure={"edges": ["self.prompt -> paint.prompt", "paint.image -> self.image"]},
            digests={"structure": "0" * 64},
        )  # fmt: skip
        assert load_manifest(saved, shelf_root()).inputs
        saved.nodes["paint"].digests = {"structure": "1" * 64}
        with pytest.raises(ManifestError, match="shelf:painter has structure"):
            load_manifest(saved, shelf_root())
    assert old.structure_digest() in items["painter"].formerly


def test_an_agent_of_format_2_is_led_as_it_was() -> None:
    old, new = (Manifest(type="agent", format=number, config={"policy": "tools"}) for number in (2, 3))
    assert migrated(old).config == {"policy": "tools", "guide": "tale"} and migrated(new) is new


@pytest.mark.parametrize("name", ["storyteller", "chronicler"])
def test_an_agent_of_the_shelf_is_taken_by_the_digest_that_it_had(name: str, tmp_path: Path) -> None:
    before = describe(ygg.load(name))
    del before.config["guide"]
    assert [before.structure_digest()] == read_manifest(shelf_root() / "agents" / name / "manifest.yaml").formerly
    saved = Manifest(format=2, kind="block", ref=f"shelf:{name}", digests={"structure": before.structure_digest()})
    assert load_manifest(saved, tmp_path).type_name == "agent"
