"""A graph holds values at its nodes' inputs: drawn, added or set, saved with it, checked like any other value."""

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, PortError, WiringError
from yggdrasil.contract.manifest import FORMAT, parse_manifest, read_manifest
from yggdrasil.contract.tree import describe
from yggdrasil.ports import AnyValue, Image, Json, Text


class Shout(Block, type="test_constants/shout"):
    def forward(self, text: Text, times: int = 1) -> Text:
        return text + "!" * times


class Grow(Block, type="test_constants/grow"):
    def forward(self, items: Json, text: Text) -> Json:
        items.append(text)
        return items


class Hold(Block, type="test_constants/hold"):
    def forward(self, value: AnyValue, image: Image | None = None) -> Json:
        return value


def test_a_drawn_graph_takes_a_plain_value(tmp_path: Path) -> None:
    shout = Shout()

    @ygg.graph
    def loud(text: Text) -> Text:
        return shout(shout(text, times=3), 1)

    assert loud.run(text="a").text == "a!!!!" and list(loud.inputs) == ["text"]
    folder = ygg.save(loud, tmp_path / "loud")
    manifest = read_manifest(folder / "manifest.yaml")
    assert manifest.format == FORMAT == 3
    assert manifest.structure["constants"] == {"shout.times": 3, "shout2.times": 1}
    assert ygg.load(folder).run(text="a").text == "a!!!!"


def test_a_value_is_added_set_changed_and_taken_out() -> None:
    graph = ygg.Graph("g").add(Shout(), times=3)
    assert graph.run(text="a").text == "a!!!" and "times" not in graph.inputs
    before = describe(graph).structure_digest()
    assert graph.set("shout.times", 2).run(text="a").text == "a!!"
    assert describe(graph).structure_digest() != before
    assert graph.set("shout.times", None).run(text="a", times=4).text == "a!!!!"


@pytest.mark.parametrize(
    ("place", "value", "error", "told"),
    [
        ("shout.times", "three", PortError, "'times' was given 'three'"),
        ("shout.tmes", 3, WiringError, "no input 'tmes'.*did you mean 'times'"),
        ("shuot.times", 3, WiringError, "no node 'shuot'.*did you mean 'shout'"),
        ("times", 3, WiringError, "write it as `node.port`"),
        ("hold.image", 3, WiringError, r"hold.image takes image, which a graph cannot hold.*connect\('self.image'"),
        ("hold.value", date(2020, 1, 1), WiringError, None),
        ("hold.value", {1, 2}, WiringError, None),
        ("hold.value", float("nan"), WiringError, "which no manifest holds"),
        ("hold.value", object(), WiringError, "which no manifest holds"),
        ("shout.times", None, WiringError, "no value is at 'shout.times'"),
    ],
)
def test_a_wrong_value_is_refused_and_the_graph_stays(place: str, value: Any, error: Any, told: str | None) -> None:
    graph = ygg.Graph("g").add(Shout()).add(Hold())
    if told is None:
        graph.set(place, value)
        assert graph.structure()["constants"][place] in ("2020-01-01", [1, 2]), "it has a JSON form"
        return
    with pytest.raises(error, match=told):
        graph.set(place, value)
    assert "constants" not in graph.structure()


def test_an_edge_and_a_value_into_one_port_are_an_error() -> None:
    graph = ygg.Graph("g").add(Shout(), times=3)
    with pytest.raises(WiringError, match=r"shout.times holds 3, and the edge `self.n -> shout.times` leads there"):
        graph.connect("self.n", "shout.times")
    assert graph.run(text="a").text == "a!!!"


def test_a_value_that_a_block_changes_in_place_stays_what_it_is() -> None:
    given = ["x"]
    graph = ygg.Graph("g").add(Grow(), items=given)
    graph.cache = None
    assert graph.run(text="a").value == graph.run(text="a").value == ["x", "a"]
    assert given == ["x"] and graph.structure()["constants"] == {"grow.items": ["x"]}
    graph.cache = True
    other = copy.deepcopy(graph)
    assert other.run(text="b").value == ["x", "b"] and other.cache is not graph.cache


def test_results_are_kept_by_the_value_too() -> None:
    graph = ygg.Graph("g").add(Shout(), times=1)
    assert [graph.set("shout.times", n).run(text="a").text for n in (1, 2, 1)] == ["a!", "a!!", "a!"]


def test_a_value_is_the_first_of_what_a_loop_carries() -> None:
    graph = ygg.Graph("g").add(Shout(), text="a").loop("shout", carry=["shout.text -> shout.text"], times=3)
    graph.connect("shout.text", "self.text")
    assert graph.run(times=1).text == "a!!!"


def test_a_manifest_of_the_old_format_loads(tmp_path: Path) -> None:
    folder = ygg.save(ygg.Graph("g").add(Shout()), tmp_path / "g")
    text = (folder / "manifest.yaml").read_text()
    (folder / "manifest.yaml").write_text(text.replace("format: 3", "format: 1"))
    assert parse_manifest((folder / "manifest.yaml").read_text(), "x").format == 1
    assert ygg.load(folder).run(text="a").text == "a!"


def test_a_wrong_value_in_a_manifest_names_its_place(tmp_path: Path) -> None:
    folder = ygg.save(ygg.Graph("g").add(Shout(), times=3), tmp_path / "g")
    path = folder / "manifest.yaml"
    path.write_text(path.read_text().replace("shout.times: 3", "shout.times: many"))
    with pytest.raises(PortError, match=r"'times' was given 'many'") as caught:
        ygg.load(folder)
    assert "shout" in caught.value.where


def test_a_flowchart_shows_the_values() -> None:
    drawn = ygg.mermaid(ygg.Graph("g").add(Shout(), times=3))
    assert "shout<br/><small>test_constants/shout</small><br/><small>times #61; 3</small>" in drawn
