"""A node that is tried again where it fails, stopped where it hangs, and gives what it would have given at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import yggdrasil as ygg
from yggdrasil.errors import ConfigError, PortError, TooSlow
from yggdrasil.ports import Text


class Shaky(ygg.Block, type="test_retrying/shaky"):
    """Fail as often as it is told to, then give a number drawn from the seed."""

    failures: int = 0

    def forward(self, text: Text) -> Text:
        if self.failures:
            self.failures -= 1
            raise OSError("the line is down")
        return f"{text} {ygg.here().seed % 1000}"


def test_it_gives_what_it_would_have_given_at_once_and_says_how_often_it_failed() -> None:
    smooth, shaky = ygg.retrying(Shaky()), ygg.retrying(Shaky(failures=2), times=2, wait=0)
    stream = shaky.stream(text="a")
    notes = [event.data["text"] for event in stream if event.kind == "note"]
    assert stream.outputs.text == smooth.run(text="a").text
    assert ["tried again in 0 s: OSError: the line is down" in note for note in notes] == [True, True]


def test_what_is_told_of_a_failure_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "sk-very-secret")

    def ask(text: str) -> str:
        """Ask the shop."""
        if not told:
            told.append("failed")
            raise OSError("refused the key sk-very-secret")
        return text

    told: list[str] = []
    notes = [e.data for e in ygg.retrying(ask, wait=0).stream(text="a") if e.kind == "note"]
    assert len(notes) == 1 and "sk-very-secret" not in str(notes) and "refused the key" in str(notes)


def test_the_last_failure_is_the_blocks_own() -> None:
    with pytest.raises(OSError, match="the line is down"):
        ygg.retrying(Shaky(failures=3), times=2, wait=0).run(text="a")


def test_one_that_hangs_is_stopped_and_tried_again() -> None:
    begun: list[int] = []

    def hanging(text: str) -> str:
        """Hang at first."""
        begun.append(len(begun))
        if len(begun) == 1:
            ygg.here().cancel.wait(5)
            ygg.here().check()
        return text

    assert ygg.retrying(hanging, times=1, wait=0, seconds=0.05).run(text="a").text == "a"
    with pytest.raises(TooSlow, match=r"within 0\.05 seconds"):
        ygg.retrying(lambda text: threading.Event().wait(1), times=0, seconds=0.05).run(text="a")


def test_bad_inputs_and_what_must_not_be_done_twice_are_refused() -> None:
    with pytest.raises(PortError):
        ygg.retrying(Shaky()).run(text=1)

    @ygg.block(repeatable=False)
    def pay(text: str) -> str:
        """Pay once."""
        return text

    with pytest.raises(ConfigError, match="pay must not be done twice"):
        ygg.retrying(pay)
    assert ygg.retrying(pay, times=0, seconds=5).run(text="a").text == "a"


def test_it_stands_in_a_graph_and_is_saved_with_it(tmp_path: Path) -> None:
    graph = ygg.Graph("g").add(ygg.retrying(Shaky(failures=1), wait=0), "shaky")
    ygg.save(graph, tmp_path / "g")
    loaded = ygg.load(tmp_path / "g")
    assert loaded.run(text="a") == graph.run(text="a")
