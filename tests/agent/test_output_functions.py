"""A function as what is asked for: the model writes its arguments, and the result is what it gives, made once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

import yggdrasil as ygg
from tests.agent.scripted import Fine, Scripted, calls, says
from yggdrasil.testing import ScriptedModel


class Order(BaseModel):
    thing: str
    price: int


PRICES = {"rope": 7}


def order(thing: Annotated[str, Field(description="what to order")], pieces: int = 1) -> Order:
    """Order a thing."""
    if thing not in PRICES:
        raise ygg.Retry(f"there is no {thing}; there is {', '.join(PRICES)}")
    return Order(thing=thing, price=PRICES[thing] * pieces)


def test_the_result_is_what_the_function_gives_and_its_refusal_is_told() -> None:
    model = ScriptedModel([says('{"thing": "sail"}'), says('{"thing": "rope", "pieces": 2}')])
    answer = ygg.Agent(model).run("Two ropes.", result=order)
    assert answer.result == Order(thing="rope", price=14)
    assert "there is no sail; there is rope" in model.seen[1]["messages"][-1]["content"]
    schema = model.seen[0]["schema"]
    assert schema["description"] == "Order a thing." and schema["required"] == ["thing"]
    assert schema["properties"]["thing"]["description"] == "what to order"


def test_arguments_that_are_wrong_are_told_before_it_is_called() -> None:
    model = ScriptedModel([says('{"thing": "rope", "pieces": "many"}'), says('{"thing": "rope"}')])
    assert ygg.Agent(model, result=order).run("Ropes.").result.price == 7
    assert "pieces" in model.seen[1]["messages"][-1]["content"]


def test_it_takes_deps_may_be_asynchronous_and_a_validator_gets_what_it_gave() -> None:
    async def sell(thing: str, prices: ygg.Deps[dict[str, int]]) -> int:
        return prices[thing]

    agent = ygg.Agent(ScriptedModel([says('{"thing": "net"}')]))
    assert agent.run("A net.", result=sell, deps={"net": 3}, validate=lambda price: price + 1).result == 4


def test_it_is_done_once_though_the_turn_is_cut_off_after_it(tmp_path: Path) -> None:
    done: list[str] = []

    def sell(thing: str) -> str:
        """Sell a thing."""
        done.append(thing)
        return f"sold {thing}"

    def agreed(told: str) -> None:
        if ygg.ask(f"Is that right: {told}?") != "yes":
            raise ygg.Retry("not agreed")

    def agent() -> ygg.Agent:
        turns = [calls(("1", "fine", {})), says("well"), says('{"thing": "net"}')]
        return ygg.Agent(ScriptedModel(turns), [Fine()], result=sell, validate=agreed)

    with pytest.raises(ygg.Paused):
        agent().session("anna", tmp_path).run("Sell it.")
    answer = agent().session("anna", tmp_path).answer("yes")
    assert answer is not None and answer["result"] == "sold net" and done == ["net"]


def test_it_is_not_saved_but_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ygg.ManifestError, match="its result is a function"):
        ygg.save(ygg.Agent(Scripted(), result=order), tmp_path / "agent")


def test_what_the_function_gives_beside_its_promise_is_refused() -> None:
    def broken(thing: str) -> Order:
        wrong: Any = thing
        return wrong

    with pytest.raises(ygg.ConfigError, match="the function of the result gave 'rope'"):
        ygg.Agent(ScriptedModel([says('{"thing": "rope"}')])).run("A rope.", result=broken)
