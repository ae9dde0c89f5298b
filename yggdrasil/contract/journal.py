"""What a run asks of its journal; a world's log and a session's are journals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Journal(Protocol):
    """A record of effects: each is acted once, then answered from the record for ever."""

    def once(self, place: str, name: str, inputs: Any, act: Callable[[], Any], repeat: bool = True) -> Any: ...
