"""Plain data: what JSON gives back is made of what can be, and the part that cannot is told by its place."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, PortError
from yggdrasil.contract.plain import NotPlain, as_plain_json
from yggdrasil.ports import Json


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def test_what_can_be_plain_is_what_json_gives_back() -> None:
    value = {
        "half": np.float32(0.5),
        7: (np.int64(3), np.bool_(True)),
        "text": np.str_("é"),
        "big": 2**70,
        "none": None,
    }
    made = as_plain_json(value)
    assert made == {"half": 0.5, "7": [3, True], "text": "é", "big": 2**70, "none": None}
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert as_plain_json(nested(200)) == nested(200)


@pytest.mark.parametrize(
    "odd",
    [
        float("nan"), np.float32("inf"), {1}, b"x", object(), Path("x"), datetime.date(2020, 1, 1), Decimal(1), 1j,
        np.arange(3), 10**5000, nested(300),
    ],
    ids=lambda odd: type(odd).__name__,
)  # fmt: skip
def test_what_cannot_is_refused_at_its_place(odd: Any) -> None:
    with pytest.raises(NotPlain, match=r"^state\.a\.1(\.a)*: ") as refused:
        as_plain_json({"a": [0, odd]}, "state")
    assert refused.value.mend and len(str(refused.value)) < 2000


def test_a_key_that_is_no_text_and_a_value_that_holds_itself_are_refused() -> None:
    with pytest.raises(NotPlain, match=r"^a: has a key that is no text \(\(1, 2\)\)"):
        as_plain_json({"a": {(1, 2): 3}})
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotPlain, match="200 deep"):
        as_plain_json(endless)


def test_a_block_that_gives_what_holds_itself_is_told_by_its_port() -> None:
    class Endless(Block):
        """Give a list that holds itself."""

        def forward(self) -> Json:
            made: list[Any] = []
            made.append(made)
            return made

    with pytest.raises(PortError, match="holds itself"):
        ygg.Graph("g").add(Endless(), "inner").run()
