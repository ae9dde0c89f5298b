"""Every reason that the cycle gives has Russian words, and a stopped stage is told without an exception's name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from yggdrasil.cli.reasons import told
from yggdrasil.cli.words import russian
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
    reasons = [reason for role in ORDER if (reason := reason_to_skip(role, state))]
    assert reasons
    assert [r for r in reasons if re.search("[a-z]", told(r))] == []


def test_a_stop_has_no_dangling_colon() -> None:
    assert [told(t) for t in ("KeyboardInterrupt: ", "KeyboardInterrupt", "Cancelled: the run was cancelled")] == [
        "stopped by you"
    ] * 3
    assert told("ValueError: no") == "ValueError: no"
