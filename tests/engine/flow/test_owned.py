"""A list or dict that several read: each may change what it got, and nobody else sees it."""

from typing import Any, cast

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, PortError
from yggdrasil.contract.values import digest
from yggdrasil.ports import Json


class Spoil(Block, type="test_owned/spoil"):
    """Change what it was given, in place and deep inside."""

    def forward(self, data: Json, n: int = 0) -> Json:
        data["places"].append({"name": f"spoilt {n}"})
        data["places"][0]["name"] = "gone"
        return data


class Tell(Block, type="test_owned/tell"):
    """Tell what it was given."""

    def forward(self, data: Json) -> Json:
        return data


class HeavySpoil(Spoil, type="test_owned/heavy_spoil"):
    """The same in a thread."""

    heavy = True


class HeavyTell(Tell, type="test_owned/heavy_tell"):
    """The same in a thread."""

    heavy = True


class Source(Block, type="test_owned/source"):
    """Give one dict."""

    def forward(self, n: int = 0) -> Json:
        return given()


def given() -> dict[str, Any]:
    return {"places": [{"name": "Oldport"}]}


def test_what_a_caller_gives_stays_as_it_is() -> None:
    mine = given()
    before = digest(mine)
    spoilt = Spoil().run(data=mine)
    ygg.Graph("one").add(Spoil(), "spoil").run(data=mine)
    assert digest(mine) == before
    assert spoilt["value"]["places"][0]["name"] == "gone"


@pytest.mark.parametrize(("spoil", "tell"), [(Spoil(), Tell()), (HeavySpoil(), HeavyTell())])
def test_each_reader_of_an_edge_gets_its_own(spoil: Block, tell: Block) -> None:
    graph = ygg.Graph("two").add(Source(), "source").add(spoil, "spoil").add(tell, "tell")
    for node in ("spoil", "tell"):
        graph.connect("source.value", f"{node}.data").connect(f"{node}.value", f"self.{node}")
    graph.connect("source.value", "self.source")
    out = graph.run()
    assert out["tell"] == out["source"] == given()
    assert out["spoil"]["places"][0]["name"] == "gone"


def test_the_graphs_own_input_is_not_shared_between_its_nodes() -> None:
    graph = ygg.Graph("own").add(Spoil(), "spoil").add(Tell(), "tell")
    for node in ("spoil", "tell"):
        graph.connect("self.data", f"{node}.data").connect(f"{node}.value", f"self.{node}")
    assert graph.run(data=given())["tell"] == given()


def test_every_round_of_a_loop_reads_what_came_from_outside() -> None:
    graph = ygg.Graph("rounds").add(Spoil(), "spoil")
    graph.connect("self.data", "spoil.data").connect("spoil.value", "self.value")
    graph.loop("spoil", carry=[], times=3)
    assert len(graph.run(data=given())["value"]["places"]) == 2


def test_what_a_loop_carries_is_not_what_others_read_of_it() -> None:
    graph = ygg.Graph("carried").add(Spoil(), "spoil").add(Tell(), "tell")
    graph.connect("self.data", "spoil.data").connect("spoil.value", "tell.data").connect("tell.value", "self.value")
    graph.loop("spoil", "tell", carry=["spoil.value -> spoil.data"], times=3)
    carried = graph.run(data=given())["value"]
    assert len(carried["places"]) == 4
    assert [call.shared for call in cast(Any, graph.plan.steps[0]).calls] == [("data",), ("data",)]


def test_what_a_result_shares_with_nobody_is_not_copied() -> None:
    graph = ygg.Graph("chain").add(Source(), "source").add(Tell(), "tell")
    graph.connect("source.value", "tell.data").connect("tell.value", "self.value")
    calls = [cast(Any, step) for step in graph.plan.steps]
    assert [call.shared for call in calls] == [(), ()]


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(PortError, match="holds itself"):
        Tell().run(data=endless)
