"""Reading a run's events while it runs: a live view on a terminal, plain lines into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from yggdrasil.cli.output import tell
from yggdrasil.cli.progress import ENDS, FOUNDING, StepPosition, place_of
from yggdrasil.cli.reasons import noted, told
from yggdrasil.cli.translations import say
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.events import Event, EventKind
from yggdrasil.contract.running import listening


@contextmanager
def watched(title: str, steps: int = 0) -> Iterator[CancelToken]:
    """Show the runs inside: on a terminal a live picture, into a pipe a plain line for each finished stage.

    `steps` is the number of a world's steps; 0 for a run that has none.
    """
    if sys.stderr.isatty():
        from yggdrasil.cli.screen import Screen

        with Screen(title, steps) as screen, listening(screen, kinds=Screen.KINDS) as cancel:
            yield cancel
    else:
        with listening(Lines(steps), kinds=Lines.KINDS) as cancel:
            yield cancel


class Lines:
    """Plain lines for pipes and logs."""

    KINDS: ClassVar[frozenset[EventKind]] = frozenset(("started", "skipped", "note", *ENDS))

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._pace = StepPosition()
        self._began: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        place, itself = place_of(event)
        idle = self._pace.idle(event)
        self._pace.read(event)
        head = self._head(place)
        if event.kind == "note":
            name = say(place) if place else event.path
            tell(": ".join(part for part in (name, noted(event.data)) if part))
        elif itself and event.kind == "started":
            self._began[place] = event.time
        elif itself and event.kind in ENDS:
            tell(f"{head}: {say(event.kind)} ({event.time - self._began.get(place, event.time):.1f} s)")
        elif itself and event.kind == "skipped" and not idle:
            tell(f"{head}: {say('skipped')} ({told(event.data['reason'])})")

    def _head(self, place: str) -> str:
        counted = self._steps and self._pace.step and place != FOUNDING
        return f"[{self._pace.step}/{self._steps}] {say(place)}" if counted else say(place)
