"""Every reason that the cycle gives has Russian words, and a stopped stage is told without an exception's name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from yggdrasil.cli.reasons import noted, told
from yggdrasil.cli.translations import russian
from yggdrasil.contract import reason
from yggdrasil.engine.cycle.cycle_stages import BLOCKS, ORDER, reason_to_skip


@pytest.fixture
def in_russian(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    russian.cache_clear()
    yield
    russian.cache_clear()


@pytest.mark.usefixtures("in_russian")
@pytest.mark.parametrize("filled", range(len(BLOCKS) + 1))
def test_every_reason_has_russian_words(filled: int) -> None:
    state: dict[str, str] = dict.fromkeys(BLOCKS[:filled], "x")
    reasons = [why for role in ORDER if (why := reason_to_skip(role, state))]
    assert reasons
    assert [r for r in reasons if re.search("[a-z]", told(r))] == []


def test_a_stop_has_no_dangling_colon() -> None:
    errors = (("KeyboardInterrupt", ""), ("Cancelled", "the run was cancelled"))
    assert [told(reason("cancelled", error=error, message=text)) for error, text in errors] == ["stopped by you"] * 2
    assert told(reason("failed", error="ValueError", message="no")) == "ValueError: no"
    assert told(reason("failed", error="ValueError", message="")) == "ValueError"


def test_a_code_without_words_is_told_with_its_arguments() -> None:
    assert told(reason("tired", hours=3)) == "tired, hours: 3"
    assert told(reason("needs")) == "needs …"
    assert told(None) == ""


@pytest.mark.usefixtures("in_russian")
def test_a_note_is_told_in_the_readers_language_if_its_code_has_words() -> None:
    assert noted({"text": "going on with step 3", "code": "going_on", "args": {"step": 3}}) == "продолжается шаг 3"
    assert noted({"text": "a stranger's own words", "code": "strange", "args": {}}) == "a stranger's own words"
    assert noted({"text": "plain"}) == "plain"
