"""The live view: stages with their times, streamed text, the picture as half-block cells, time left."""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

from yggdrasil.cli.output import visible
from yggdrasil.cli.progress import EPISODE, FOUNDING, StepPosition, place_of
from yggdrasil.cli.reasons import noted
from yggdrasil.cli.time_left import Clock, clock_face
from yggdrasil.cli.translations import say
from yggdrasil.contract.events import KINDS, Event, EventKind

_CELLS = 36
_SMALLEST = 12
_BESIDE = 30
"""Columns that stay beside a picture for the stages and their text."""
_LINES = 14
"""Rows that the stages with their text may take."""
_TAIL = 600
_STORY = 5
_MARKS = {"finished": ("✓", "green"), "skipped": ("–", "dim"), "failed": ("✗", "red"), "cancelled": ("–", "dim")}


class Screen:
    """Reads events from any thread; drawing happens in rich's own. `steps` is 0 for a run that has none."""

    KINDS: ClassVar[frozenset[EventKind]] = KINDS - {"tool_call", "tool_result", "artifact"}

    def __init__(self, title: str, steps: int) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self.title = title
        self.steps = steps
        self.stage = ""
        self.ends: dict[str, tuple[str, float]] = {}
        self.text = ""
        self.bar: tuple[int, int] = (0, 0)
        self.picture: Any = None
        self.notes: list[str] = []
        self.story: list[str] = []
        self._pace = StepPosition()
        self._clock = Clock()
        self._began = self._stage_began = time.time()
        self._lock = threading.Lock()
        self._spinner = Spinner("dots", style="cyan")
        self._console = Console(stderr=True)
        self._live = Live(get_renderable=self.render, console=self._console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        place, itself = place_of(event)
        if event.kind == "note":
            self._note(place, noted(event.data))
            return
        with self._lock:
            idle = self._pace.idle(event)
            self._pace.read(event)
            if itself and event.kind == "started":
                self._begin(place)
            elif itself and event.kind in _MARKS and not idle:
                self._end(place, event)
            elif event.kind == "token":
                self.text = (self.text + str(event.data.get("text", "")))[-_TAIL:]
            elif event.kind == "progress":
                self.bar = (int(event.data.get("done") or 0), int(event.data.get("of") or 0))
            elif event.kind == "preview":
                self.picture = event.data.get("image")

    def _note(self, place: str, text: str) -> None:
        """A note of the founding is true of the whole world and stays on the terminal; others go with their step."""
        if place == FOUNDING:
            self._console.print(visible(text), markup=False, highlight=False, emoji=False)
            return
        with self._lock:
            self.notes = [*self.notes[-1:], text]

    def _begin(self, stage: str) -> None:
        if stage == "development":
            self.ends, self.notes = {}, []
        self.stage, self.text, self.bar, self._stage_began = stage, "", (0, 0), time.time()

    def _end(self, stage: str, event: Event) -> None:
        seconds = time.time() - self._stage_began
        if event.kind == "finished" and stage in EPISODE:
            self._clock.measured(stage, seconds)
        if stage == "author" and event.kind == "finished" and self.text.strip():
            self.story = [*self.story[1 - _STORY :], self.text.strip()]
        self.ends[stage] = (event.kind, seconds)
        self.stage, self.text, self.bar = "", "", (0, 0)

    def render(self) -> Any:
        """What is on the screen now, within the terminal's width and height."""
        from rich.console import Group
        from rich.text import Text

        with self._lock:
            width, height = self._console.size
            head = Text(visible(self._head()), style="bold", no_wrap=True, overflow="ellipsis")
            size = min(_CELLS, width - _BESIDE, 2 * (height - 4)) // 2 * 2
            if self.picture is None or size < _SMALLEST:
                body, rows = Group(*self._stages(), *self._running(width)), _LINES
            else:
                body, rows = self._beside_picture(size, width - size - 3), max(_LINES, size // 2 + 2)
            return Group(head, body, *(Text(visible(text)) for text in self._fitting(width, height - rows - 2)))

    def _head(self) -> str:
        parts = [self.title]
        if self.steps and self._pace.step:
            parts.append(f"{say('step_word')} {min(self._pace.step, self.steps)}/{self.steps}")
        parts.append(clock_face(time.time() - self._began))
        left = self._left() if self.steps else None
        return "  ·  ".join(parts if left is None else [*parts, f"{say('left')} ~{clock_face(left)}"])

    def _left(self) -> float | None:
        spent = {stage: 0.0 for stage in EPISODE if stage not in self.ends}
        if self.stage in spent:
            spent[self.stage] = time.time() - self._stage_began
        return self._clock.left(max(self.steps - self._pace.step, 0), spent)

    def _stages(self) -> list[Any]:
        """Every stage of this step with its mark; before the first step, what goes on and for how long."""
        from rich.text import Text

        if self._pace.step:
            return [self._row(stage, at) for at, stage in enumerate(EPISODE)]
        founding = f"{say(FOUNDING)}  {clock_face(time.time() - self._stage_began)}"
        return [self._spinning(Text(founding if self.stage == FOUNDING else ""))]

    def _row(self, stage: str, at: int) -> Any:
        from rich.text import Text

        if stage == self.stage:
            return self._spinning(Text(f"{say(stage)}  {clock_face(time.time() - self._stage_began)}"))
        if stage in self.ends:
            kind, seconds = self.ends[stage]
            mark, style = _MARKS[kind]
            return Text(f"{mark} {say(stage)}  {clock_face(seconds)}", style=style)
        done_before = self.stage in EPISODE and at < EPISODE.index(self.stage)
        return Text(f"{'✓' if done_before else '·'} {say(stage)}", style="dim")

    def _spinning(self, text: Any) -> Any:
        from rich.table import Table

        text.stylize("cyan")
        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_row(self._spinner, text)
        return row

    def _running(self, width: int) -> list[Any]:
        """What the running stage shows: a bar, its text, notes."""
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        lines: list[Any] = []
        if self.bar[1]:
            lines.append(ProgressBar(total=self.bar[1], completed=self.bar[0], width=min(30, width)))
        if text := self.text.strip():
            lines.append(Text(visible(text[-width * 4 :]), style="dim"))
        return lines + [Text(visible(note), style="yellow") for note in self.notes]

    def _beside_picture(self, size: int, width: int) -> Any:
        from rich.console import Group
        from rich.panel import Panel
        from rich.table import Table

        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=size + 2)
        grid.add_column(width=width)
        picture = Panel(cells(self.picture, size), padding=0, width=size + 2, border_style="dim")
        grid.add_row(picture, Group(*self._stages(), *self._running(width)))
        return grid

    def _fitting(self, width: int, rows: int) -> list[str]:
        """The newest lines of the story that fit into so many rows."""
        found: list[str] = []
        for text in reversed(self.story):
            rows -= len(text) // max(width - 10, 10) + 1
            if rows < 0:
                break
            found.insert(0, text)
        return found


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
