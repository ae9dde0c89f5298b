"""Nodes are replaced, removed and renamed; edges follow, and a change that does not fit changes nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, TypedDict

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, WiringError
from yggdrasil.ports import Text


class Named(TypedDict):
    embedding: Text


class Pooled(TypedDict):
    pooled: Text


class Shout(Block, type="test_edit/shout"):
    mark: str = "!"

    def forward(self, text: Text, times: int = 1) -> Text:
        return text + self.mark * times


class Plain(Block, type="test_edit/plain"):
    def forward(self, text: Text) -> Text:
        return text


class Count(Block, type="test_edit/count"):
    def forward(self, text: Text) -> int:
        return len(text)


class Conditioner(Block, role="Conditioner"):
    def forward(self, text: Text) -> Named:
        return {"embedding": text}


class Embedder(Block):
    def forward(self, text: Text) -> Named:
        return {"embedding": text}


class Pooler(Block, role="Pooler"):
    def forward(self, hidden: Text) -> Pooled:
        return {"pooled": hidden + "~"}


class Framed(Block):
    only_with: ClassVar[Mapping[str, str]] = {"width": "frame"}

    def forward(self, text: Text, frame: Text | None = None, width: int | None = None) -> Text:
        return text + (frame or "") * (width or 0)


def line() -> ygg.Graph:
    graph = ygg.Graph("g").add(Shout(), "a", times=2).add(Shout(mark="?"), "b")
    return graph.connect("self.text", "a.text").connect("a.text", "b.text").connect("b.text", "self.text")


def saved(graph: ygg.Graph, folder: Path) -> ygg.Graph:
    loaded = ygg.load(ygg.save(graph, folder))
    assert isinstance(loaded, ygg.Graph)
    return loaded


def test_a_node_is_replaced_and_its_edges_and_values_stay(tmp_path: Path) -> None:
    for graph in (line(), saved(line(), tmp_path / "g")):
        assert graph.run(text="x").text == "x!!?"
        graph["a"] = Shout(mark=".")
        assert graph.run(text="x").text == "x..?"


def test_what_does_not_fit_is_refused_and_the_graph_stays() -> None:
    graph = line()
    with pytest.raises(WiringError, match=r"'b' has no input 'times', but text; no output 'text', but value"):
        graph["b"] = Count()
    with pytest.raises(WiringError, match=r"'a' has no input 'times'"):
        graph["a"] = Plain()
    with pytest.raises(WiringError, match=r"no node 'aa'.*'a'"):
        graph["aa"] = Shout()
    with pytest.raises(WiringError, match=r"no node 'aa'.*'a'"):
        _ = graph["aa"]
    assert graph.run(text="x").text == "x!!?"


def test_what_was_wired_by_itself_stays_as_what_was_drawn_does() -> None:
    graph = ygg.Graph("g").add(Shout(), "a").add(Shout(mark="?"), "b")
    graph.connect("a.text", "b.text")
    with pytest.raises(WiringError, match=r"no input 'times'.*`self.times -> a.times` would be lost. .*remove\('a'\)"):
        graph["a"] = Plain()
    with pytest.raises(WiringError, match=r"no output 'text', but value: .*`b.text -> self.text` would be lost"):
        graph["b"] = Count()
    graph["b"] = Shout(mark=".")
    assert list(graph.inputs) == ["text", "times"] and graph.run(text="x", times=2).text == "x!!.."
    graph.remove("a").add(Plain(), "a").connect("a.text", "b.text").connect("self.text", "a.text")
    assert graph.run(text="x", times=2).text == "x.."


def test_a_swap_after_which_no_role_wires_as_before_changes_nothing() -> None:
    graph = ygg.Graph("g").add(Conditioner()).add(Pooler())
    assert graph.run(text="x").pooled == "x~"
    with pytest.raises(WiringError, match=r"wired otherwise: `conditioner.embedding -> pooler.hidden` would be lost"):
        graph["conditioner"] = Embedder()
    assert graph.run(text="x").pooled == "x~"


def test_an_input_that_nobody_would_read_in_this_run_is_refused() -> None:
    graph = ygg.Graph("g").add(Framed())
    assert graph.run(text="x", frame="!", width=2).text == "x!!"
    assert graph.run(text="x").text == "x"
    with pytest.raises(ygg.PortError, match=r"'width' does nothing here: only framed would read it.*give frame too"):
        graph.run(text="x", width=2)


def test_a_node_is_removed_and_what_it_fed_is_named(tmp_path: Path) -> None:
    graph = saved(line(), tmp_path / "g").remove("a")
    assert list(graph.children()) == ["b"] and graph.net.constants == {}
    with pytest.raises(WiringError, match=r"b.text \(text\) has no edge"):
        graph.run(text="x")
    assert graph.connect("self.text", "b.text").run(text="x").text == "x?"
    with pytest.raises(WiringError, match="no node 'a'"):
        graph.remove("a")
    del graph["b"]
    assert not graph.children()


def test_a_node_of_a_loop_is_removed_but_not_the_one_that_ends_it() -> None:
    graph = (
        ygg.Graph("g").add(Shout(), "a").add(Shout(), "b").connect("self.text", "a.text").connect("a.text", "b.text")
    )
    graph.connect("b.text", "self.text").loop("a", "b", carry=["b.text -> a.text"], until="b.text", times=2)
    with pytest.raises(WiringError, match=r"the loop over a, b ends by b.text"):
        graph.remove("b")
    assert graph.run(text="x", times=1).text == "x!!!!"
    graph.remove("a").connect("self.text", "b.text")
    assert [loop.nodes for loop in graph.net.loops] == [("b",)] and graph.run(text="x", times=1).text == "x!"


def test_a_node_is_renamed_in_every_edge_loop_and_value() -> None:
    graph = line().loop("a", carry=["a.text -> a.text"], times=2)
    assert graph.run(text="x", times=1).text == "x!!!!?"
    graph.rename("a", "first")
    assert list(graph.children()) == ["first", "b"] and graph.run(text="x", times=1).text == "x!!!!?"
    assert graph.structure()["constants"] == {"first.times": 2}
    for old, new, told in (("a", "c", "no node 'a'"), ("b", "first", "already"), ("b", "x y", "cannot name")):
        with pytest.raises(WiringError, match=told):
            graph.rename(old, new)


def test_an_edge_that_nobody_drew_cannot_be_taken_out() -> None:
    with pytest.raises(WiringError, match=r"no edge `a.text -> b.txt`.*did you mean 'a.text -> b.text'"):
        line().disconnect("a.text", "b.txt")


def test_a_graph_says_what_it_is_for() -> None:
    from yggdrasil.contract.block import description

    graph = ygg.Graph("g", about="Say it loudly.").add(Shout())
    assert description(graph) == "Say it loudly."
