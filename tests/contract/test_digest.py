"""Digests: the same for a list whether it is taken whole or entry by entry."""

from __future__ import annotations

from typing import Any

import pytest

from yggdrasil.contract import ManifestError
from yggdrasil.contract.digest import digest, digest_each

VALUES: list[list[Any]] = [[], [{"a": 1}, {"ё": 1.0, "b": [True, None]}], [{"a": "e\u0301"}], ["x" * 5000], [2**60]]


@pytest.mark.parametrize("values", VALUES)
def test_a_growing_list_has_the_digest_of_any_list(values: list[Any]) -> None:
    assert digest_each(values) == digest_each(values) == digest(values)


def test_true_and_one_differ_entry_by_entry_too() -> None:
    assert len({digest_each([value]) for value in (True, 1, "1", None)}) == 4


def test_what_has_no_digest_is_refused_entry_by_entry_too() -> None:
    with pytest.raises(ManifestError):
        digest_each([float("nan")])
