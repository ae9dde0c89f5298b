"""What a run looks like while it runs: stages, streamed text, the picture as half-block cells, time left."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yggdrasil.cli.output import tell, visible
from yggdrasil.cli.words import say
from yggdrasil.contract.events import CancelToken, Event
from yggdrasil.contract.running import listening

STAGES = ("philosopher", "author", "update", "development", "architect", "creator")
_CELLS = 36
_TAIL = 600
_STORY = 5


@contextmanager
def watched(title: str, steps: int) -> Iterator[CancelToken]:
    """Show the runs inside; on a terminal a live picture, into a pipe a plain line for each finished stage."""
    if sys.stderr.isatty():
        with _Screen(title, steps) as screen, listening(screen) as cancel:
            yield cancel
    else:
        with listening(_Lines()) as cancel:
            yield cancel


def stage_of(event: Event) -> tuple[str, bool]:
    """The stage that an event tells of, and whether it is the stage itself that speaks."""
    parts = event.path.split("/")
    for i, part in enumerate(parts):
        if part in STAGES:
            return part, i == len(parts) - 1
    return "", False


class _Lines:
    """Plain lines for pipes and logs."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        stage, itself = stage_of(event)
        if itself and event.kind == "started":
            self._began[stage] = event.time
        elif itself and event.kind in ("finished", "failed", "cancelled"):
            seconds = event.time - self._began.get(stage, event.time)
            tell(f"{say(stage)}: {say(event.kind)} ({seconds:.1f} s)")
        elif itself and event.kind == "skipped":
            tell(f"{say(stage)}: {say('skipped')} ({event.data.get('reason', '')})")
        elif event.kind == "note":
            tell(f"{event.path}: {event.data.get('text', '')}")


class _Screen:
    """The live view; events come from any thread, drawing happens in rich's own."""

    def __init__(self, title: str, steps: int) -> None:
        from rich.console import Console
        from rich.live import Live

        self.title = title
        self.steps = max(steps, 1)
        self.step = 1
        self.stage = ""
        self.done: list[str] = []
        self.text = ""
        self.bar: tuple[int, int] = (0, 0)
        self.picture: Any = None
        self.notes: list[str] = []
        self.story: list[str] = []
        self.began = time.time()
        self._finished = 0
        self._lock = threading.Lock()
        self._live = Live(
            get_renderable=self._render, console=Console(stderr=True), refresh_per_second=8, transient=True
        )

    def __enter__(self) -> _Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        stage, itself = stage_of(event)
        with self._lock:
            if itself and event.kind == "started":
                self._begin(stage)
            elif itself and event.kind in ("finished", "skipped", "failed"):
                self._end(stage, event)
            elif event.kind == "token":
                self.text = (self.text + str(event.data.get("text", "")))[-_TAIL:]
            elif event.kind == "progress":
                self.bar = (int(event.data.get("done") or 0), int(event.data.get("of") or 0))
            elif event.kind == "preview":
                self.picture = event.data.get("image")
            elif event.kind == "note":
                self.notes = [*self.notes[-2:], str(event.data.get("text", ""))]

    def _begin(self, stage: str) -> None:
        if stage == "development" and self.stage:
            self.step, self.done = min(self.step + 1, self.steps), []
        self.stage, self.text, self.bar = stage, "", (0, 0)

    def _end(self, stage: str, event: Event) -> None:
        if stage == "author" and event.kind == "finished" and self.text.strip():
            self.story = [*self.story[-_STORY:], self.text.strip()]
        if event.kind != "skipped":
            self._finished += 1
        mark = {"finished": "✓", "skipped": "–", "failed": "✗"}[event.kind]
        self.done = [*self.done, f"{mark} {say(stage)}"][-6:]

    def _render(self) -> Any:
        from rich.columns import Columns
        from rich.console import Group
        from rich.panel import Panel
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        with self._lock:
            head = Text(
                visible(f"{self.title}  ·  {say('step_word')} {self.step}/{self.steps}{self._left()}"), style="bold"
            )
            lines: list[Any] = [Text(line, style="green") for line in self.done[-5:]]
            lines.append(Text(f"▸ {say(self.stage or 'founding')}", style="cyan"))
            if self.bar[1]:
                lines.append(ProgressBar(total=self.bar[1], completed=self.bar[0], width=30))
            lines.append(Text(visible(self.text), style="dim"))
            lines += [Text(visible(n), style="yellow") for n in self.notes[-2:]]
            body = Group(*lines)
            story = [Text(visible(line)) for line in self.story]
            shown = Columns([Panel(cells(self.picture), padding=0), body]) if self.picture else body
            return Group(head, shown, *story)

    def _left(self) -> str:
        if self._finished < 3:
            return ""
        whole = self.steps * 6
        seconds = (time.time() - self.began) / self._finished * max(whole - self._finished, 0)
        return f"  ·  {seconds // 60:.0f}:{seconds % 60:02.0f} {say('left')}"


def cells(image: Any, width: int = _CELLS) -> Any:
    """A picture as half-block cells: each cell shows two pixels, one above the other."""
    from rich.text import Text

    small = image.convert("RGB").resize((width, width))
    pixels = small.load()
    text = Text(no_wrap=True)
    for y in range(0, width - width % 2, 2):
        for x in range(width):
            (r, g, b), (r2, g2, b2) = pixels[x, y], pixels[x, y + 1]
            text.append("▀", style=f"rgb({r},{g},{b}) on rgb({r2},{g2},{b2})")
        text.append("\n" if y < width - 2 else "")
    return text
