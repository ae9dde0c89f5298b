"""A session read again out of its log: every digest and artifact is checked, and nothing is called."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from yggdrasil.contract.context import here, standing
from yggdrasil.contract.digest import digest
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.levels.session.folder import SessionFolder
from yggdrasil.levels.session.turn import Turn
from yggdrasil.levels.world.replay import same


def replayed(home: SessionFolder, branch: Branch, turns: list[Turn], *, told: bool) -> tuple[list[Turn], int]:
    """The turns, and how many artifacts they name. Raises ReplayError, ArtifactError."""
    log = home.log
    records = log.history(branch, 0)
    if not records:
        return [], 0
    first = log.snapshots.nearest(branch, 0)[1]
    file = str(log.database.path)
    same(digest({"before": "", "content": first}), records[0].digest, "turn 0", file)
    verified: set[str] = set()
    for (before, record), turn in zip(pairwise(records), turns, strict=True):
        here().check()
        same(log.chain(branch, record, before.digest), record.digest, f"turn {record.step}", file)
        _verify([record.given, [stage.output for stage in record.stages]], home, verified)
        if told:
            _tell(turn)
    return turns, len(verified)


def _verify(value: Any, home: SessionFolder, verified: set[str]) -> None:
    if isinstance(value, list):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            _verify(part, home, verified)
    elif isinstance(value, dict):
        sha: Any = value.get("sha256")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if "recorded as" in value and isinstance(sha, str) and sha not in verified:
            home.artifacts.get(sha)
            verified.add(sha)
        _verify(list(value.values()), home, verified)  # pyright: ignore[reportUnknownArgumentType]


def _tell(turn: Turn) -> None:
    for event in turn.events:
        data = {name: value for name, value in event.items() if name not in ("kind", "path")}
        with standing(here().but(path=event["path"])) as place:
            place.emit(event["kind"], **data)
