"""Trimming is a view that keeps calls and their answers together."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from yggdrasil.agent.memory import Keep, WindowTooSmall, view

CALLS = [{"id": i, "type": "function", "function": {"name": "t", "arguments": "{}"}} for i in ("c1", "c2")]
HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "u1"},
    {"role": "assistant", "content": "", "tool_calls": CALLS},
    {"role": "tool", "tool_call_id": "c1", "content": "1"},
    {"role": "tool", "tool_call_id": "c2", "content": "2"},
    {"role": "assistant", "content": "a"},
    {"role": "user", "content": "u2"},
]


def whole(messages: list[dict[str, Any]]) -> bool:
    asked = [c["id"] for m in messages for c in m.get("tool_calls", [])]
    answered = [m["tool_call_id"] for m in messages if m["role"] == "tool"]
    return asked == answered


@pytest.mark.parametrize("keep", ["last", "first"])
@pytest.mark.parametrize("summary", [False, True])
@pytest.mark.parametrize("budget", range(1, 8))
def test_m1_no_budget_tears_a_group(budget: int, keep: Keep, summary: bool) -> None:
    before = copy.deepcopy(HISTORY)
    tell = (lambda gone: f"{len(gone)} earlier messages") if summary else None
    if budget < 2:
        with pytest.raises(WindowTooSmall, match="2 or more"):
            view(HISTORY, budget, keep, tell)
        return
    shown = view(HISTORY, budget, keep, tell)
    assert len(shown) <= budget
    assert whole(shown)
    assert shown[0]["content"] == "s"
    assert shown[-1]["content"] == "u2"
    assert view(shown, budget, keep, tell) == shown
    assert before == HISTORY


def test_what_is_kept_is_the_end_or_the_beginning() -> None:
    assert [m["content"] for m in view(HISTORY, 3, "last")] == ["s", "a", "u2"]
    assert [m["content"] for m in view(HISTORY, 3, "first")] == ["s", "u1", "u2"]
    told = view(HISTORY, 4, "last", lambda gone: f"{len(gone)} gone")
    assert [m["content"] for m in told] == ["s", "4 gone", "a", "u2"]
