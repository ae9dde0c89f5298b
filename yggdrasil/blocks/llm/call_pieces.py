"""Tool calls that are streamed in pieces: which piece belongs to which call, also where a server numbers none."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass
class Call:
    """A call so far; `index` is the server's number of it, if it gave one."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""

    @property
    def complete(self) -> bool:
        """Whether its arguments are a whole JSON object, so that nothing can follow."""
        try:
            return isinstance(json.loads(self.arguments), dict)
        except (ValueError, RecursionError):
            return False


class CallPieces:
    """The calls of one turn in the order in which they began."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def take(self, index: int | None, id: str, name: str, arguments: str) -> None:
        """Add a piece: to the call that it goes on with, else to a new one."""
        call = self._goes_on(index, id, name)
        if call is None:
            call = Call(index)
            self.calls.append(call)
        call.id = id or call.id
        if name != call.name or not id:
            call.name += name
        call.arguments += arguments

    def _goes_on(self, index: int | None, id: str, name: str) -> Call | None:
        """A number tells calls apart, so does an id, and so does a name after arguments have begun."""
        of_index = [call for call in self.calls if index is None or call.index is None or call.index == index]
        if id:
            same = next((call for call in of_index if call.id == id), None)
            if same is not None:
                return None if name and same.complete else same
            last = of_index[-1] if of_index else None
            return last if last is not None and not last.id and not (name and last.name) else None
        last = of_index[-1] if of_index else None
        if last is None or not name or not last.name:
            return last
        return None if index is None or last.arguments or not last.id else last
