"""An agent's memory is stored as what is new in it, so that a long world does not store it over and over."""

from __future__ import annotations

import json
from typing import Any, cast

NOTHING: dict[str, Any] = {}


def difference(old: Any, new: Any) -> dict[str, Any]:
    """What turns `old` into `new`; {} if they are equal.

    Objects by key, lists by what follows their common beginning, texts that only grew by their tail;
    everything else as a whole.
    """
    if _same(old, new):
        return NOTHING
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast(dict[str, Any], old), cast(dict[str, Any], new)
        gone = [k for k in before if k not in after]
        changed = {k: difference(before[k], v) if k in before else {"is": v} for k, v in after.items()}
        parts = {"in": {k: d for k, d in changed.items() if d}, "gone": gone}
        return {k: v for k, v in parts.items() if v}
    if isinstance(old, list) and isinstance(new, list):
        before_list, after_list = cast(list[Any], old), cast(list[Any], new)
        kept = _common(before_list, after_list)
        if kept:
            return {"keep": kept, "more": after_list[kept:]}
    if isinstance(old, str) and isinstance(new, str) and new.startswith(old):
        return {"keep": len(old), "more": new[len(old) :]}
    return {"is": new}


def _same(old: Any, new: Any) -> bool:
    """Whether both are the same JSON: Python holds False for 0 and 1 for 1.0, also deep inside."""
    if type(old) is not type(new) or old != new:
        return False
    if isinstance(old, dict):
        return all(_same(value, new[key]) for key, value in cast(dict[str, Any], old).items())
    if isinstance(old, list):
        return all(_same(a, b) for a, b in zip(cast(list[Any], old), new, strict=True))
    return True


def _common(before: list[Any], after: list[Any]) -> int:
    """How many entries at the beginning are the same."""
    short = min(len(before), len(after))
    if before[:short] == after[:short] and _text(before[:short]) == _text(after[:short]):
        return short
    pairs = zip(before, after, strict=False)
    return next((number for number, (old, new) in enumerate(pairs) if not _same(old, new)), short)


def _text(value: Any) -> str:
    return json.dumps(value, check_circular=False, sort_keys=True)


def changed(old: Any, delta: dict[str, Any]) -> Any:
    """`old` with a difference applied; never touches `old`."""
    if not delta:
        return old
    if "is" in delta:
        return delta["is"]
    if "more" in delta:
        return old[: delta["keep"]] + delta["more"]
    kept = {k: v for k, v in old.items() if k not in delta.get("gone", ())}
    for key, inner in delta.get("in", {}).items():
        kept[key] = changed(kept.get(key), inner)
    return kept
