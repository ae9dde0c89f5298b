"""One run of many that fails says which it was, and the others need not be lost."""

from __future__ import annotations

import pytest

import yggdrasil as ygg


def risky(n: int) -> int:
    """Ten times the number, if it is not three."""
    if n == 3:
        raise ValueError("no 3")
    return 10 * n


def test_the_first_that_fails_ends_it_and_says_which_it_was() -> None:
    with pytest.raises(ValueError, match="no 3") as failed:
        ygg.block(risky).map(n=[1, 2, 3, 4])
    assert "in run 3 of 4 of risky.map" in failed.value.__notes__


def test_or_it_leaves_its_error_in_its_place() -> None:
    one, two, three, four = ygg.block(risky).map(n=[1, 2, 3, 4], return_exceptions=True)
    assert [run["value"] for run in (one, two, four) if isinstance(run, dict)] == [10, 20, 40]
    assert isinstance(three, ValueError)
