"""`describe --mermaid` draws as many levels as it is told."""

import pytest

from tests.cli.command import ygg


@pytest.mark.parametrize(("depth", "inner"), [("1", False), ("2", True)])
def test_a_block_is_drawn_so_many_levels_deep(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], depth: str, inner: bool
) -> None:
    assert ygg(monkeypatch, "describe", "illustrate", "--mermaid", "--depth", depth) == 0
    assert ("subgraph" in capsys.readouterr().out) == inner
