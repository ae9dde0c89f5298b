"""A block is told in words, weighed before it runs and measured while it does."""

from pathlib import Path

import pytest

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import painter
from tests.levels.scripted import scripted
from yggdrasil.ports import Text
from yggdrasil.store import locale


class Add(ygg.Block, type="test_seen/add"):
    """Add a letter. It does no more."""

    pure = True

    def forward(self, text: Text) -> Text:
        return text + "a"


def test_each_node_has_its_calls_seconds_and_bytes(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    measured = ygg.profile(graph, prompt="a fox", steps=3, guidance_scale=4.0)
    rows = {row.path: row for row in measured.rows}
    top = measured.rows[0]
    assert top.path == graph.name and top.share == 1.0 and top.seconds == measured.seconds
    assert rows[f"{graph.name}/solver"].calls == 4 and rows[f"{graph.name}/backbone"].calls == 3
    assert rows[f"{graph.name}/backbone_uncond"].calls == 3
    assert sum(r.seconds for p, r in rows.items() if p.count("/") == 1) <= measured.seconds
    (decode,) = (name for name, part in graph.children().items() if "images" in part.outputs)
    assert rows[f"{graph.name}/{decode}"].bytes >= 2 * 16 * 16 * 3
    assert measured.outputs.image.size == (16, 16)


def test_what_came_from_the_cache_is_told_and_nothing_of_it_is_called() -> None:
    graph = ygg.Graph("line").add(Add(), "add")
    again = [ygg.profile(graph, text="b").rows for _ in range(2)][1]
    assert [(row.path, row.calls, row.cached) for row in again] == [("line", 1, 0), ("line/add", 0, 1)]


def test_the_rounds_of_a_loop_are_one_row_and_the_table_prints_itself() -> None:
    measured = ygg.profile(ygg.Graph("line").add(ygg.loop(Add(), times=5), "grow"), text="")
    assert [(row.path, row.calls) for row in measured.rows] == [("line", 1), ("line/grow", 1), ("line/grow/body", 5)]
    lines = str(measured).splitlines()
    assert lines[0].split() == ["part", "calls", "seconds", "share", "cached", "bytes"] and len(lines) == 4
    assert measured._repr_html_().count("<tr>") == 4


def test_a_worlds_step_is_measured_by_its_stages(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    paths = [row.path for row in ygg.profile(world).rows]
    assert paths[0] == world.name and f"{world.name}/author" in paths


def test_who_measures_nothing_leaves_no_trace() -> None:
    graph = ygg.Graph("line").add(Add(), "add")
    ygg.profile(graph, text="c")
    assert [e.kind for e in graph.stream(text="d")] == ["started", "started", "finished", "finished"]


def test_weights_and_calls_are_told_before_the_run() -> None:
    told = ygg.estimate(ygg.load("painter"), prompt="a fox", steps=7)
    rows = {row.path: row for row in told.rows}
    assert (rows["painter/solver"].calls, rows["painter/backbone"].calls) == (8, 7)
    assert rows["painter/backbone_uncond"].calls == 7 and rows["painter/backbone_uncond"].parameters == 0
    assert told.parameters == sum(row.parameters for row in told.rows) > 0
    assert rows["painter/backbone"].memory == 4 * rows["painter/backbone"].parameters, "it computes in float32"
    assert told.disk < told.memory, "its file holds half floats"
    assert "7 rounds" in told.unknown[0] and "painter" in str(told)


def test_the_calls_that_were_told_are_those_that_are_made() -> None:
    graph = ygg.load("painter", ygg.Graph)
    told = {row.path: row.calls for row in ygg.estimate(graph, prompt="an owl", steps=2, guidance_scale=3.0).rows}
    made = {row.path: row.calls for row in ygg.profile(graph, prompt="an owl", steps=2, guidance_scale=3.0).rows}
    assert {path: calls for path, calls in told.items() if "encode" not in path} == {
        path: calls for path, calls in made.items() if "encode" not in path
    }


def test_what_only_the_run_tells_is_said_to_be_unknown(tmp_path: Path) -> None:
    told = ygg.estimate(scripted(tmp_path / "w"))
    assert told.rows[1].calls is None and "only the run tells" in told.unknown[0]


def test_a_graph_is_told_in_words_in_its_order_with_loops_and_further_calls(tmp_path: Path) -> None:
    text = ygg.explain(ygg.load("painter"))
    order = [text.index(word) for word in ("Takes: prompt (text)", "1. tokenizer", "Round after round", "Gives: image")]
    assert order == sorted(order)
    assert "backbone is called again as backbone_uncond" in text and "until solver.next_timestep" in text
    world = ygg.explain(scripted(tmp_path / "w"))
    assert world.index("- philosopher") < world.index("- author") < world.index("- creator")


def test_loops_and_branches_are_told() -> None:
    assert "Rounds of 3:\n- body: Add a letter.\n" in ygg.explain(ygg.loop(Add(), times=3))
    assert "One of these, by mood:\n- calm: Add a letter." in ygg.explain(ygg.choose("mood", {"calm": Add()}))


def test_the_words_are_russian_where_the_locale_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    locale.russian.cache_clear()
    try:
        assert "Принимает: text (text).\nКруги: 2:" in ygg.explain(ygg.loop(Add(), times=2))
    finally:
        monkeypatch.undo()
        locale.russian.cache_clear()
