"""What a world's agents remember at one moment of its history: read from the log, and kept there by the stage."""

from __future__ import annotations

from typing import Any

from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.log import Log


class StageMemories:
    """The memories that a session of one stage works on, by place; `news` is what the stage changed,
    `known` what is known of them already."""

    def __init__(self, log: Log, branch: Branch, step: int, position: int, known: dict[str, Any] | None = None) -> None:
        self._log = log
        self._moment = (branch, step, position)
        self._known: dict[str, Any] = {} if known is None else known
        self.news: dict[str, Any] = {}

    def get(self, place: str, /) -> Any:
        if place in self.news:
            return self.news[place]
        if place not in self._known:
            self._known[place] = self._log.snapshots.memory(*self._moment, place)
        return self._known[place]

    def __setitem__(self, place: str, state: Any, /) -> None:
        self.news[place] = state
