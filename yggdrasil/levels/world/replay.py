"""Recorded replay: a world is lived again out of its log, every hash is checked, and no model is called."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from yggdrasil.contract.context import here, standing
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import YggError
from yggdrasil.contract.events import Reason, made_known
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.log import FILE
from yggdrasil.engine.cycle.records import StageRecord, StepRecord
from yggdrasil.levels.world.life import Life, stored_content
from yggdrasil.levels.world.step import Step
from yggdrasil.state.content import Content
from yggdrasil.state.operations import apply, parse_operations


class ReplayError(YggError):
    """The log does not reproduce what it says; it was changed from outside, or is broken."""


@dataclass(frozen=True, repr=False)
class Replay:
    """A replay that was exact: the steps, the last content, its digest, and how many artifacts were verified."""

    steps: list[Step]
    content: Content
    digest: str
    artifacts: int

    def __repr__(self) -> str:
        return f"<exact replay of {len(self.steps)} steps, {self.artifacts} artifacts, digest {self.digest[:12]}>"


def replay(life: Life, branch: Branch) -> Replay:
    """Recompute the branch's content step by step and verify it. Raises ReplayError or ArtifactError."""
    log, last = life.log, life.log.last_step(branch)
    records = log.history(branch, 0, last)
    if not records:
        raise ReplayError("the world is not founded", where=str(life.home), mend="step it once")
    content = stored_content(log.snapshots.nearest(branch, 0)[1], f"{life.home}: step 0")
    same(digest({"before": "", "content": content.to_json()}), records[0].digest, "step 0")
    snapshots = set(log.snapshots.snapshot_steps(branch))
    verified: set[str] = set()
    for before, record in pairwise(records):
        here().check()
        operations = log.snapshots.operations(branch, record.step, record.step)
        content, _ = apply(content, parse_operations(operations, f"step {record.step}"))
        same(log.chain(branch, record, before.digest), record.digest, f"step {record.step}")
        if record.step in snapshots:
            same(digest(log.snapshots.nearest(branch, record.step)[1]), content.digest, f"snapshot {record.step}")
        _artifacts(life, record, verified)
        _tell(record)
    steps = [Step(record, life.home) for record in records[1:]]
    return Replay(steps, content, content.digest, len(verified))


def same(found: str, recorded: str, where: str, file: str = FILE) -> None:
    """Compare a digest with the log's. Raises ReplayError."""
    if found != recorded:
        raise ReplayError(
            f"gives {found[:12]}…, the log says {recorded[:12]}…", where=where, mend=f"restore {file} from a copy"
        )


def _artifacts(life: Life, record: StepRecord, verified: set[str]) -> None:
    for state in (record.settling(), record.state()):
        for artifact in (state.get("artifacts") or {}).values():
            sha: Any = artifact.get("sha256")
            if sha and sha not in verified:
                life.artifacts.get(sha)
                verified.add(sha)


def _tell(record: StepRecord) -> None:
    """Emit the events that the step's stages emitted, as far as the log keeps them."""
    for stage in record.stages:
        with standing(here().below(stage.name)) as place:
            if stage.status == "skipped":
                place.emit("skipped", reason=cast(Reason, stage.reason), step=record.step)
                continue
            place.emit("started", type="stage", block_kind="stage", step=record.step, recorded=True)
            for slot, artifact in (stage.output or {}).items() if stage.block == "artifacts" else ():
                place.emit("artifact", slot=slot, **made_known(artifact))
            kind, data = _end(stage)
            place.emit(kind, step=record.step, recorded=True, **data)


def _end(stage: StageRecord) -> tuple[Any, dict[str, Any]]:
    args = stage.reason["args"] if stage.reason else {}
    if stage.status == "failed":
        return "failed", {"error": args.get("error", ""), "message": args.get("message", "")}
    if stage.status == "paused":
        return "paused", {"ask": args.get("ask", args.get("message", "")), "id": args.get("id", "")}
    return "cancelled" if stage.status == "cancelled" else "finished", {}
