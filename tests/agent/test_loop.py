"""The agent's loop: it goes round until it is over, raises what a turn raises, and never goes on for ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

from yggdrasil.engine.cycle.agent_loop import LoopState, fresh, run_loop


class Endless:
    """A thinker that never ends."""

    def __init__(self) -> None:
        self.thought = self.acted = 0

    def think(self, state: LoopState) -> LoopState:
        self.thought += 1
        return {**state, "turns": state["turns"] + 1, "pending": [{"id": "c"}]}

    def act(self, state: LoopState) -> LoopState:
        self.acted += 1
        return {**state, "pending": []}


def test_a_thinker_that_knows_no_end_is_stopped() -> None:
    endless = Endless()
    with pytest.raises(RuntimeError, match="went on after 3 turns"):
        run_loop(endless, fresh([]), 3)
    assert endless.thought == 4
    assert endless.acted == 3


def test_a_loop_that_is_over_does_nothing() -> None:
    endless = Endless()
    assert run_loop(endless, {**fresh([]), "over": "done"}, 3)["over"] == "done"
    assert not endless.thought


def test_an_agent_runs_without_langgraph() -> None:
    script = (
        "import sys\nimport yggdrasil as ygg\nfrom yggdrasil.testing import ScriptedModel, says\n"
        "assert ygg.Agent(ScriptedModel([says('hi')])).run('x').response == 'hi'\n"
        "assert 'langgraph' not in sys.modules and 'langchain_core' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
