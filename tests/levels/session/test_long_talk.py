"""A long talk that is killed at random moments loses no turn, runs no tool twice, and stays within its window."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.levels.session.long_talk import killed


def test_a_talk_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    assert killed(tmp_path, turns=60, kills=4, seed=1) == []


@pytest.mark.system
@pytest.mark.timeout(600)
def test_five_hundred_turns_killed_twenty_times_lose_nothing(tmp_path: Path) -> None:
    assert killed(tmp_path, turns=500, kills=20, seed=0) == []
