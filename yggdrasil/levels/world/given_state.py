"""A state that is passed in from outside: pictures in it become artifacts, everything else must be plain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.errors import YggError
from yggdrasil.contract.values import store
from yggdrasil.state.state import State, StateSchema


class PassedStateError(YggError):
    """A state that was passed in does not hold together."""


Given = Mapping[str, Any] | None


def passed(state: Mapping[str, Any], schema: StateSchema, artifacts: ArtifactStore) -> dict[str, Any]:
    """The state as the log keeps it; texts as blocks become {"text": …}.

    Raises StateError for unknown blocks, PassedStateError for an artifact whose bytes are not there.
    """
    values = {name: {"text": v} if isinstance(v, str) and v.strip() else v for name, v in state.items()}
    made = values.get("artifacts")
    if isinstance(made, Mapping):
        entries = cast(Mapping[str, Any], made)
        values["artifacts"] = {slot: _artifact(slot, value, artifacts) for slot, value in entries.items()}
    return State(values, schema).to_json()


def _artifact(slot: str, value: Any, artifacts: ArtifactStore) -> Any:
    if not isinstance(value, Mapping):
        return store(value, artifacts)
    entry = dict(cast(Mapping[str, Any], value))
    sha = entry.get("sha256")
    if isinstance(sha, str) and not artifacts.has(sha):
        raise PassedStateError(
            f"artifact {sha[:12]}… of slot {slot!r} is not in this world",
            where="state.artifacts",
            mend="pass the picture",
        )
    return entry
