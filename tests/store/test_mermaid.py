"""A flowchart shows nodes as they are nested, edges with their ports, loops and choices."""

from pathlib import Path

import pytest

import yggdrasil as ygg
from tests.levels.scripted import scripted
from yggdrasil.contract import Block
from yggdrasil.ports import Text


class Add(Block, type="test/mermaid_add"):
    """Add a letter."""

    def forward(self, text: Text) -> Text:
        return text + "a"


def test_edges_are_arrows_and_a_loop_goes_back() -> None:
    lines = ygg.mermaid(ygg.loop(Add(), times=3)).splitlines()
    assert lines == [
        "flowchart LR",
        '    w_0["body<br/><small>test/mermaid_add</small>"]',
        '    w_0 -.->|"times 3"| w_0',
    ]


def test_a_choice_is_a_diamond_with_its_cases() -> None:
    text = ygg.mermaid(ygg.choose("mood", {"calm": Add(), "wild": Add()}))
    assert '{"mood"}' in text and '-->|"calm"|' in text and '-->|"wild"|' in text


def test_the_painter_shows_its_solver_loop() -> None:
    text = ygg.mermaid(ygg.load("painter"))
    names = {line.split("[")[0].strip(): line for line in text.splitlines() if "[" in line}
    solver = next(number for number, line in names.items() if '"solver<' in line)
    backbone = next(number for number, line in names.items() if '"backbone<' in line)
    assert f'{solver} -->|"model_latent, next_timestep"| {backbone}' in text
    assert f'-.->|"pred_guided"| {solver}' in text and '("prompt")' in text


@pytest.mark.parametrize(("depth", "inner"), [(1, 0), (2, 2)])
def test_depth_says_how_far_it_is_opened(depth: int, inner: int) -> None:
    assert ygg.mermaid(ygg.load("illustrate"), depth).count("subgraph") == inner


def test_a_world_goes_round(tmp_path: Path) -> None:
    text = ygg.mermaid(scripted(tmp_path / "w"), 1)
    assert text.count("-->") == 5 and text.count("-.->") == 1 and "philosopher<br/>" in text


def test_names_that_mermaid_would_read_are_written_out() -> None:
    graph = ygg.Graph("odd").add(ygg.choose("mood", {'a "b"': Add(), "c": Add()}), "end")
    text = ygg.mermaid(graph)
    assert '"end<br/>' in text and '-->|"a #34;b#34;"|' in text
