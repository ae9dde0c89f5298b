"""A block that must not be repeated is one effect of its turn: cut off, it is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Paused

paid: list[str] = []


class Killed(BaseException):
    """Stands for the end of the process, which leaves no record."""


@ygg.block(repeatable=False)
def pay(to: str) -> str:
    """Pay, and perhaps not live to tell."""
    paid.append(to)
    if len(paid) == 1:
        raise Killed
    return f"paid {to}"


@pytest.mark.parametrize(("said", "gives", "times"), [("paid by hand", "paid by hand", 1), ("again", "paid bob", 2)])
def test_a_payment_that_was_cut_off_is_asked_about(said: str, gives: str, times: int, tmp_path: Path) -> None:
    paid.clear()
    with pytest.raises(Killed):
        pay.session("anna", tmp_path).run("bob")
    chat = pay.session("anna", tmp_path)
    with pytest.raises(Paused, match="its end is not known"):
        chat.resume()
    done = chat.answer(said)
    assert done is not None
    assert (done.text, len(paid), chat.waiting) == (gives, times, None)


def test_a_payment_that_ended_is_answered_from_the_journal(tmp_path: Path) -> None:
    paid[:] = ["before"]
    chat = pay.session("anna", tmp_path)
    assert chat.run("bob").text == "paid bob"
    assert pay.session("anna", tmp_path).history[0].outputs.text == "paid bob"
