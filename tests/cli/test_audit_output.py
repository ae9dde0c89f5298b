"""Text of a world is shown literally in every place, and never steers a terminal."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from yggdrasil.cli import pages
from yggdrasil.cli.output import print_json, tell, visible
from yggdrasil.cli.screen import Screen
from yggdrasil.contract import Event

HOSTILE = ["[/", "[q - 1", "[/#123]", "[red]x[/red]", "世界🙂", "\x1b[2J", "\x9b2J", "a\rb", "\x7f", "x" * 10_000]


def shown_world(text: str) -> dict[str, Any]:
    picture = {"slot": "scene", "path": text, "prompt": text}
    step = {"step": 1, "chronicle": text, "pictures": [picture], "perception": {"scene": {"text": text}}}
    world = {"places": [{"name": text, "description": text}], "characters": [], "items": [], "facts": [text]}
    return {"title": text, "name": text, "steps": [step], "world": {**world, "extra": {"unknown": [text]}}}


def raw_controls(text: str) -> set[str]:
    return {c for c in text if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_world_is_printed_literally(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    pages.world_page(shown_world(text))
    pages.where_page(text, text)
    print_json(shown_world(text))
    tell(f"note: {text}")
    captured = capsys.readouterr()
    assert raw_controls(captured.out + captured.err) == set()
    assert captured.out.count(visible(text)) >= 6 and visible(text) in captured.err
    assert json.loads(captured.out[captured.out.index("{\n") :]) == shown_world(text)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("text", HOSTILE[:-1])
def test_the_live_view_shows_streamed_text_literally(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Screen(text, 2)
    for path, kind, data in (
        ("w/development", "started", {}),
        ("w/development/body", "note", {"text": text}),
        ("w/author", "started", {}),
        ("w/author/llm", "token", {"text": text}),
        ("w/author", "finished", {}),
    ):
        screen(Event(kind=kind, path=path, data=data))  # pyright: ignore
    console = Console(file=Terminal(), width=200, height=60, force_terminal=False, color_system=None)
    console.print(screen.render())
    out = console.file.getvalue()  # pyright: ignore
    assert raw_controls(out) == set()
    assert out.count(visible(text)) >= 3
