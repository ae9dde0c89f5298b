"""Reasons are codes with arguments; what older logs say in English is read as the same codes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.levels.scripted import scripted
from yggdrasil.contract import Reason, reason
from yggdrasil.engine.cycle.cycle_stages import BLOCKS, ORDER, reason_to_skip
from yggdrasil.engine.cycle.database import dumps
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.engine.cycle.reasons import load_reason

OLD: list[tuple[str, str, Reason]] = [
    ("skipped", "needs intent, plan, artifacts", reason("needs", blocks=["intent", "plan", "artifacts"])),
    ("skipped", "there is no state to apply", reason("no_state")),
    ("skipped", "the state is dropped: plan, chronicle missing", reason("dropped", blocks=["plan", "chronicle"])),
    ("skipped", "the state is dropped: given up", reason("dropped", blocks=[])),
    ("skipped", "given up", reason("given_up")),
    ("skipped", "perception is filled already", reason("filled", block="perception")),
    ("skipped", "passed over, since another state was given", reason("passed_over")),
    ("skipped", "something of a stranger", reason("note", text="something of a stranger")),
    ("failed", "ValueError: a: b", reason("failed", error="ValueError", message="a: b")),
    ("failed", "ValueError", reason("failed", error="ValueError", message="")),
    ("cancelled", "KeyboardInterrupt", reason("cancelled", error="KeyboardInterrupt", message="")),
]


@pytest.mark.parametrize(("status", "text", "meant"), OLD)
def test_the_english_of_older_logs_is_read_as_codes(status: str, text: str, meant: Reason) -> None:
    assert load_reason(text, status) == meant
    assert load_reason(dumps(meant), status) == meant


def test_every_reason_of_the_cycle_survives_the_log() -> None:
    states: list[dict[str, str]] = [dict.fromkeys(BLOCKS[:filled], "x") for filled in range(len(BLOCKS) + 1)]
    found = [reason_to_skip(role, state) for role in ORDER for state in states]
    assert {why["code"] for why in found if why} == {"needs", "no_state", "dropped", "filled"}
    assert [load_reason(dumps(why), "skipped") for why in found if why] == [why for why in found if why]


@pytest.mark.parametrize("text", ['{"code": 1, "args": {}}', '{"code": "needs"}', "{", '{"code": "x", "args": []}'])
def test_a_broken_reason_is_refused(text: str) -> None:
    with pytest.raises(LogError):
        load_reason(text, "skipped")


def test_a_world_of_the_first_format_is_read_and_goes_on(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    world.step(state={"intent": {"text": "half"}})
    before = world.show()
    world.close()
    old = sqlite3.connect(tmp_path / "w" / "world.db")
    with old:
        for words in ("needs intent, plan, artifacts", "needs intent, plan, artifacts, perception"):
            code = dumps(reason("needs", blocks=words.removeprefix("needs ").split(", ")))
            assert old.execute("UPDATE stages SET reason = ? WHERE reason = ?", (words, code)).rowcount
        code = dumps(reason("dropped", blocks=["plan", "artifacts", "perception", "chronicle"]))
        words = "the state is dropped: plan, artifacts, perception, chronicle missing"
        assert old.execute("UPDATE stages SET reason = ? WHERE reason = ?", (words, code)).rowcount == 1
        old.execute("PRAGMA user_version = 1")
    old.close()
    again = scripted(tmp_path / "w")
    assert again.show()["steps"] == before["steps"] and "dropped" in before["steps"][1]
    assert again.step().step == 3 and again.verify()
    again.close()
    now = sqlite3.connect(tmp_path / "w" / "world.db")
    assert now.execute("PRAGMA user_version").fetchone() == (2,)
    now.close()
