"""Which stage of which step an event tells of: what every view of a world's run goes by."""

from __future__ import annotations

from yggdrasil.contract.events import Event, EventKind

EPISODE = ("development", "architect", "creator", "philosopher", "author", "update")
"""The stages of a step in the order in which they run."""
FOUNDING = "founding"
ENDS: tuple[EventKind, ...] = ("finished", "failed", "cancelled")


def place_of(event: Event) -> tuple[str, bool]:
    """The stage (or the founding) that an event tells of, and whether it is that itself which speaks."""
    parts = event.path.split("/")
    for i, part in enumerate(parts):
        if part in EPISODE or part == FOUNDING:
            return part, i == len(parts) - 1
    return "", False


class StepPosition:
    """Which step runs, and whether its episode has begun; before, stages only settle what was left over."""

    def __init__(self) -> None:
        self.step = 0
        self.episode = False

    def read(self, event: Event) -> None:
        place, itself = place_of(event)
        if not itself or event.kind not in ("started", "skipped", *ENDS):
            return
        if event.kind == "started" and (place == "development" or (place in EPISODE and not self.step)):
            self.step, self.episode = self.step + 1, True
        elif place == "update" and event.kind != "started":
            self.episode = False

    def idle(self, event: Event) -> bool:
        """Whether the event only says that nothing was left over."""
        return event.kind == "skipped" and not self.episode and event.data["reason"]["code"] != "dropped"
