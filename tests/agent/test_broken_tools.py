"""A bug in a tool is told, counted and logged; what a model did wrong is none."""

import logging
import time
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import calls, says
from yggdrasil.testing import ScriptedModel


def buggy(item: str) -> int:
    """Price an item."""
    return undefined_name  # type: ignore[name-defined] # noqa: F821 # pyright: ignore


def picky(item: str) -> int:
    """Price an item."""
    raise ygg.Retry("name a thing that is sold")


def wrong(item: str) -> int:
    """Price an item."""
    return "much"  # type: ignore[return-value]


def once(tool: Any, arguments: Any = None, **settings: Any) -> ygg.Agent:
    model = ScriptedModel([calls(("1", tool.__name__, arguments or {"item": "x"})), says("Could not.")])
    return ygg.Agent(model, [tool], **settings)


def test_a_bug_is_noted_and_counted_and_its_traceback_logged(caplog: pytest.LogCaptureFixture) -> None:
    out = once(buggy).run("?")
    assert out.status["tool_errors"] == 1 and "NameError: name 'undefined_name'" in caplog.text
    assert "Traceback" in caplog.text and caplog.records[0].levelno == logging.WARNING
    stream = once(buggy).stream("?")
    assert [(e.data["code"], e.data["args"]["tool"]) for e in stream if e.kind == "note"] == [("tool_error", "buggy")]
    assert stream.outputs.status["tool_errors"] == 1


@pytest.mark.parametrize(("tool", "arguments"), [(picky, None), (buggy, {"itm": "x"}), (buggy, "[1]"), (buggy, {})])
def test_what_the_model_is_asked_to_mend_is_no_bug(tool: Any, arguments: Any, caplog: pytest.LogCaptureFixture) -> None:
    agent = once(tool, arguments)
    if arguments == {}:
        agent.llm.turns[0] = calls(("1", "buggy", {}))  # type: ignore[attr-defined]
    assert agent.run("?").status["tool_errors"] == 0 and not caplog.records


def test_a_tool_that_gives_what_it_did_not_promise_is_one() -> None:
    assert once(wrong).run("?").status["tool_errors"] == 1


def test_a_bug_ends_the_run_where_that_is_wished() -> None:
    with pytest.raises(NameError, match="undefined_name"):
        once(buggy, tool_errors="raise").run("?")
    assert once(picky, tool_errors="raise").run("?").status["state"] == "done"


def test_a_tool_that_ran_out_of_its_seconds_says_so() -> None:
    def slow(item: str) -> str:
        """Price an item."""
        time.sleep(0.2)
        return item

    agent = once(slow, limits=ygg.Limits(tool_seconds=0.02))
    assert agent.run("?").status["tool_errors"] == 1
    assert "TooSlow: it was not done within 0.02 seconds" in agent.memory.messages[2]["content"]
