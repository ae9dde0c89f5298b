"""How often tools are called and tried: bounds that are settings of the agent, saved with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Fails, Fine, Scripted, calls, says
from yggdrasil.agent import toolbox
from yggdrasil.testing import ScriptedModel


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolbox, "_FIRST_WAIT", 0.001)


class Shaky:
    """Fail now and then."""

    def __init__(self, error: Exception, failures: int = 2) -> None:
        self.error, self.left, self.calls = error, failures, 0

    def __call__(self, n: int = 0) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "well"


def told(agent: ygg.Agent) -> list[str]:
    return [m["content"] for m in agent.memory.messages if m["role"] == "tool"]


def once(tools: Any, **limits: Any) -> ygg.Agent:
    name = next(iter(tools))
    return ygg.Agent(ScriptedModel([calls(("1", name, {})), says("ok")]), tools, limits=ygg.Limits(**limits))


def test_a_tool_that_fails_is_tried_again_and_the_run_says_so() -> None:
    shaky = Shaky(OSError("no line"))
    agent = once({"shaky": shaky}, tool_retries={"shaky": 2})
    stream = agent.stream("Try.")
    notes = [e.data["args"] for e in stream if e.kind == "note"]
    assert told(agent) == ["well"] and shaky.calls == 3
    assert notes == [{"block": "shaky", "why": "OSError: no line"}] * 2


@pytest.mark.parametrize(
    ("error", "limits", "made"),
    [
        (OSError("no line"), {}, 1),
        (OSError("no line"), {"tool_retries": 1}, 2),
        (ygg.Retry("say which"), {"tool_retries": 5}, 1),
    ],
)
def test_past_the_bound_the_model_is_told(error: Exception, limits: dict[str, Any], made: int) -> None:
    shaky = Shaky(error, 9)
    agent = once({"shaky": shaky}, **limits)
    agent.run("Try.")
    assert shaky.calls == made and error.args[0] in told(agent)[0]


def test_what_may_not_be_repeated_is_tried_once() -> None:
    shaky = Shaky(OSError("no line"))
    once({"pay": ygg.tool(shaky, repeatable=False)}, tool_retries=3).run("Pay.")
    assert shaky.calls == 1


def test_a_tool_is_called_so_often_in_a_run_and_the_model_is_told() -> None:
    turns = [calls(("1", "fine", {}), ("2", "fine", {})), calls(("3", "fails", {})), says("ok")]
    agent = ygg.Agent(ScriptedModel(turns), [Fine(), Fails()], limits=ygg.Limits(tool_calls={"fine": 1}))
    assert agent.run("Call.").status["state"] == "done"
    assert told(agent)[1] == "Refused: fine may be called 1 times in one run; go on with what you know"
    assert told(agent)[0] == "fine" and "boom" in told(agent)[2]
    agent.llm = ScriptedModel([says("")] * 3 + turns)
    agent.run("Call again: it is another run.")
    assert told(agent)[3] == "fine"


def test_all_tools_together_have_a_bound_that_going_on_does_not_lift() -> None:
    turns = [calls(("1", "fine", {})), calls(("2", "fine", {})), says("ok")]
    agent = ygg.Agent(ScriptedModel(turns), [Fine()], limits=ygg.Limits(steps=1, tool_calls=1))
    with pytest.warns(RuntimeWarning, match="limit of 1 steps"):
        agent.run("Call.")
    agent.run(more=2)
    assert told(agent)[0] == "fine" and "tools may be called 1 times" in told(agent)[1]


def test_the_bounds_are_saved_and_name_tools_that_are_there(tmp_path: Path) -> None:
    limits = ygg.Limits(tool_calls={"fine": 2}, tool_retries=1)
    ygg.save(ygg.Agent(Scripted(), [Fine()], limits=limits), tmp_path / "a")
    assert ygg.load(tmp_path / "a", ygg.Agent).limits == limits
    with pytest.raises(ygg.ConfigError, match=r"(?s)limits names no tool 'fin'.*'fine'"):
        ygg.Agent(Scripted(), [Fine()], limits=ygg.Limits(tool_retries={"fin": 1}))
