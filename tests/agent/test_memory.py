"""Trimming is a view that keeps calls and their answers together."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from yggdrasil.agent.memory import Memory, WindowTooSmall, view

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


@pytest.mark.parametrize("budget", range(1, 8))
def test_m1_no_budget_tears_a_group(budget: int) -> None:
    before = copy.deepcopy(HISTORY)
    if budget < 2:
        with pytest.raises(WindowTooSmall, match="2 or more"):
            view(HISTORY, budget)
        return
    shown = view(HISTORY, budget)
    assert len(shown) <= budget
    assert whole(shown)
    assert shown[0]["content"] == "s"
    assert shown[-1]["content"] == "u2"
    assert view(shown, budget) == shown
    assert before == HISTORY


def test_m1_what_is_kept_is_the_end() -> None:
    assert [m["content"] for m in view(HISTORY, 3)] == ["s", "a", "u2"]


def test_a_memory_shows_itself_in_one_line() -> None:
    assert repr(Memory.of({"messages": HISTORY, "calls": 2}, "a")) == "<memory of 7 messages, 2 calls>"
