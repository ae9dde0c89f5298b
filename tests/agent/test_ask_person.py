"""A run that stops to ask: what was done before the question is not done again (case F1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.agent.scripted import Effect, Scripted, calls, says
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.ask_person import AskPerson
from yggdrasil.contract import Block, Here, Paused, here, standing
from yggdrasil.engine.cycle.errors import CycleError
from yggdrasil.engine.cycle.journal import answer, questions, share_question
from yggdrasil.engine.cycle.log import Log
from yggdrasil.ports import Text

TURNS = [
    calls(("c1", "effect", {"letter": "E"}), ("c2", "ask", {"question": "Go on?"})),
    calls(("c3", "ask", {"question": "Go on?"}), ("c4", "effect", {"letter": "F"})),
    says("over"),
]


class Process:
    """One life of a process: a fresh agent on the log's file. `done` is what it did to the outside."""

    def __init__(self, folder: Path, done: list[str], branch: str = "main") -> None:
        self.log = Log(folder)
        self.branch = self.log.branches[branch]
        self.llm = Scripted(TURNS)
        self.agent = Agent(self.llm, {"effect": Effect(done), "ask": AskPerson()})
        if self.log.open_step(self.branch) is None:
            self.log.begin(self.branch, None, {})
        self.step = self.log.last_step(self.branch) + 1

    def go(self) -> Any:
        journal = self.log.journal(self.branch, self.step, 3, "")
        with standing(Here(journal=journal, seed=7)):
            return self.agent.run("go")

    def open_questions(self) -> list[dict[str, Any]]:
        return [q for q in questions(self.log.database, self.branch, self.step) if not q["answered"]]

    def give(self, question: str, value: str) -> bool:
        return answer(self.log.database, self.branch, question, value)

    def asked(self) -> dict[str, Any]:
        with pytest.raises(Paused):
            self.go()
        (question,) = self.open_questions()
        return question


def test_effects_happen_once_over_a_restart_between_the_answers(tmp_path: Path) -> None:
    done: list[str] = []
    first = Process(tmp_path, done)
    one = first.asked()
    assert done == ["E"]
    assert first.give(one["id"], "yes") is True
    two = first.asked()
    first.log.close()
    second = Process(tmp_path, done)
    assert second.give(two["id"], "surely") is True
    assert second.go().response == "over"
    assert done == ["E", "F"]
    assert len(first.llm.seen) == 2
    assert len(second.llm.seen) == 1
    told = [m["content"] for m in second.agent.memory.messages if m["role"] == "tool"]
    assert told == ["did E", "yes", "surely", "did F"]


def test_an_answer_goes_to_its_own_question_and_counts_once(tmp_path: Path) -> None:
    done: list[str] = []
    process = Process(tmp_path, done)
    one = process.asked()
    process.give(one["id"], "first")
    two = process.asked()
    assert one["id"] != two["id"]
    assert process.give(two["id"], "second") is True
    assert process.give(one["id"], "first") is False
    with pytest.raises(CycleError, match="answered already"):
        process.give(one["id"], "other")
    process.go()
    told = [m["content"] for m in process.agent.memory.messages if m["role"] == "tool"]
    assert told == ["did E", "first", "second", "did F"]
    assert process.give(two["id"], "second") is False
    assert done == ["E", "F"]


def test_a_fork_at_the_question_leaves_the_first_branch_alone(tmp_path: Path) -> None:
    done: list[str] = []
    process = Process(tmp_path, done)
    one = process.asked()
    log = process.log
    record = log.open_step(process.branch)
    assert record is not None
    fork = log.branches.fork(process.branch, record.step - 1, "other", "b", (3, one["call"]))
    log.share_open(fork, record)
    share_question(log.database, fork, one["call"])
    process.give(one["id"], "yes")
    process.give(process.asked()["id"], "yes too")
    process.go()
    other = Process(tmp_path, done, "other")
    (again,) = other.open_questions()
    assert again["id"] == one["id"]
    other.give(again["id"], "no")
    other.give(other.asked()["id"], "no again")
    other.go()
    first = [m["content"] for m in process.agent.memory.messages if m["role"] == "tool"]
    second = [m["content"] for m in other.agent.memory.messages if m["role"] == "tool"]
    assert first == ["did E", "yes", "yes too", "did F"]
    assert second == ["did E", "no", "no again", "did F"]
    assert done == ["E", "F", "F"]


def test_a_tool_that_pays_twice_pays_twice_also_over_a_restart(tmp_path: Path) -> None:
    paid: list[str] = []

    class Pays(Block, role="Tool"):
        """Pay a coin."""

        def forward(self) -> Text:
            return str(here().once("pay", {}, lambda: paid.append("coin") or len(paid)))

    pay, stop = calls(("p", "pays", "{}")), calls(("a", "ask", {"question": "More?"}))
    log = Log(tmp_path)
    branch = log.branches["main"]
    step = log.begin(branch, None, {})

    def go() -> Any:
        agent = Agent(Scripted([pay, stop, pay, says("over")]), [Pays(), AskPerson()])
        with standing(Here(journal=log.journal(branch, step, 3, ""))):
            agent.run("go")
        return [m["content"] for m in agent.memory.messages if m["role"] == "tool"]

    with pytest.raises(Paused):
        go()
    (question,) = questions(log.database, branch, step)
    answer(log.database, branch, question["id"], "yes")
    assert go() == ["1", "yes", "2"]
    assert paid == ["coin", "coin"]
