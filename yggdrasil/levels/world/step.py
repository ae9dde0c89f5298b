"""Step: one whole step of a world, as a person reads it."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yggdrasil.contract.artifacts import FolderArtifacts
from yggdrasil.contract.shown_in_notebooks import media_as_html
from yggdrasil.contract.value_forms import PICTURE, SOUND, Form
from yggdrasil.contract.values import form_of_media
from yggdrasil.engine.cycle.records import StageRecord, StepRecord
from yggdrasil.levels.stage.aloud import FIELD as ALOUD


@dataclass(frozen=True, repr=False)
class Step:
    """What happened in one step: its stages, the five blocks, the pictures' files, and what was dropped."""

    record: StepRecord
    folder: Path

    @property
    def step(self) -> int:
        return self.record.step

    @property
    def status(self) -> str:
        """`whole`, `dropped`, `open`, or `edited`: no step, but what a person changed between two."""
        return self.record.status

    @property
    def action(self) -> str | None:
        return self.record.action

    @property
    def stages(self) -> list[StageRecord]:
        """Every run and skip of a stage, in order; a stage that failed and then ran stands twice."""
        return self.record.stages

    @property
    def state(self) -> dict[str, Any]:
        """The filled blocks of this step's state."""
        return self.record.state()

    @property
    def settled(self) -> dict[str, Any]:
        """The state that was passed in, and what Philosopher and Author added to it."""
        return self.record.settling()

    @property
    def intent(self) -> dict[str, Any]:
        return self.state.get("intent", {})

    @property
    def plan(self) -> dict[str, Any]:
        return self.state.get("plan", {})

    @property
    def artifacts(self) -> dict[str, Any]:
        return self.state.get("artifacts", {})

    @property
    def perception(self) -> dict[str, Any]:
        return self.state.get("perception", {})

    @property
    def told(self) -> dict[str, Any]:
        """The chronicle's whole block."""
        return self.state.get("chronicle", {})

    @property
    def chronicle(self) -> str:
        """What really happened, as text."""
        return _text(self.told)

    @property
    def failures(self) -> dict[str, Any]:
        """Calls of the plan that failed: slot → error."""
        return self.record.failures

    @property
    def refused(self) -> dict[str, Any]:
        """Operations that the world did not admit (`operations`, `problem`); none of them was applied."""
        return self.record.refused

    @property
    def edit(self) -> dict[str, Any]:
        """What was changed by hand (`operations`), and which edit that took back (`undoes`); empty for a step."""
        return self.record.stages[0].output if self.status == "edited" else {}

    @property
    def dropped(self) -> list[dict[str, Any]]:
        """States that were dropped: their blocks, and the missing ones."""
        return self.record.dropped

    @property
    def spent(self) -> dict[str, Any]:
        """What its stages took: `tokens` read and written, and their `cost` by the models' prices."""
        every = [stage.spent for stage in self.stages]
        tokens, cost = (sum(one.get(name, 0) for one in every) for name in ("tokens", "cost"))
        return {"tokens": tokens, "cost": cost}

    @property
    def stuck(self) -> bool:
        """Whether its last stage failed twice in the same way; `World.give_up` drops such a step."""
        return self.status == "open" and self.record.stuck

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """The pictures: slot, path, sha256, prompt, seed; `missing` where the file is lost."""
        return [
            {**entry, "prompt": made.get("prompt", ""), "seed": made.get("seed"), **lost}
            for made, entry, lost in self._files(self.artifacts, PICTURE, "image/png")
        ]

    @property
    def sounds(self) -> list[dict[str, Any]]:
        """The sounds, those of the plan and what was read aloud: slot, path, sha256, text."""
        made = {**self.artifacts, **self.state.get(ALOUD, {})}
        return [
            {**entry, "text": one.get("text") or one.get("prompt", ""), **lost}
            for one, entry, lost in self._files(made, SOUND, "")
        ]

    def _files(
        self, artifacts: dict[str, Any], form: Form, otherwise: str
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """Each artifact of a form, with slot, path and sha256, and with `missing` if its file is lost."""
        store = FolderArtifacts(self.folder / "artifacts")
        for slot, artifact in artifacts.items():
            sha = artifact.get("sha256", "")
            if sha and form_of_media(str(artifact.get("media_type", otherwise))) is form:
                path = store.find(sha)
                entry = {"slot": slot, "path": str(path or store.root / sha[:2] / sha), "sha256": sha}
                yield artifact, entry, {} if path else {"missing": True}

    def _below(self, file: dict[str, Any]) -> dict[str, Any]:
        return {**file, "path": Path(file["path"]).relative_to(self.folder).as_posix()}

    def __repr__(self) -> str:
        told = f": {self.chronicle[:60]}…" if len(self.chronicle) > 60 else f": {self.chronicle}" if self.told else ""
        return f"<step {self.step} of {self.record.branch!r}, {self.status}, {len(self.pictures)} pictures{told}>"

    def _repr_html_(self) -> str:
        here = [Path(picture["path"]) for picture in self.pictures if "missing" not in picture]
        pictures = [media_as_html(path.read_bytes(), "image/png") for path in here]
        action = f"<i>{html.escape(self.action)}</i><br>" if self.action else ""
        return f"<div><b>{self.step}</b> {action}{html.escape(self.chronicle)}<br>{' '.join(pictures)}</div>"

    def to_json(self) -> dict[str, Any]:
        """The form that a run gives and faces send; a picture's path is told from the world's folder on."""
        shown: dict[str, Any] = {
            "step": self.step,
            "status": self.status,
            "action": self.action,
            "stages": [stage.shown() for stage in self.stages],
            "intent": self.intent,
            "plan": self.plan,
            "pictures": [self._below(picture) for picture in self.pictures],
            "artifacts": self.artifacts,
            "perception": self.perception,
            "chronicle": self.chronicle,
            "told": self.told,
        }
        if any(self.spent.values()):
            shown["spent"] = self.spent
        if self.sounds:
            shown["sounds"] = [self._below(sound) for sound in self.sounds]
        if self.settled:
            shown["settled"] = self.settled
        if self.dropped:
            shown["dropped"] = self.dropped
        if self.failures:
            shown["failures"] = self.failures
        if self.refused:
            shown["refused"] = self.refused
        if self.stuck:
            shown["stuck"] = True
        if self.edit:
            shown["edit"] = self.edit
        return shown


def _text(block: dict[str, Any]) -> str:
    if not block:
        return ""
    text = block.get("text")
    return text if isinstance(text, str) else json.dumps(block, ensure_ascii=False)
