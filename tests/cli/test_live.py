"""The live view and the plain lines: what they say, when they say nothing, and that it fits the terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image as Pictures
from rich.console import Console

from yggdrasil.cli.live import Lines
from yggdrasil.cli.progress import EPISODE
from yggdrasil.cli.screen import Screen
from yggdrasil.cli.time_left import Clock, clock_face
from yggdrasil.contract import Event, reason

NEEDS = reason("needs", blocks=["intent"])
SKIPS = [("philosopher", NEEDS), ("author", NEEDS), ("update", reason("no_state"))]


def event(kind: Any, path: str, **data: Any) -> Event:
    return Event(kind=kind, path=path, data=data)


def whole_step(read: Any, note: str = "") -> None:
    for stage, why in SKIPS:
        read(event("skipped", f"w/{stage}", reason=why))
    for stage in EPISODE:
        read(event("started", f"w/{stage}"))
        if note and stage == "development":
            read(event("note", f"w/{stage}/body", text=note))
        if stage == "creator":
            read(event("progress", f"w/{stage}/body", done=1, of=2))
            read(event("preview", f"w/{stage}/body", image=Pictures.new("RGB", (64, 64))))
        if stage == "author":
            read(event("token", f"w/{stage}/body", text="Something long has happened here. " * 4))
        read(event("finished", f"w/{stage}"))


def drawn(screen: Screen, width: int, height: int) -> list[str]:
    """The lines of the view as a terminal of that size shows them."""
    screen._console = Console(file=io.StringIO(), width=width, height=height)
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(screen.render())
    return console.file.getvalue().splitlines()  # pyright: ignore


@pytest.mark.parametrize(("width", "height"), [(110, 34), (80, 24), (60, 30), (40, 12)])
def test_the_view_fits_and_no_stage_is_cut(width: int, height: int) -> None:
    screen = Screen("a wish that is rather long and goes on and on for the width of the terminal", 5)
    for _ in range(3):
        whole_step(screen)
    screen(event("started", "w/development"))
    screen(event("token", "w/development/body", text="word " * 100))
    lines = drawn(screen, width, height)
    assert len(lines) <= height and max(len(line) for line in lines) <= width
    for stage in ("Development", "Architect", "Creator", "Philosopher", "Author", "World update"):
        assert any(stage in line for line in lines)
    panel = [line for line in lines if line.startswith(("╭", "╰"))]
    assert len(panel) == (2 if width >= 60 else 0)


def test_the_founding_shows_that_it_lives_and_its_notes_stay() -> None:
    screen = Screen("a wish", 2)
    out = io.StringIO()
    screen._console = Console(file=out, width=80)
    screen(event("started", "founding"))
    screen._stage_began -= 65
    screen(event("note", "founding/body", text="not understood: [b]x[/b]"))
    assert out.getvalue() == "not understood: [b]x[/b]\n"
    assert "founding the world  1:05" in drawn(screen, 80, 24)[1]


def test_notes_of_an_earlier_step_go_and_settling_is_silent() -> None:
    screen = Screen("a wish", 2)
    whole_step(screen, note="a note of step one")
    assert "a note of step one" in "\n".join(drawn(screen, 100, 30))
    for stage, why in SKIPS:
        screen(event("skipped", f"w/{stage}", reason=why))
    screen(event("started", "w/development"))
    view = "\n".join(drawn(screen, 100, 30))
    assert "a note" not in view and "step 2/2" in view and "–" not in view


def test_a_skip_within_a_step_and_a_dropped_state_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    read = Lines(2)
    whole_step(read)
    read(event("skipped", "w/update", reason=reason("dropped", blocks=["plan"])))
    read(event("started", "w/development"))
    read(event("finished", "w/development"))
    read(event("skipped", "w/architect", reason=NEEDS))
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 6 + 1 + 1 + 1 and err[0].startswith("[1/2] Development: done (")
    assert err[6] == "[1/2] World update: skipped (the state is dropped: plan missing)"
    assert err[8] == "[2/2] Architect: skipped (needs intent)"


def test_the_time_left_is_weighted_by_stage_and_unknown_before_the_first_step_is_over() -> None:
    clock = Clock()
    for stage, seconds in zip(EPISODE[:5], (30, 0, 4, 0, 6), strict=True):
        clock.measured(stage, seconds)
    assert clock.left(3, {"update": 0}) is None
    clock.measured("update", 0)
    assert clock.left(2, {}) == 80
    clock.measured("development", 2)
    clock.measured("development", 4)
    assert clock.left(1, {"creator": 3, "author": 9}) == 1 + 0 + (3 + 4 + 6)
    assert [clock_face(s) for s in (0, 9.6, 61, 3600)] == ["0:00", "0:10", "1:01", "1:00:00"]


def test_a_run_without_steps_shows_no_stages() -> None:
    screen = Screen("painter", 0)
    screen(event("started", "painter"))
    screen(event("progress", "painter", done=3, of=9))
    view = "\n".join(drawn(screen, 80, 24))
    assert "painter  ·  0:00" in view and "━" in view and "Development" not in view and "step" not in view
