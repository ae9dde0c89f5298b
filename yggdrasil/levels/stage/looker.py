"""A Philosopher that is an agent with eyes: it is shown the artifacts one by one, and is told nothing of the order."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import YggError
from yggdrasil.contract.ports import Port
from yggdrasil.contract.running import drive
from yggdrasil.contract.values import decode, form_of_media

_SHOWN = ("sha256", "media_type", "size", "text")
_TOLD = ("language", "step")


class NoEyes(YggError):
    """The agent that is to look cannot: neither its model nor a tool of its takes what is to be looked at."""


def as_made(artifacts: Any) -> dict[str, Any]:
    """The artifacts without what was ordered of them."""
    known = cast("dict[str, dict[str, Any]]", artifacts or {})
    return {slot: {name: made[name] for name in _SHOWN if name in made} for slot, made in known.items()}


def is_looker(body: Block, artifacts: Any) -> bool:
    """Whether the body does a task, and is to be shown artifacts by ports for many of a kind. Raises NoEyes."""
    if "task" not in body.inputs or "artifacts" in body.inputs:
        return False
    shown = [slot for slot, made in as_made(artifacts).items() if _port(body, made) is not None]
    eyes = getattr(body, "eyes", "own") if shown else "tools"
    if not eyes:
        mend = "give it a model that takes pictures, behind an endpoint, a tool that looks, or a seer in its place"
        raise NoEyes(f"its agent cannot look at {', '.join(shown)}", where="philosopher", mend=mend)
    return eyes == "own"


def looked(body: Block, task: dict[str, Any], artifacts: Any) -> dict[str, Any]:
    """What the body says of every slot, each asked for alone, as the Philosopher's block of the state."""
    made = as_made(artifacts)
    with standing(here().below("body")):
        return {"perception": {slot: _seen(body, task, slot, made[slot]) for slot in made}}


def _seen(body: Block, task: dict[str, Any], slot: str, made: dict[str, Any]) -> dict[str, Any]:
    if "text" in made:
        return {"text": made["text"], "labels": {}}
    port = _port(body, made)
    if port is None:
        return {"text": f"something of type {made.get('media_type')} that was not looked into", "labels": {}}
    context = {name: task["context"][name] for name in _TOLD if name in task["context"]}
    alone = {**task, "context": {**context, "slot": slot}, "schema": _of_slot(task.get("schema") or {}, slot)}
    value = decode(here().artifacts.get(made["sha256"]), kind=port.kind, where=slot)
    answer = drive(body, {"task": alone, port.name: [value]}, slot)["result"]
    if not isinstance(answer, dict) or slot not in answer:
        raise YggError(f"nothing was said of {slot!r}", where=here().path, mend="raise the agent's limits")
    return cast("dict[str, dict[str, Any]]", answer)[slot]


def _of_slot(schema: dict[str, Any], slot: str) -> dict[str, Any]:
    """The schema of an answer about one slot alone."""
    said = schema.get("properties", {}).get(slot) or schema.get("additionalProperties") or {"type": "object"}
    return {"type": "object", "properties": {slot: said}, "required": [slot], "additionalProperties": False}


def _port(body: Block, made: dict[str, Any]) -> Port | None:
    """The port that takes many artifacts of this kind."""
    form = None if "text" in made else form_of_media(str(made.get("media_type", "")))
    ports = (port for port in body.inputs.values() if port.kind.of and port.kind.form is form)
    return next(ports, None) if form is not None else None
