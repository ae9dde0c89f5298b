"""How long a run still takes, by what its stages took so far."""

from __future__ import annotations

from collections.abc import Mapping

from yggdrasil.cli.progress import EPISODE


class Clock:
    """Measured seconds of each stage. The first measure, which holds the loading of models, counts while alone."""

    def __init__(self) -> None:
        self._taken: dict[str, list[float]] = {}

    def measured(self, stage: str, seconds: float) -> None:
        self._taken.setdefault(stage, []).append(seconds)

    def usual(self, stage: str) -> float:
        """The seconds that the stage usually takes; 0 if it never ran."""
        taken = self._taken.get(stage, [])
        known = taken[1:] or taken
        return sum(known) / len(known) if known else 0.0

    def left(self, steps: int, open_stages: Mapping[str, float]) -> float | None:
        """Seconds for `steps` whole steps and the stages of this one that are not finished (name → seconds spent).

        None until each of the six was measured once.
        """
        if any(stage not in self._taken for stage in EPISODE):
            return None
        here = sum(max(self.usual(stage) - spent, 0.0) for stage, spent in open_stages.items())
        return here + steps * sum(self.usual(stage) for stage in EPISODE)


def clock_face(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
