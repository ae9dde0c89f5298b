"""What counts as filled, what is missing, and what a state refuses."""

from __future__ import annotations

import pytest

from yggdrasil.state import State, StateError, StateSchema


@pytest.mark.parametrize(("value", "filled"), [({}, False), ("", False), (" ", False), (None, False), ([], False),
                                               ({"a": 1}, True), ("x", True), (0, True)])  # fmt: skip
def test_filled_is_present_and_not_empty(value: object, filled: bool) -> None:
    assert State({"intent": value}).is_filled("intent") is filled


def test_missing_names_blocks_in_order() -> None:
    state = State({"plan": {"a": {}}, "chronicle": {"text": "x"}})
    assert state.filled() == ("plan", "chronicle")
    assert state.missing() == ("intent", "artifacts", "perception")
    assert not state.full


def test_unknown_blocks_are_refused_and_declared_ones_are_kept() -> None:
    with pytest.raises(StateError, match="did you mean 'intent'"):
        State({"intend": {}})
    assert State({"mood": 1}, StateSchema(fields=["mood"]))["mood"] == 1


def test_only_json_flows() -> None:
    with pytest.raises(StateError, match=r"plan\.a: is object, not JSON"):
        State({"plan": {"a": object()}})


def test_slots_join_what_belongs_together() -> None:
    state = State(
        {"plan": {"s": {"tool": "t"}}, "artifacts": {"s": {"sha256": "x"}}, "perception": {"s": {"text": "y"}}}
    )
    assert state.slots() == {"s": {"plan": {"tool": "t"}, "artifact": {"sha256": "x"}, "description": {"text": "y"}}}
