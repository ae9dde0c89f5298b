"""An approval over a restart, asked for by the real embedded model: the script of a model is not what makes it hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import yggdrasil as ygg
from tests.blocks.llm.embedded import embedded_model
from yggdrasil.agent.refusals import UnfinishedAnswer
from yggdrasil.contract import Paused

pytestmark = pytest.mark.models


def test_what_the_model_wants_to_do_waits_for_a_person_and_is_done_once(tmp_path: Path) -> None:
    done: list[str] = []

    def pay(to: str) -> str:
        """Pay somebody."""
        done.append(to)
        return f"paid {to}"

    def clerk() -> ygg.Agent:
        return ygg.Agent(
            embedded_model(), [pay], instructions="Use the tool.", approve=["pay"], limits=ygg.Limits(steps=1),
            temperature=0.0, max_tokens=40,
        )  # fmt: skip

    with pytest.raises(Paused, match="call pay with"):
        clerk().session("anna", tmp_path).run("Pay Ann.")
    later = clerk().session("anna", tmp_path)
    assert later.waiting is not None and done == []
    with pytest.warns(UnfinishedAnswer):
        later.answer("yes")
    assert (len(done), later.waiting, len(later.history)) == (1, None, 1)
    again = clerk().session("anna", tmp_path)
    assert [turn.status for turn in again.replay()] == ["whole"] and len(done) == 1
