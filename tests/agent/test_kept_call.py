"""What a call of an agent was given holds when its run goes on, or is asked for again before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import pytest

import yggdrasil as ygg
from yggdrasil.contract import PortError
from yggdrasil.contract.durable import DurableSession
from yggdrasil.testing import ScriptedModel, calls, says

PAYS = calls(("1", "pay", {"n": 1}))
paid: list[int] = []


class Sum(TypedDict):
    n: int


@dataclass
class Bill:
    n: int


pytestmark = pytest.mark.filterwarnings("ignore::yggdrasil.agent.refusals.UnfinishedAnswer")


@pytest.fixture(autouse=True)
def _purse() -> None:
    paid.clear()


def pay(n: int) -> str:
    """Pay."""
    paid.append(n)
    return "paid"


def chat(at: Path, *turns: Any) -> DurableSession:
    """The session as another process opens it: another agent, another model."""
    return ygg.Agent(ScriptedModel(list(turns)), [pay]).session("anna", at=at)


def test_a_no_to_a_call_whose_approval_was_asked_for_by_one_call_pays_nothing(tmp_path: Path) -> None:
    talk = chat(tmp_path, PAYS, says("not paid"))
    with pytest.raises(ygg.Paused):
        talk.run("Pay.", approve=["pay"])
    for again in (talk.resume, lambda: talk.run("Pay."), lambda: chat(tmp_path).resume()):
        with pytest.raises(ygg.Paused):
            again()
    done = chat(tmp_path, says("not paid")).answer("no")
    assert (done and done.response, paid) == ("not paid", [])


def test_what_json_keeps_of_a_call_holds_in_another_process(tmp_path: Path) -> None:
    given: Any = {"limits": ygg.Limits(steps=7), "temperature": 0.1, "max_tokens": 7, "instructions": "Be brief."}
    with pytest.raises(ygg.Paused):
        chat(tmp_path, PAYS).run("Pay.", approve=["pay"], result=Sum, retries=0, window=40, **given)
    talk = chat(tmp_path, PAYS, says('{"n": 1}'))
    done: Any = talk.answer("yes")
    asked = talk.block.llm.seen[-1]  # pyright: ignore[reportAttributeAccessIssue]
    assert (done.result, paid, asked["temperature"], asked["max_tokens"]) == ({"n": 1}, [1], 0.1, 7)
    assert asked["messages"][0]["content"].startswith("Be brief.")
    with pytest.raises(ygg.Paused):
        chat(tmp_path, calls(("1", "pay", {"n": 2}))).run("Again.", approve=["pay"], limits=ygg.Limits(steps=1))
    stopped: Any = chat(tmp_path, says("so")).answer("no")
    assert (stopped.status["kind"], paid) == ("steps", [1])


def test_a_plain_type_of_one_call_is_the_result_after_a_pause(tmp_path: Path) -> None:
    with pytest.raises(ygg.Paused):
        chat(tmp_path, PAYS).run("Pay.", approve=["pay"], result=int)
    done: Any = chat(tmp_path, says('{"result": 5}')).answer("yes")
    assert (done.result, done.status["state"]) == (5, "done")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("before", lambda request: None),
        ("after", lambda reply: None),
        ("around", lambda use, make: make()),
        ("validate", lambda words: None),
        ("instructions", lambda: "Be brief."),
        ("tools", [pay]),
        ("model", ScriptedModel([PAYS, says("so")])),
        ("deps", object()),
        ("result", Bill),
    ],
)  # fmt: skip
def test_what_no_json_keeps_is_asked_for_again_before_anything_runs(tmp_path: Path, name: str, value: Any) -> None:
    talk = chat(tmp_path, PAYS, says('{"n": 2}'))
    with pytest.raises(ygg.Paused):
        talk.run("Pay.", approve=["pay"], **{name: value})
    asked = len(talk.block.llm.seen)  # pyright: ignore[reportAttributeAccessIssue]
    for again in (talk.resume, lambda: talk.run("Pay."), lambda: talk.answer("no")):
        with pytest.raises(PortError, match=rf"was given {name}.*resume\({name}=…\)"):
            again()
    assert (len(talk.block.llm.seen), paid) == (asked, [])  # pyright: ignore[reportAttributeAccessIssue]
    assert talk.waiting is not None
    done = talk.answer("no", **{name: value})
    assert (done and done.status["state"], paid) == ("done", [])


def test_a_run_that_goes_on_past_its_limit_is_the_same_call() -> None:
    agent = ygg.Agent(ScriptedModel([PAYS, says('{"result": 5}')]), [pay])
    agent.run("Pay.", result=int, limits=ygg.Limits(tokens=1))
    assert agent.run(more=2).status["kind"] == "tokens"
    assert agent.run(more=2, limits=ygg.Limits()).result == 5

    agent = ygg.Agent(ScriptedModel([calls(("1", "look", {})), PAYS, says("so")]), {"look": lambda: "a", "pay": pay})
    agent.run("Pay.", approve=["pay"], limits=ygg.Limits(steps=1))
    paid.clear()
    with pytest.raises(ygg.Paused):
        agent.run(more=2)
    assert paid == []

    agent = ygg.Agent(ScriptedModel([PAYS, says("so")]), [pay])
    agent.run("Pay.", validate=lambda words: None, limits=ygg.Limits(steps=1))
    with pytest.raises(PortError, match=r"was given validate.*run\(…, validate=…\)"):
        agent.run(more=2)
    assert agent.run(more=2, validate=lambda words: words.upper()).response == "SO"


def test_functions_given_again_go_with_what_was_kept(tmp_path: Path) -> None:
    with pytest.raises(ygg.Paused):
        chat(tmp_path, PAYS).run("Pay.", approve=["pay"], temperature=0.1, instructions=lambda: "Be brief.")
    talk = chat(tmp_path, says("so"))
    talk.answer("yes", instructions=lambda: "Be brief.")
    asked = talk.block.llm.seen[-1]  # pyright: ignore[reportAttributeAccessIssue]
    assert (asked["messages"][0]["content"], asked["temperature"]) == ("Be brief.", 0.1)
