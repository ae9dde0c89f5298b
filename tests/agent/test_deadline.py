"""`Limits(seconds=…)` holds within a turn of the model too."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Cancelled, CancelToken, Here, here, standing
from yggdrasil.testing import ScriptedModel, calls, says


class Slow(ScriptedModel):
    """Take a while; `deaf` to being told to stop."""

    deaf: bool = False

    def chat(self, messages: Any, **rest: Any) -> Any:
        if self.deaf:
            time.sleep(0.1)
        elif here().cancel.wait(20):
            here().check()
        return super().chat(messages, **rest)


@pytest.mark.parametrize("deaf", [True, False])
def test_a_turn_past_the_time_is_no_answer(deaf: bool) -> None:
    agent = ygg.Agent(Slow(deaf=deaf), limits=ygg.Limits(seconds=0.05))
    with pytest.warns(RuntimeWarning, match=r"limit of 0.05 seconds"):
        status = agent.run("Speak.").status
    assert (status["state"], status["kind"]) == ("limit_reached", "seconds")
    agent.llm, agent.limits = ScriptedModel(), ygg.Limits(seconds=60)
    assert agent.run(more=1).status["state"] == "done"


def test_who_cancels_the_run_himself_cancels_it() -> None:
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    with standing(Here(cancel=token)), pytest.raises(Cancelled):
        ygg.Agent(Slow(), limits=ygg.Limits(seconds=60)).run("Speak.")


def test_a_tool_that_is_deaf_is_left_when_the_time_is_over() -> None:
    left = threading.Event()

    def dig() -> str:
        """Dig."""
        left.wait(20)
        return "gold"

    agent = ygg.Agent(ScriptedModel([calls(("1", "dig", {})), says("gold")]), [dig], limits=ygg.Limits(seconds=0.05))
    with pytest.warns(RuntimeWarning, match=r"limit of 0.05 seconds"):
        status = agent.run("Dig.").status
    left.set()
    assert (status["state"], status["kind"], status["turns"]) == ("limit_reached", "seconds", 1)
