"""What a call was given beside its inputs, as a log keeps it: a run that goes on is held to it, or says what is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yggdrasil.agent.asked import Asked
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.one_call import OWN
from yggdrasil.agent.result_type import ResultType
from yggdrasil.contract import PortError, here

Kept = dict[str, Any]
"""`given`: name → JSON; `again`: the names of what no JSON holds, so that it must be given again."""


def kept_call(asked: Asked, own: Asked) -> Kept:
    """What the call was given that its agent has otherwise; {} for nothing."""
    given, again = dict[str, Any](), list[str]()
    for name, value in _beside(asked, own).items():
        if not _written(name, value, given):
            again.append(name)
    return {"given": given, "again": again} if given or again else {}


def called_again(asked: Asked, own: Asked, kept: Mapping[str, Any], where: str) -> Asked:
    """The call that goes on, with what it was given before and is not given now.

    Raises PortError, before anything runs, for what must be given again.
    """
    if not kept:
        return asked
    now = _beside(asked, own)
    due = [name for name in kept["again"] if name not in now]
    if due:
        how = ", ".join(f"{name}=…" for name in due)
        what = f"the call that goes on was given {', '.join(due)}, which no log keeps"
        raise PortError(what, where=where, mend=f"give it again: resume({how}), answer(…, {how}) or run(…, {how})")
    before: dict[str, Any] = {name: value for name, value in kept["given"].items() if name not in now}
    if "result" in before:
        asked = replace(asked, result=ResultType(before.pop("result")))
    functions = {name: before.pop(name) for name in OWN if name in before}
    made = asked.called(functions, before)
    return replace(made, changes={**made.changes, **asked.changes})


def _beside(asked: Asked, own: Asked) -> dict[str, Any]:
    """By name what a call brings that is not its agent's."""
    found: dict[str, Any] = {} if here().deps is None else {"deps": here().deps}
    found |= {name: getattr(asked, name) for name in OWN if getattr(asked, name) is not getattr(own, name)}
    found |= asked.changes
    if asked.words is not None and "instructions" in asked.changes:
        found["instructions"] = asked.words
    if asked.checks != own.checks:
        found["validate"] = asked.checks
    if asked.result is not own.result:
        found["result"] = asked.result
    return found


def _written(name: str, value: Any, into: dict[str, Any]) -> bool:
    """Write the value down as JSON, if it can be."""
    if isinstance(value, Limits):
        value = value.model_dump(mode="json")
    if isinstance(value, ResultType):
        value = value.own if value.plain else value
    if name in ("deps", "tools") or not _is_json(value):
        return False
    into[name] = value
    return True


def _is_json(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _is_json(part) for name, part in value.items())  # pyright: ignore
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))  # pyright: ignore
    return value is None or isinstance(value, str | int | float)
