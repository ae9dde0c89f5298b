"""A loaded graph is edited as the one that was saved: what is taken out and put back wires itself in again."""

from pathlib import Path

import pytest

import yggdrasil as ygg


@pytest.fixture(scope="module")
def painter() -> ygg.Graph:
    return ygg.load("painter", ygg.Graph)


def loaded(graph: ygg.Graph, path: Path) -> ygg.Graph:
    own = ygg.Graph("own")
    for name, part in graph.children().items():
        own.add(part, name)
    return ygg.load(ygg.save(own, path), ygg.Graph)


def test_each_node_that_ends_no_loop_is_taken_out_and_put_back(painter: ygg.Graph, tmp_path: Path) -> None:
    graph = loaded(painter, tmp_path / "x")
    whole, edges = graph.run(prompt="a fox", steps=1).image.tobytes(), set(map(str, graph.net.edges))
    loop = graph.net.loops[0]
    for name, part in graph.children().items():
        if name != loop.until.partition(".")[0]:
            again = ygg.load(tmp_path / "x", ygg.Graph)
            again.remove(name).add(part, name)
            assert again.run(prompt="a fox", steps=1).image.tobytes() == whole, name
            assert set(map(str, again.net.edges)) == edges, name
            assert set(again.net.loops[0].nodes) == set(loop.nodes), name


def test_an_edge_that_is_drawn_comes_first(painter: ygg.Graph, tmp_path: Path) -> None:
    graph = loaded(painter, tmp_path / "x")
    part = graph["decode"]
    graph.remove("decode").add(part, "decode").connect("solver.next_latent", "decode.latent")
    assert graph.run(prompt="a fox", steps=1).image.size
    assert list(map(str, graph.net.edges)).count("solver.next_latent -> decode.latent") == 1
