"""What a tool asks of a model counts in its agent's status and limits, also where a journal answers for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import calls, says
from yggdrasil.contract.spending import counting
from yggdrasil.testing.model import ScriptedModel

TURN = 15
ASKS = [calls(("1", "inner", {"prompt": "go"}), ("2", "inner", {"prompt": "on"})), says("end")]


def host(turns: list[Any], inner: ygg.Agent, **settings: Any) -> ygg.Agent:
    return ygg.Agent(ScriptedModel(turns), {"inner": inner}, **settings)


@pytest.mark.parametrize("parallel", [False, True])
def test_an_agent_as_a_tool_counts(parallel: bool) -> None:
    status = host(ASKS, ygg.Agent(ScriptedModel(), about="in"), parallel_tools=parallel).run("x").status
    assert (status["tokens"], status["tool_errors"], status["state"]) == (4 * TURN, 0, "done")


def test_what_it_spends_meets_the_limit() -> None:
    agent = host(ASKS, ygg.Agent(ScriptedModel(), about="in"), limits=ygg.Limits(tokens=3 * TURN))
    with pytest.warns(RuntimeWarning, match="limit of 45 tokens"):
        status = agent.run("x").status
    assert (status["kind"], status["turns"], status["tokens"]) == ("tokens", 1, 3 * TURN)


def test_calls_that_the_journal_answers_keep_what_they_cost(tmp_path: Path) -> None:
    inner = ygg.Agent(
        ScriptedModel([calls(("a", "ask", {"question": "Which?"})), says("so")]), [ygg.AskPerson()], about="in"
    )
    first = ygg.Agent(ScriptedModel(), about="first")
    turns = [calls(("0", "first", {"prompt": "go"}), ("1", "inner", {"prompt": "go"})), says("end")]
    chat = ygg.Agent(ScriptedModel(turns), {"first": first, "inner": inner}).session("s", tmp_path)
    with pytest.raises(ygg.Paused) as asked:
        chat.run("x")
    with counting() as spent:
        out = chat.answer("this", asked.value.id)
    status = out.status if out else {}
    assert status["tokens"] == spent.tokens == 5 * TURN
    assert len(first.llm.seen) == 1  # type: ignore[attr-defined]


def test_a_model_that_a_validator_or_a_result_asks_counts() -> None:
    judge = ygg.Agent(ScriptedModel([says("fine")]))

    def told(n: int) -> str:
        return judge.run(f"{n}?").response

    checked = ygg.Agent(ScriptedModel([says("so")]), validate=lambda words: judge.run("ok?") and None)
    assert checked.run("x").status["tokens"] == 2 * TURN
    done = ygg.Agent(ScriptedModel([says('{"n": 1}')])).run("x", result=told)
    assert (done.result, done.status["tokens"]) == ("fine", 2 * TURN)


def test_what_a_refusing_validator_asks_meets_the_limit() -> None:
    judge = ygg.Agent(ScriptedModel([says("bad")] * 9))

    def refuse(words: str) -> None:
        raise ygg.Retry(judge.run(words).response)

    agent = ygg.Agent(
        ScriptedModel([says("so")] * 9),
        validate=refuse,
        retries=5,
        limits=ygg.Limits(tokens=4 * TURN, raises=True),
    )
    with pytest.raises(ygg.LimitReached, match="60 tokens") as caught:
        agent.run("x")
    assert caught.value.status["turns"] == 2


def test_what_a_result_took_is_counted_where_the_journal_gives_it(tmp_path: Path) -> None:
    judge = ygg.Agent(ScriptedModel([says("fine")]))

    def told(n: int) -> str:
        return judge.run(f"{n}?").response

    agent = ygg.Agent(ScriptedModel([says('{"n": 1}')]), validate=lambda words: ygg.ask("ok?") and None)
    chat = agent.session("anna", at=tmp_path)
    with pytest.raises(ygg.Paused):
        chat.run("x", result=told)
    done: Any = chat.answer("yes", result=told)
    assert (done.result, done.status["tokens"], len(judge.llm.seen)) == ("fine", 2 * TURN, 1)  # pyright: ignore
