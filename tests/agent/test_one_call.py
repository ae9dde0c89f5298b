"""What holds for one call of an agent alone: its model, tools, limits, settings, and which tool it must call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from tests.blocks.endpoint.stand_in import calling, one_after_the_other, standing_in, stream
from yggdrasil.blocks import OpenAIModel
from yggdrasil.testing import ScriptedModel


class Bound(ScriptedModel, init=False):
    """It cannot be told which tool to call: a schema binds it."""

    chooses = False


def look() -> str:
    """Look."""
    return "a fox"


def smell() -> str:
    """Smell."""
    return "smoke"


def names(model: ScriptedModel, at: int = -1) -> list[str]:
    return [tool["function"]["name"] for tool in model.seen[at]["tools"] or ()]


def test_another_model_other_tools_and_settings_are_of_one_call_and_the_memory_of_all() -> None:
    small, large = ScriptedModel([says("small")]), ScriptedModel([says("large")])
    agent = ygg.Agent(small, [look], instructions="Be brief.")
    agent.run("Who are you?")
    how: Any = {"temperature": 0.0, "max_tokens": 9}
    with_more = {**agent.tools, "smell": smell}
    assert agent.run("And you?", model=large, tools=with_more, instructions="Be long.", **how).response == "large"
    asked = large.seen[0]
    assert [m["content"] for m in asked["messages"]] == ["Be long.", "Who are you?", "small", "And you?"]
    assert (asked["temperature"], asked["max_tokens"], names(large)) == (0.0, 9, ["look", "smell"])
    agent.run("And now?", tools=[])
    assert small.seen[-1]["tools"] is None and small.seen[-1]["messages"][0]["content"] == "Be brief."
    assert list(agent.tools) == ["look"] and len(agent.memory.messages) == 7


def test_limits_of_one_call_end_it_and_the_next_goes_on() -> None:
    model = ScriptedModel([calls(("1", "look", {})), says("A fox.")])
    agent = ygg.Agent(model, [look], limits=ygg.Limits(raises=True))
    with pytest.raises(ygg.LimitReached):
        agent.run("What is there?", limits=ygg.Limits(steps=1, raises=True))
    assert agent.run(more=1).response == "A fox."


def test_a_wrong_setting_or_limit_of_a_call_is_named_before_the_model_is_asked() -> None:
    model = ScriptedModel()
    agent = ygg.Agent(model, [look])
    with pytest.raises(ygg.ConfigError, match="temperature"):
        agent.run("?", temperature=9.0)
    with pytest.raises(ygg.ConfigError, match=r"limits names no tool 'lok'.*did you mean 'look'"):
        agent.run("?", limits=ygg.Limits(tool_calls={"lok": 1}))
    with pytest.raises(ygg.ConfigError, match=r"no limit 'step'.*did you mean 'steps'"):
        agent.run("?", limits={"step": 3})
    with pytest.raises(ygg.ConfigError, match=r"no limit 'step'.*did you mean 'steps'"):
        ygg.Limits(step=3)  # pyright: ignore[reportCallIssue]
    assert model.seen == []


def test_a_person_is_asked_of_the_tools_that_stand_there_in_this_call() -> None:
    agent = ygg.Agent(ScriptedModel([calls(("1", "smell", {})), says("ok")]), [look], approve=["look"])
    assert agent.run("?", tools=[smell]).response == "ok"
    with ygg.session(), pytest.raises(ygg.Paused):
        agent.run("?", tools=[smell], approve=["smell"])


@pytest.mark.parametrize("native", [True, False])
def test_a_tool_that_must_be_called_is_the_one_of_the_first_turn(native: bool) -> None:
    turns = [says('{"tool": "smell"}'), says("Smoke.") if native else says('{"tool": "answer", "text": "Smoke."}')]
    model = Bound(turns, native=native)
    agent = ygg.Agent(model, [look, smell], tool_choice="required")
    assert agent.run("What is there?", tool_choice="smell").response == "Smoke."
    assert "smell" in str(model.seen[0]["schema"]) and "look" not in str(model.seen[0]["schema"])
    assert "answer" not in str(model.seen[0]["schema"]["properties"]["tool"])
    with ygg.session():
        agent.run("What is there?")
    assert "look" in str(model.seen[2]["schema"])


def test_no_tool_is_offered_where_none_is_to_be_called() -> None:
    model = ScriptedModel([says("I know it.")])
    agent = ygg.Agent(model, [look])
    agent.run("What is there?", tool_choice="none")
    assert model.seen[0]["tools"] is None
    with pytest.raises(ygg.ConfigError, match="tool_choice names no tool 'lok'"):
        agent.run("?", tool_choice="lok")


def test_an_endpoint_is_told_by_its_own_field_and_before_may_say_it_too() -> None:
    def again(request: ygg.Request) -> None:
        request.tool_choice = "smell" if len(request.messages) == 1 else "auto"

    with standing_in() as endpoint:
        endpoint.answer = one_after_the_other(calling("smell"), stream("Smoke."))
        agent = ygg.Agent(OpenAIModel(model="m", base_url=endpoint.url, native_tools=True), [look, smell], before=again)
        assert agent.run("What is there?").response == "Smoke."
    assert endpoint.asked[0]["tool_choice"] == "required" and "tool_choice" not in endpoint.asked[1]
    assert [len(body["tools"]) for body in endpoint.asked] == [1, 2]


def test_it_is_a_setting_that_is_saved_and_a_session_takes_a_call_of_its_own(tmp_path: Path) -> None:
    agent = ygg.Agent(Scripted([says("hm")]), tool_choice="none", instructions="Be brief.")
    assert ygg.load(ygg.save(agent, tmp_path / "a"), ygg.Agent).tool_choice == "none"
    other = ScriptedModel([says("other")])
    assert agent.session("anna", tmp_path / "s").run("?", model=other, max_tokens=7).response == "other"
    assert other.seen[0]["max_tokens"] == 7


@pytest.mark.filterwarnings("error")
def test_a_run_is_led_turn_by_turn_and_may_be_left_and_gone_on_with() -> None:
    turns = [calls(("1", "look", {})), calls(("2", "smell", {})), says('{"result": 7}')]
    agent = ygg.Agent(ScriptedModel(turns), [look, smell])
    seen = list(agent.steps("What is there?", result=int))
    assert [answer.status["turns"] for answer in seen] == [1, 2, 3] and seen[-1].result == 7
    assert [answer.status["state"] for answer in seen] == ["limit_reached", "limit_reached", "done"]
    with ygg.session():
        led = agent.steps("What is there?", limits=ygg.Limits(steps=2))
        next(led)
        next(led)
        assert next(led, None) is None
        assert agent.run(more=1).response == '{"result": 7}'


def test_a_scripted_model_may_be_told_to_call_and_nothing_is_required_where_there_is_no_tool() -> None:
    model = ScriptedModel([calls(("c", "smell", {})), says("Smoke.")])
    assert ygg.Agent(model, [look, smell], tool_choice="smell").run("?").response == "Smoke."
    assert [asked.get("tool_choice") for asked in model.seen] == ["required", None]
    with pytest.raises(ygg.ConfigError, match="'required', and there is no tool"):
        ygg.Agent(ScriptedModel(), tool_choice="required").run("?")

    def bare(request: ygg.Request) -> None:
        request.tools, request.tool_choice = [], "required"

    with pytest.raises(ygg.ConfigError, match="'required', and before= leaves no tool"):
        ygg.Agent(ScriptedModel(), [look], before=bare).run("?")


def test_a_name_that_is_misspelt_is_told_the_near_one_of_the_call_too() -> None:
    wrong: Any = {"temprature": 1.0}
    with pytest.raises(ygg.PortError, match=r"no input 'temprature'. did you mean 'temperature'"):
        ygg.Agent(ScriptedModel()).run("?", **wrong)


def test_a_limit_out_of_its_range_is_an_error_of_ours() -> None:
    with pytest.raises(ygg.ConfigError, match=r"^limits: the limit 'steps' cannot be 0\. [^\n]*$"):
        ygg.Limits(steps=0)


def test_the_memory_is_that_of_the_session_around_and_of_a_lasting_one(tmp_path: Path) -> None:
    agent, kept = ygg.Agent(ScriptedModel([says("hi"), says("ho")])), ygg.Session()
    agent.run("own")
    with ygg.session(kept):
        assert agent.memory.messages == []
        agent.run("theirs")
        assert [said["content"] for said in agent.memory.messages] == ["theirs", "hi"]
    assert [said["content"] for said in agent.memory.messages] == ["own", "hi"]
    chat = agent.session("ann", at=tmp_path)
    assert chat.messages == []
    chat.run("one")
    chat.run("two")
    assert [said["content"] for said in chat.messages] == ["one", "hi", "two", "ho"]
    assert ygg.block(look).session("bo", at=tmp_path).messages == []


def test_what_is_set_for_one_call_is_for_all_runs_of_a_map() -> None:
    other = ScriptedModel([says('{"result": 2}')])
    agent = ygg.Agent(ScriptedModel([says("two")]), [look])
    answers = agent.map(prompt=["one?", "two?"], result=int, model=other, tools=[smell], validate=lambda n: n + 1)
    assert [answer.result + 1 for answer in answers] == [4, 4] and names(other) == ["smell"]
    assert [answer.response for answer in agent.map(prompt=["three?"])] == ["two"] and not agent.memory.messages
    with pytest.raises(ygg.PortError, match="did you mean 'result'"):
        agent.map(prompt=["one?"], resutl=int)
