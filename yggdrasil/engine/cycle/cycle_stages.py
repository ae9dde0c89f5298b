"""Canon's cycle as data: which stage needs which blocks, which one it writes, and in which order they run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from yggdrasil.contract.events import Reason, reason

BLOCKS = ("intent", "plan", "artifacts", "perception", "chronicle")
"""The five blocks of a state: what should happen, how to make it, what was made, what it shows, what happened."""


@dataclass(frozen=True)
class StageRole:
    """A stage's place in the cycle; `writes` is empty for World update, which writes the world itself."""

    name: str
    needs: tuple[str, ...]
    writes: str


PHILOSOPHER = StageRole("philosopher", BLOCKS[:3], "perception")
AUTHOR = StageRole("author", BLOCKS[:4], "chronicle")
UPDATE = StageRole("update", BLOCKS, "")
DEVELOPMENT = StageRole("development", (), "intent")
ARCHITECT = StageRole("architect", ("intent",), "plan")
CREATOR = StageRole("creator", ("plan",), "artifacts")

ORDER = (PHILOSOPHER, AUTHOR, UPDATE, DEVELOPMENT, ARCHITECT, CREATOR)
ROLES = {role.name: role for role in ORDER}
POSITIONS = (*ORDER, PHILOSOPHER, AUTHOR, UPDATE)
"""The places of one step: the first three settle the state passed in, the other six are one episode."""
END = len(POSITIONS)
"""Behind the last position: a bound below which all of a step stands."""
GIVEN_APPLIED = ORDER.index(UPDATE)
"""The position of the World update that applies the state passed in."""
SETTLED = GIVEN_APPLIED + 1
"""The position at which the step's own episode begins."""
CREATED = ORDER.index(CREATOR)
"""The position of the Creator."""
LOOKING = CREATED + 1
"""The position from which an episode only settles what its Creator made."""
OWN_APPLIED = END - 1
"""The position of the World update that applies what the step itself made; the step's last."""


def is_filled(value: Any) -> bool:
    """Present and not empty; 0 and False are values, blank text is not."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, dict | list | tuple):
        return bool(cast("dict[str, Any] | list[Any]", value))
    return value is not None


def missing(state: Mapping[str, Any], needed: Iterable[str]) -> list[str]:
    """The blocks of `needed` that are not filled."""
    return [block for block in needed if not is_filled(state.get(block))]


def reason_to_skip(role: StageRole, state: Mapping[str, Any]) -> Reason | None:
    """Why the stage is skipped by canon's rule; None if it runs."""
    lacking = missing(state, role.needs)
    if role is UPDATE and lacking:
        filled = [b for b in BLOCKS if b not in lacking]
        return reason("dropped", blocks=lacking) if filled else reason("no_state")
    if lacking:
        return reason("needs", blocks=lacking)
    if role.writes and is_filled(state.get(role.writes)):
        return reason("filled", block=role.writes)
    return None
