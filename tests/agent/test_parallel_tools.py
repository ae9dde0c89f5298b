"""The calls of one turn made at once: the same answers in the same order, the same seeds, the same bounds."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from yggdrasil.errors import Paused
from yggdrasil.testing import ScriptedModel


def together(count: int) -> Any:
    """A tool of which so many calls must run at once, else they fail; gives its seed."""
    gate = threading.Barrier(count, timeout=5)

    def meet(n: int) -> str:
        """Wait for the others."""
        gate.wait()
        time.sleep(0.02 * (count - n))
        return f"{n} {ygg.here().seed}"

    return meet


def turns(tool: str, count: int) -> list[Any]:
    return [calls(*[(str(n), tool, {"n": n}) for n in range(count)]), says("ok")]


def told(agent: ygg.Agent) -> list[str]:
    return [m["content"] for m in agent.memory.messages if m["role"] == "tool"]


def test_calls_run_at_once_and_are_told_in_their_order() -> None:
    agent = ygg.Agent(ScriptedModel(turns("meet", 3)), [together(3)], parallel_tools=True)
    kinds = [e.kind for e in agent.stream("Go.") if e.kind.startswith("tool_")]
    assert kinds == ["tool_call"] * 3 + ["tool_result"] * 3
    plain = ygg.Agent(ScriptedModel(turns("meet", 3)), {"meet": lambda n: f"{n} {ygg.here().seed}"})
    plain.run("Go.")
    assert told(agent) == told(plain) and [text[0] for text in told(agent)] == ["0", "1", "2"]


def test_calls_that_share_a_memory_run_in_their_order() -> None:
    cook = ygg.Agent(Scripted([says("soup"), says("fish")]), about="Cooks.")
    wanted = calls(("1", "cook", {"prompt": "First?"}), ("2", "cook", {"prompt": "Then?"}))
    host = ygg.Agent(ScriptedModel([wanted, says("ok")]), {"cook": cook}, parallel_tools=True)
    host.run("Dine.")
    assert told(host) == ["soup", "fish"]


def test_an_error_that_is_raised_stops_the_others_and_is_the_first_in_order() -> None:
    def breaks(n: int) -> str:
        """Fail, or wait to be stopped."""
        if n:
            assert begun.wait(30)
            raise ValueError(f"number {n}")
        begun.set()
        stopped.append(ygg.here().cancel.wait(30))
        ygg.here().check()
        return "late"

    begun, stopped = threading.Event(), list[bool]()
    agent = ygg.Agent(ScriptedModel(turns("breaks", 2)), [breaks], parallel_tools=True, tool_errors="raise")
    with pytest.raises(ValueError, match="number 1"):
        agent.run("Go.")
    assert stopped == [True]


def test_who_cancels_the_run_cancels_all_of_them() -> None:
    begun = threading.Barrier(3, timeout=5)

    def waits(n: int) -> str:
        """Wait to be stopped."""
        begun.wait()
        ygg.here().cancel.wait(5)
        ygg.here().check()
        return "late"

    stream = ygg.Agent(ScriptedModel(turns("waits", 2)), [waits], parallel_tools=True).stream("Go.")
    begun.wait()
    stream.close()
    with pytest.raises(ygg.Cancelled):
        _ = stream.outputs


def test_a_bound_on_calls_holds_for_those_made_at_once() -> None:
    agent = ygg.Agent(
        ScriptedModel(turns("meet", 3)), [together(2)], parallel_tools=True, limits=ygg.Limits(tool_calls=2)
    )
    agent.run("Go.")
    assert [text[:1] for text in told(agent)] == ["0", "1", "R"]


def test_what_was_done_beside_a_question_is_not_done_again(tmp_path: Path) -> None:
    done: list[str] = []

    def write(n: int) -> str:
        """Write a line."""
        done.append(f"line {n}")
        return done[-1]

    def wonder() -> str:
        """Ask the person."""
        return str(ygg.ask("Which colour?"))

    wanted = calls(("1", "wonder", {}), ("2", "write", {"n": 1}), ("3", "broken", {}), ("4", "write", {"n": 2}))

    def broken() -> str:
        """Fail."""
        done.append("broken")
        raise RuntimeError("no ink")

    agent = ygg.Agent(Scripted([wanted, says("ok")]), [wonder, write, broken], parallel_tools=True)
    chat = agent.session("anna", tmp_path)
    with pytest.raises(ygg.Paused, match="Which colour"):
        chat.run("Go.")
    assert sorted(done) == ["broken", "line 1", "line 2"]
    out = chat.answer("red")
    assert out is not None and out.status["state"] == "done" and out.status["tool_errors"] == 1
    assert len(done) == 3, "what stands in the journal is not done again"
    seen = agent.llm.seen[-1]["messages"]  # type: ignore[attr-defined]
    told = [m["content"] for m in seen if m["role"] == "tool"]
    assert told == ["red", "line 1", "RuntimeError: no ink", "line 2"]


def test_a_person_is_asked_of_all_calls_of_a_turn_at_once(tmp_path: Path) -> None:
    done: list[str] = []

    def pay(who: str) -> str:
        """Pay someone."""
        done.append(who)
        return f"paid {who}"

    def look(who: str) -> str:
        """Look at someone."""
        done.append(f"look {who}")
        return who

    names = [("1", "look", {"who": "x"}), ("2", "pay", {"who": "ann"}), ("3", "look", {"who": "y"})]
    turns = [calls(*names, ("4", "pay", {"who": "bo"})), says("done")]
    for parallel in (False, True):
        done.clear()
        agent = ygg.Agent(ScriptedModel(turns), [pay, look], approve=["pay"], parallel_tools=parallel)
        chat = agent.session(f"s{parallel}", at=tmp_path)
        with pytest.raises(Paused):
            chat.run("Pay both.")
        first, second = chat.questions
        assert "ann" in first.question and "bo" in second.question
        chat.answer("yes", first.id, go_on=False)
        answer = chat.answer("no", second.id)
        assert answer is not None and answer.response == "done"
        assert sorted(done) == ["ann", "look x", "look y"]
