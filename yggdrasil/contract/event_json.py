"""An event as JSON and back: what is large travels as a reference to an artifact."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast, is_typeddict

from yggdrasil.contract.artifacts import Artifact, ArtifactStore
from yggdrasil.contract.errors import PortError
from yggdrasil.contract.events import KINDS, SCHEMAS, Event, EventKind, keys
from yggdrasil.contract.values import decode, encode, form_of, form_of_media

if TYPE_CHECKING:
    from pydantic import BaseModel

_ARTIFACT, _PLAIN, _NUMBER = "$artifact", "$plain", "$number"
"""Keys that mark a reference, a plain object that holds one of these keys itself, and NaN or an infinity by name."""
_MARKS = (_ARTIFACT, _PLAIN, _NUMBER)


def event_to_wire(event: Event, artifacts: ArtifactStore | None) -> dict[str, Any]:
    """The event as JSON. Raises PortError for a value that has no JSON form, and for a large one without a store."""
    wire: dict[str, Any] = {
        "run": event.run, "seq": event.seq, "kind": event.kind, "path": event.path, "time": event.time,
        "data": {name: _closed(value, artifacts, f"{event.kind}.{name}") for name, value in event.data.items()},
    }  # fmt: skip
    return wire | {"dropped": event.dropped} if event.dropped else wire


def event_from_wire(wire: Mapping[str, Any], artifacts: ArtifactStore | None) -> Event:
    """The event that was sent. Raises PortError for what is none."""
    kind, data = wire.get("kind"), wire.get("data")
    if kind not in KINDS or not isinstance(data, dict):
        raise PortError(f"{str(wire)[:80]} is no event", mend=f"its kind is one of {', '.join(sorted(KINDS))}")
    opened = {name: _opened(value, artifacts) for name, value in cast(dict[str, Any], data).items()}
    check_data(kind, opened)
    parts = {name: wire.get(name, default) for name, (default, _) in _PARTS.items()}
    for name, value in parts.items():
        if not isinstance(value, _PARTS[name][1]) or isinstance(value, bool):
            raise PortError(f"{name} of the event is {value!r:.80}", where=kind, mend="send what to_wire() gives")
    return Event(kind, data=opened, artifacts=artifacts, **parts)


_PARTS: dict[str, tuple[Any, Any]] = {
    "path": ("", str), "time": (0.0, float | int), "run": ("", str), "seq": (0, int), "dropped": (0, int)
}  # fmt: skip


def check_data(kind: EventKind, data: dict[str, Any]) -> None:
    """See that `data` is as the schema of its kind says; keys that it does not know are let pass. Raises PortError."""
    from pydantic import ValidationError

    try:
        _model(SCHEMAS[kind]).model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise PortError(f"{name!r} of a {kind} event: {first['msg']}", mend="see events.SCHEMAS") from None


@cache
def _model(schema: type[Any]) -> type[BaseModel]:
    """The schema as pydantic reads it, which takes a TypedDict of the standard library only from Python 3.12 on."""
    from pydantic import ConfigDict, create_model

    fields: dict[str, Any] = {}
    for name, (hint, required) in keys(schema).items():
        kept = _model(hint) if is_typeddict(hint) else hint
        fields[name] = (kept, ...) if required else (kept, None)
    return create_model(schema.__name__, __config__=ConfigDict(strict=True), **fields)


def _closed(value: Any, artifacts: ArtifactStore | None, where: str) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(float(value))}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        known = cast(dict[Any, Any], value)
        made = {str(name): _closed(part, artifacts, f"{where}.{name}") for name, part in known.items()}
        return {_PLAIN: made} if any(mark in made for mark in _MARKS) else made
    if isinstance(value, list | tuple):
        return [_closed(part, artifacts, where) for part in cast("list[Any]", value)]
    return {_ARTIFACT: _stored(value, artifacts, where).to_json()}


def _stored(value: Any, artifacts: ArtifactStore | None, where: str) -> Artifact:
    if isinstance(value, Artifact):
        return value
    if artifacts is None:
        raise PortError(f"carries a {type(value).__name__}", where=where, mend="give to_wire() a store for it")
    if isinstance(value, bytes):
        return artifacts.put(value, "application/octet-stream")
    if form_of(value) is None:
        mend = "emit JSON or values of a known kind"
        raise PortError(f"carries a {type(value).__name__}, which has no wire form", where=where, mend=mend)
    return artifacts.put(*encode(value))


def _opened(value: Any, artifacts: ArtifactStore | None) -> Any:
    if isinstance(value, list):
        return [_opened(part, artifacts) for part in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    known = cast(dict[str, Any], value)
    if set(known) == {_PLAIN}:
        return {name: _opened(part, artifacts) for name, part in known[_PLAIN].items()}
    if set(known) == {_NUMBER}:
        return _number(known[_NUMBER])
    if set(known) == {_ARTIFACT}:
        return _fetched(known[_ARTIFACT], artifacts)
    return {name: _opened(part, artifacts) for name, part in known.items()}


def _number(name: Any) -> float:
    if name not in ("nan", "inf", "-inf"):
        raise PortError(f"{str(name)[:80]} is no number by name", mend="send what to_wire() gives")
    return float(name)


def _fetched(reference: Any, artifacts: ArtifactStore | None) -> Any:
    try:
        artifact = Artifact(str(reference["sha256"]), str(reference["media_type"]), int(reference["size"]))
    except (TypeError, KeyError, ValueError):
        raise PortError(f"{str(reference)[:80]} is no reference", mend="send what to_wire() gives") from None
    if artifacts is None:
        return artifact
    data = artifacts.get(artifact.sha256)
    if form_of_media(artifact.media_type) is None:
        return data
    return decode(data, artifact.media_type, where=artifact.sha256)
