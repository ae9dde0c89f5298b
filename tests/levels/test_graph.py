"""Graphs: built by adding, connecting or drawing; what is wrong is refused before any node runs."""

import copy
from pathlib import Path
from typing import Any, TypedDict

import pytest

import yggdrasil as ygg
from tests.counted import calls_of
from yggdrasil.contract import Block, ConfigError, PortError, WiringError
from yggdrasil.ports import Image, Json, Latent, Messages, Text

CALLS: list[str] = []


class Pass(Block, type="test_graph/pass"):
    def forward(self, n: int) -> int:
        CALLS.append("pass")
        return n


class Twice(Block, type="test_graph/twice"):
    def forward(self, n: int) -> int:
        return 2 * n


class Shout(Block, type="test_graph/shout"):
    mark: str = "!"

    def forward(self, text: Text, times: int = 1) -> Text:
        return text + self.mark * times


class Halves(TypedDict):
    head: Text
    tail: Text


class Split(Block, type="test_graph/split"):
    def forward(self, text: Text) -> Halves:
        return {"head": text[:1], "tail": text[1:]}


class Free(Block, type="test_graph/free"):
    def forward(self, text: Text) -> Json:
        return {"said": text}


def chain(length: int) -> ygg.Graph:
    graph = ygg.Graph("line")
    for i in range(length):
        graph.add(Pass(), f"n{i}")
        graph.connect(f"n{i - 1}.value" if i else "self.n", f"n{i}.n")
    return graph.connect(f"n{length - 1}.value", "self.n")


def test_g1_a_long_chain_runs_saves_and_loads(tmp_path: Path) -> None:
    graph = chain(2000)
    CALLS.clear()
    assert graph.run(n=7).n == 7
    assert len(CALLS) == 2000
    for name, cycle in (("Q", "abc"), ("R", "a")):
        refused = ygg.Graph(name)
        for node in cycle:
            refused.add(Pass(), node)
        for source, target in zip(cycle, cycle[1:] + cycle[0], strict=True):
            refused.connect(f"{source}.value", f"{target}.n")
        CALLS.clear()
        with pytest.raises(WiringError) as caught:
            refused.run()
        assert CALLS == [] and "cycle" in str(caught.value)
        assert all(node in str(caught.value).partition("cycle:")[2].partition(". ")[0] for node in cycle)
    assert graph.run(n=8).n == 8, "the same runtime still runs P"
    loaded = ygg.load(ygg.save(graph, tmp_path / "line"))
    assert loaded.run(n=7).n == 7


def test_building_and_running_is_linear_in_nodes() -> None:
    calls_of(lambda: chain(10).run(n=1))
    small, large = (calls_of(lambda length=length: chain(length).run(n=1)) for length in (250, 2000))
    assert large < small * 8 * 1.1


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        ("shuot.text", "self.text", "no node 'shuot'.*did you mean 'shout'"),
        ("shout.txt", "self.text", "'shout' has no output 'txt'.*did you mean 'text'"),
        ("self.text", "shout.txt", "'shout' has no input 'txt'.*did you mean 'text'"),
        ("shout.text", "twice.n", "shout.text gives text, twice.n takes integer.*put a block between"),
    ],
)
def test_a_mistyped_edge_names_the_near_name(source: str, target: str, told: str) -> None:
    graph = ygg.Graph("g").add(Shout()).add(Twice()).connect("shout.text", "self.text")
    with pytest.raises(WiringError, match=told) as caught:
        graph.connect(source, target)
    assert len(graph.net.edges) == 1 and list(graph.outputs) == ["text"]
    assert caught.value.where == "g"


def test_a_thing_that_is_no_edge_is_told_the_form() -> None:
    with pytest.raises(WiringError, match=r"write it as `a.out -> b.in`"):
        ygg.Graph("g").connect("shout", "self.text")


def test_a_missing_edge_is_named() -> None:
    nodes: dict[str, Block] = {"shout": Shout()}
    with pytest.raises(WiringError, match=r"shout.text \(text\) has no edge.*add an edge"):
        ygg.Graph.assemble({}, nodes, {"edges": ["shout.text -> self.text"]})


def test_several_edges_need_a_join() -> None:
    def both() -> ygg.Graph:
        graph = ygg.Graph("g").add(Twice(), "a").add(Twice(), "b").add(Twice(), "c")
        return graph.connect("a.value", "c.n").connect("c.value", "self.n")

    with pytest.raises(WiringError, match=r"c.n takes several edges \(a.value, b.value\).*list, sum, first"):
        both().connect("b.value", "c.n").run(n=1)
    assert both().connect("b.value", "c.n", join="sum").run(n=1).n == 8
    with pytest.raises(WiringError, match=r"joined by 'concat'.*list, sum, first"):
        both().connect("b.value", "c.n", join="concat").run(n=1)


@pytest.mark.parametrize(
    ("structure", "told"),
    [
        ({"edges": 5}, "edges is 5.*write it as a list"),
        ({"edegs": []}, "structure has no.*edegs"),
        ({"edges": ["self.text -> shout.text"], "joins": {"shout.txt": "sum"}}, "names 'shout.txt'"),
        ({"edges": ["self.text -> shout.text"], "defaults": {"txet": "a"}}, "'txet'.*did you mean 'text'"),
        ({"edges": ["self.text -> shout.text"], "defaults": {"text": [1]}}, r"'text' was given \[1\]"),
        ({"loops": [{"nodes": ["shout"], "carry": [], "times": "3"}]}, "times is '3'"),
        ({"loops": [{"node": ["shout"]}]}, "a loop has no"),
    ],
)
def test_a_wrong_structure_is_told(structure: dict[str, object], told: str) -> None:
    with pytest.raises((WiringError, PortError), match=told):
        ygg.Graph.assemble({}, {"shout": Shout()}, structure)


@pytest.mark.parametrize("name", ["a b", "a.b", "self", "a/b", "", "x" * 65, "и\u0306", "a\x1b[2J", "a\0"])
def test_a_name_that_no_edge_could_spell_is_refused(name: str) -> None:
    graph = ygg.Graph("g")
    if name:
        with pytest.raises(WiringError, match=r"cannot name a node"):
            graph.add(Shout(), name)


@pytest.mark.parametrize("port", ["../../pwned", "/abs/x", "a b", "a.b", "a\\b", "x" * 65, "и\u0306", "-o:"])
def test_a_port_obeys_the_rule_of_node_names_when_a_manifest_is_read(port: str) -> None:
    for edges in ([f"shout.text -> self.{port}"], [f"self.{port} -> shout.text", "shout.text -> self.text"]):
        with pytest.raises(WiringError, match="cannot name a port"):
            ygg.Graph.assemble({}, {"shout": Shout()}, {"edges": ["self.text -> shout.text", *edges]})


def test_names_in_any_script() -> None:
    graph = ygg.Graph("граф").add(Shout(), "крик").add(Shout(mark="🌳"), "дерево")
    graph.connect("крик.text", "дерево.text").connect("дерево.text", "self.text")
    assert graph.run(text="я").text == "я!🌳"


def test_one_input_of_the_graph_must_suit_all_that_it_feeds() -> None:
    graph = ygg.Graph("g").add(Twice()).add(Shout()).connect("self.x", "twice.n")
    with pytest.raises(WiringError, match=r"self.x feeds twice.n \(integer\) and shout.text \(text\)"):
        graph.connect("self.x", "shout.text")


def test_a_value_that_the_edges_do_not_prove_is_checked() -> None:
    class Talk(Block, type="test_graph/talk"):
        def forward(self, messages: Messages) -> Text:
            return str(len(messages))

    graph = ygg.Graph("g").add(Free()).add(Talk()).connect("free.value", "talk.messages")
    with pytest.raises(PortError, match=r"messages.*valid list") as caught:
        graph.run(text="x")
    assert caught.value.where == "g/talk"


def test_adding_later_wires_anew() -> None:
    graph = ygg.Graph("g").add(Split(), "split")
    assert list(graph.outputs) == ["head", "tail"]

    class Tail(Block, type="test_graph/tail"):
        def forward(self, tail: Text) -> Text:
            return tail

    graph.add(Tail(), "tail")
    assert list(graph.inputs) == ["text"] and graph.run(text="abc").text == "bc"


def test_a_failed_wiring_can_be_mended() -> None:
    class Join(Block, type="test_graph/join"):
        def forward(self, head: Text) -> Text:
            return head

    graph = ygg.Graph("g").add(Split(), "a").add(Split(), "b").add(Join(), "join")
    with pytest.raises(WiringError, match=r"join.head could take a.head, b.head.*connect\('a.head', 'join.head'\)"):
        graph.run(text="xy")
    assert graph.connect("b.head", "join.head").run(text="xy").text == "x"


def test_a_pipeline_is_made_of_graphs() -> None:
    with pytest.raises(WiringError, match=r"is a stage, a pipeline is made of graphs.*a world of stages"):
        ygg.Pipeline("p").add(ygg.Stage(Shout(), plays="architect"))
    inner = ygg.Graph("inner").add(Shout())
    inner.defaults = {"times": 3}
    assert ygg.Pipeline("p").add(inner).run(text="a").text == "a!!!"


def test_a_lone_block_in_a_pipeline_becomes_a_graph_of_one_node(tmp_path: Path) -> None:
    line = ygg.Pipeline("p").add(Shout(), "loud")
    assert line["loud"].kind == "graph" and list(line["loud"].children()) == ["shout"]
    assert ygg.load(ygg.save(line, tmp_path / "p")).run(text="a") == line.run(text="a") == {"text": "a!"}


def test_an_unfed_nested_graph_uses_its_own_defaults() -> None:
    inner = ygg.Graph("inner").add(Shout())
    inner.defaults = {"times": 3}
    outer = ygg.Graph.assemble({}, {"inner": inner}, {"edges": ["self.text -> inner.text", "inner.text -> self.text"]})
    assert outer.run(text="a").text == "a!!!"
    inner.defaults["times"] = 1
    assert outer.run(text="a").text == "a!"


def test_drawing_records_a_graph() -> None:
    shout, split = Shout(), Split()

    @ygg.graph
    def poster(text: Text, times: int = 2) -> Text:
        """Shout the tail."""
        return shout(split(text).tail, times)

    assert poster.about == "Shout the tail." and poster.name == "poster"
    assert poster.run(text="abc").text == "bc!!" and poster.run(text="abc", times=1).text == "bc!"
    assert not poster.inputs["times"].required and poster.inputs["times"].default == 2
    assert shout("x") == "x!" and split("xy").tail == "y", "outside of a drawing a call runs"


def test_drawing_with_two_outputs_and_one_block_twice() -> None:
    shout = Shout()

    @ygg.graph
    def both(text: Text):
        return {"once": shout(text), "twice": shout(shout(text))}

    assert both.run(text="a") == {"once": "a!", "twice": "a!!"}

    @ygg.graph
    def halves(text: Text):
        return Split()(text)

    assert halves.run(text="ab") == {"head": "a", "tail": "b"}


def test_drawing_tells_what_it_cannot_record() -> None:
    shout = Shout()
    with pytest.raises(PortError, match=r"'times' was given 'three'"):

        @ygg.graph
        def constant(text: Text) -> Text:
            return shout(text, "three")  # pyright: ignore[reportArgumentType]

    with pytest.raises(WiringError, match=r"returned 'hello'"):

        @ygg.graph
        def no_wire(text: Text) -> Text:
            return "hello"

    with pytest.raises(WiringError, match=r"does nothing with seed"):

        @ygg.graph
        def unused(text: Text, seed: int = 0) -> Text:
            return shout(text)

    assert shout("x") == "x!", "a failed drawing leaves no pen behind"


def test_a_drawn_graph_is_saved_whole(tmp_path: Path) -> None:
    inner = ygg.Graph("two words").add(Shout(mark="?"))

    @ygg.graph
    def asked(text: Text, times: int = 2) -> Text:
        return inner(text, times)

    loaded = ygg.load(ygg.save(asked, tmp_path / "asked"))
    assert loaded.run(text="a") == asked.run(text="a") == {"text": "a??"}


def test_a_graph_can_be_copied_and_its_parts_reached() -> None:
    graph = ygg.Graph("g").add(Shout())
    assert graph["shout"].config() == {} and graph.children()["shout"] is graph["shout"]
    with pytest.raises(WiringError, match=r"there is a node 'shout' already"):
        graph.add(Shout(), "shout")
    with pytest.raises(ConfigError, match=r"no setting 'titel'"):
        ygg.Graph(titel="x")  # type: ignore[call-arg]
    shallow = copy.copy(graph)
    assert shallow.run(text="a").text == "a!"


def test_roles_must_have_their_ports() -> None:
    class Half(Block, role="Solver"):
        def forward(self, latent: Latent) -> Latent:
            return latent

    with pytest.raises(WiringError, match=r"role Solver needs the input 'timestep'.*declare no role") as caught:
        ygg.Graph("g").add(Half())
    assert caught.value.where == "g/solver"


def test_a_graph_of_pictures_is_a_tool() -> None:
    class Keep(Block):
        def forward(self, image: Image) -> Image:
            return image

    from yggdrasil.contract.schema import tool_schema

    graph = ygg.Graph("g").add(Keep())
    assert tool_schema(graph.inputs)["required"] == ["image"]


def test_of_several_outputs_the_one_named_as_the_input_is_taken() -> None:
    class End(Block, type="test_graph/end"):
        def forward(self, tail: Text) -> Text:
            return tail

    split, tail = Split(), End()

    @ygg.graph
    def drawn(text: Text) -> Text:
        """The tail of a text."""
        return tail(split(text))

    assert drawn("abc") == "bc"
    assert tail(split("abc")) == "bc"


@pytest.mark.parametrize(
    "name", ["../../pwned", "/abs/x", "a b", "a\nb", "nul\0", "\x1b[2J", "x\x9b", "x" * 65, "caf\udce9", 'a"b', "C:\\x"]
)
def test_a_strangers_graph_names_its_own_ports_as_nodes_are_named(name: str) -> None:
    for edges in (["self.text -> a.text", f"a.text -> self.{name}"], [f"self.{name} -> a.text", "a.text -> self.out"]):
        with pytest.raises(WiringError, match=r"cannot name a port|is not an edge"):
            ygg.Graph.assemble({"title": "g"}, {"a": Shout()}, {"edges": edges})


@pytest.mark.parametrize("edge", ["a.text -> b.txt", "a.txt -> b.text", "self.text -> b.txt", "b.txt -> self.out"])
def test_an_edge_to_a_port_that_is_not_there_is_refused_when_the_manifest_is_read(edge: str) -> None:
    with pytest.raises(WiringError, match="did you mean 'text'"):
        ygg.Graph.assemble({"title": "g"}, {"a": Shout(), "b": Shout()}, {"edges": ["self.text -> a.text", edge]})


def test_a_graph_never_holds_itself_at_any_depth() -> None:
    graph, outer = ygg.Graph("g").add(Shout()), ygg.Graph("outer")
    outer.add(graph, "inner")
    for inner, holder in ((graph, graph), (outer, graph)):
        with pytest.raises(WiringError, match="would hold the graph that it stands in"):
            holder.add(inner, "again")
    assert graph.run(text="a").text == outer.run(text="a").text == "a!"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda g: g.loop("zz", carry=[], times=2), "a loop names 'zz'"),
        (lambda g: g.loop("shout", carry=[]), "never ends"),
        (lambda g: g.loop("shout", carry=[], until="shout.zz"), "names no output"),
        (lambda g: g.connect("shout.text", "self.text", join="nosuch"), "joined by 'nosuch'"),
    ],
)
def test_a_change_that_cannot_be_leaves_the_graph_as_it_was(change: Any, told: str) -> None:
    graph = ygg.Graph("g").add(Shout(), "shout")
    with pytest.raises(WiringError, match=told):
        change(graph)
    assert graph.run(text="a").text == "a!"
