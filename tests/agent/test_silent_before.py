"""What once went wrong in silence is told where it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.contract.tools import VagueTool
from yggdrasil.errors import ConfigError, Paused
from yggdrasil.testing import ScriptedModel, says


@dataclass
class Sum:
    n: int


def says_no(answer: Any) -> Any:
    return False


@pytest.mark.parametrize(("result", "answer"), [(None, "It is five."), (Sum, '{"n": 5}'), (dict, '{"result": {}}')])
def test_a_validator_that_gives_no_answer_is_told_how_to_refuse_one(result: Any, answer: str) -> None:
    given = {} if result is None else {"result": result}
    with pytest.raises(ConfigError, match=r"validate gave False .*ygg\.Retry"):
        ygg.Agent(ScriptedModel([says(answer)])).run("2 + 3?", validate=says_no, **given)


def test_a_validator_of_truths_may_turn_one_round() -> None:
    agent = ygg.Agent(ScriptedModel([says('{"result": true}')]))
    assert agent.run("Is it?", result=bool, validate=says_no).result is False


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"name": "a", "cntext": "b"}, "a task has no 'cntext'.*'context'"),
        ({"context": "b"}, "the task's name is None"),
        ("invent", "the task is 'invent'"),
    ],
)
def test_a_task_says_what_is_wrong_with_it(task: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ygg.Agent(ScriptedModel()).run(task=task)


def test_a_graph_or_an_agent_without_words_is_a_vague_tool() -> None:
    with pytest.warns(VagueTool, match="'g' has no words of its own"):
        ygg.Agent(ScriptedModel(), [ygg.Graph("g").add(lambda text: text, "a")])
    with pytest.warns(VagueTool, match="'sub' has no words of its own"):
        ygg.Agent(ScriptedModel(), {"sub": ygg.Agent(ScriptedModel())})


def test_a_method_of_no_object_is_no_tool() -> None:
    class Shop:
        def price(self, item: str) -> int:
            """Price an item."""
            return len(item)

    with pytest.raises(ConfigError, match=r"price is a method of no object.*Shop\(\)\.price"):
        ygg.Agent(ScriptedModel(), [Shop.price])
    assert ygg.Agent(ScriptedModel(), [Shop().price])


def test_a_question_that_nothing_keeps_says_where_it_is_answered() -> None:
    def order(item: str) -> str:
        """Order an item."""
        return ygg.ask(f"Order {item}?")

    with pytest.raises(Paused, match=r"run it in block\.session"):
        ygg.block(order).run(item="net")
