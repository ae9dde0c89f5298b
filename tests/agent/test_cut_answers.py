"""An answer that was cut, withheld or refused is never taken for one that is whole."""

from typing import Any

import pytest
from pydantic import BaseModel

import yggdrasil as ygg
from tests.agent.scripted import Fine, calls, says
from yggdrasil.agent.refusals import AnswerFiltered
from yggdrasil.testing import ScriptedModel


class Sale(BaseModel):
    item: str
    coins: int


def test_an_answer_cut_by_the_bound_on_its_tokens_says_so_and_goes_on() -> None:
    agent = ygg.Agent(ScriptedModel([says("Once upon a ", "length"), says("time.")]), max_tokens=10)
    with pytest.warns(RuntimeWarning, match=r"cut at the limit of 10 max_tokens; run\(more=1\)"):
        cut = agent.run("A story.")
    assert cut.response == "Once upon a "
    assert (cut.status["state"], cut.status["kind"], cut.status["limit"]) == ("limit_reached", "max_tokens", 10)
    stream = agent.stream(more=1)
    heard = "".join(e.data["text"] for e in stream if e.kind == "text")
    assert (stream.outputs.response, stream.outputs.status["state"], heard) == ("Once upon a time.", "done", "time.")
    assert agent.llm.seen[-1]["messages"][-1]["content"].startswith("Go on")  # type: ignore[attr-defined]


def test_a_cut_answer_is_an_error_where_limits_are() -> None:
    agent = ygg.Agent(ScriptedModel([says("Once", "length")]), limits=ygg.Limits(raises=True))
    with pytest.raises(ygg.LimitReached, match="512 max_tokens"):
        agent.run("A story.")


def test_what_a_filter_withheld_is_no_answer() -> None:
    agent = ygg.Agent(ScriptedModel([says("", "content_filter")]))
    with pytest.warns(RuntimeWarning, match="filter withheld"):
        assert agent.run("Tell.").status["state"] == "filtered"
    stream = agent.stream("Again.")
    assert "answer_filtered" in [e.data.get("code") for e in stream if e.kind == "note"]
    with pytest.raises(AnswerFiltered):
        ygg.Agent(ScriptedModel([says("", "content_filter")]), limits=ygg.Limits(raises=True)).run("Tell.")
    with pytest.raises(AnswerFiltered):
        ygg.Agent(ScriptedModel([says("", "content_filter")])).run("Tell.", result=Sale)


def test_a_turn_cut_on_the_way_is_noted() -> None:
    turns = [calls(("1", "fine", {}))._replace(finish_reason="length"), says("ok")]
    stream = ygg.Agent(ScriptedModel(turns), [Fine()]).stream("Go.")
    assert "turn_cut" in [e.data.get("code") for e in stream if e.kind == "note"]
    assert stream.outputs.status["state"] == "done"


WRONG, RIGHT = says('{"item": "rope", "coins": "seven"}'), says('{"item": "net", "coins": 7}')
WORDS = says("I sell a net.")


@pytest.mark.parametrize(
    ("turns", "response"),
    [
        ([WRONG, RIGHT], RIGHT.text),
        ([calls(("1", "fine", {})), WRONG, RIGHT], RIGHT.text),
        ([calls(("1", "fine", {})), WORDS, WRONG, RIGHT], RIGHT.text),
        ([calls(("1", "fine", {})), WORDS, RIGHT], WORDS.text),
    ],
)
def test_the_words_are_those_of_the_result_that_was_taken(turns: Any, response: str) -> None:
    out = ygg.Agent(ScriptedModel(turns), [Fine()]).run("Sell.", result=Sale)
    assert (out.result, out.response) == (Sale(item="net", coins=7), response)
