"""What the nodes of a running loop have said."""

from __future__ import annotations

import time
from typing import Any

from yggdrasil.contract.context import Here
from yggdrasil.contract.errors import Paused
from yggdrasil.contract.running import perform
from yggdrasil.contract.taps import tell_taps
from yggdrasil.engine.flow.plan import PlannedCall

Waiting = tuple[PlannedCall, dict[str, Any], Here]
"""A call that is to be made, its inputs and its place."""


class LoopEvents:
    """What the nodes of a running loop have said: each begins once and ends once, whatever the number of rounds."""

    def __init__(self) -> None:
        self._begun: dict[str, None] = {}
        self._skipped: set[str] = set()

    def skips(self, name: str) -> bool:
        """Whether the node is to say that it is skipped: once, if it has not run before."""
        first = name not in self._begun and name not in self._skipped
        self._skipped.add(name)
        return first

    def begin(self, call: PlannedCall, place: Here) -> None:
        """Let a node begin whose work another one does."""
        if call.name not in self._begun:
            self._begun[call.name] = None
            place.emit("started", type=call.block.type_name, block_kind=call.block.kind)

    def perform(self, call: PlannedCall, values: dict[str, Any], place: Here) -> dict[str, Any]:
        begins = call.name not in self._begun
        self._begun[call.name] = None
        try:
            return perform(call.block, values, place, begins=begins, ends=False)
        except BaseException:  # raised again: it has told its own end, whichever, and is not to be told again
            del self._begun[call.name]
            raise

    def perform_joined(self, calls: list[Waiting], whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Make one call of `whole` that does the work of all; what each of them gives, by name."""
        for call, _, place in calls[:-1]:
            self.begin(call, place)
        last, _, place = calls[-1]
        audience = place.audience
        began = time.perf_counter()
        if audience is not None and audience.watched:
            place.audience = audience.without()
        made = last.block.parted(self.perform(last, whole, place), len(calls))
        place.audience = audience
        seconds = (time.perf_counter() - began) / len(calls)
        for (_, _, at), part in zip(calls, made, strict=True):
            tell_taps(at, part, seconds)
        return {call.name: part for (call, _, _), part in zip(calls, made, strict=True)}

    def end(self, above: Here, error: BaseException | None = None) -> None:
        """Let every node that began say how it ended; the one that failed has said so itself."""
        if above.audience is None:
            return
        for name in self._begun:
            place = above.below(name)
            if isinstance(error, Paused):
                place.emit("paused", ask=error.ask, id=error.id)
            else:
                place.emit("finished" if error is None else "cancelled")


class Gathered:
    """Calls of a loop that are to be made together: each is kept instead of made."""

    def __init__(self, told: LoopEvents) -> None:
        self.calls: list[Waiting] = []
        self.skips = told.skips

    def perform(self, call: PlannedCall, values: dict[str, Any], place: Here) -> dict[str, Any]:
        self.calls.append((call, values, place))
        return {}


def parted(waiting: list[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """The calls whose block is bare, which can be made as one, and those that dress it for themselves."""
    parts: tuple[list[Waiting], list[Waiting]] = ([], [])
    for one in waiting:
        extra = one[0].extra
        parts[extra is not None and extra.worn is not None].append(one)
    return parts
