"""The one stream of events: every run, at every level, tells what it does in these words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from yggdrasil.contract.errors import Cancelled

Kind = Literal[
    "started", "skipped", "progress", "preview", "token", "tool_call", "tool_result",
    "artifact", "note", "paused", "finished", "failed", "cancelled",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `kind`, the `path` of the place in the tree, the time (s since the epoch)."""

    kind: Kind
    path: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    time: float = field(default_factory=time.time)


Listener = Callable[[Event], None]


class CancelToken:
    """A flag that every depth of a run looks at; set once, never cleared. A part's own token hears its parent's."""

    def __init__(self, parent: CancelToken | None = None) -> None:
        self._set = False
        self._parent = parent

    def cancel(self) -> None:
        self._set = True

    @property
    def cancelled(self) -> bool:
        return self._set or (self._parent is not None and self._parent.cancelled)

    def check(self, where: str = "") -> None:
        """Raise Cancelled if the reader has gone."""
        if self.cancelled:
            raise Cancelled(where)
