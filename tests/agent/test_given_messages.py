"""A conversation that is kept elsewhere, and a call that asks for nothing."""

from typing import Any

import pytest
from PIL import Image

import yggdrasil as ygg
from yggdrasil.testing import ScriptedModel, says

PAST: list[dict[str, Any]] = [
    {"role": "system", "content": "of another agent"},
    {"role": "user", "content": "I am Ann."},
    {"role": "assistant", "content": "Hello, Ann."},
]


def said(agent: ygg.Agent) -> list[tuple[str, Any]]:
    return [(m["role"], m["content"]) for m in agent.llm.seen[-1]["messages"]]  # type: ignore[attr-defined]


def test_what_was_said_elsewhere_stands_in_the_place_of_the_memory() -> None:
    agent = ygg.Agent(ScriptedModel([says("ok")]), instructions="Be brief.")
    agent.run("Forget me.")
    assert agent.run("Who am I?", messages=PAST).response == "ok"
    told = [("system", "Be brief."), ("user", "I am Ann."), ("assistant", "Hello, Ann.")]
    assert said(agent) == [*told, ("user", "Who am I?")]
    assert [m["content"] for m in agent.memory.messages][-2:] == ["Who am I?", "ok"]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_what_the_system_says_in_them_stands_for_instructions_that_the_agent_has_not(role: str) -> None:
    agent = ygg.Agent(ScriptedModel([says('{"result": 3}')]))
    agent.run("How many?", messages=[{"role": role, "content": "Count."}], result=int)
    assert said(agent)[0][1].startswith("Count.\n\nWhen you are ready")
    agent.run("Again?")
    assert said(agent)[0] == ("system", "Count.")
    other = ygg.Agent(ScriptedModel([says("two")]))
    other.run("And you?", messages=agent.memory.messages)
    assert said(other)[0] == ("system", "Count.")
    agent.run("Three?", messages=[{"role": "user", "content": "I am Ann."}], result=int)
    other.run("So?", messages=agent.memory.messages)
    assert "system" not in [who for who, _ in said(other)]


def test_the_last_of_them_may_be_what_is_asked_and_hold_a_picture() -> None:
    agent = ygg.Agent(ScriptedModel([says("red")]))
    parts = [{"type": "text", "text": "Which?"}, {"type": "image", "image": Image.new("RGB", (2, 2), "red")}]
    agent.run(messages=[*PAST, {"role": "user", "content": parts}])
    role, content = said(agent)[-1]
    assert role == "user" and content[0] == parts[0] and len(content[1]["image"]) == 64


@pytest.mark.parametrize("given", [{}, {"prompt": ""}, {"messages": PAST}, {"messages": []}])
def test_a_call_that_asks_nothing_is_refused_before_the_model_is_asked(given: dict[str, Any]) -> None:
    agent = ygg.Agent(ScriptedModel())
    with pytest.raises(ygg.PortError, match="asked nothing"):
        agent.run(**given)
    assert agent.llm.seen == []  # type: ignore[attr-defined]


def test_a_lambda_needs_a_name_and_a_vague_tool_is_warned_of() -> None:
    with pytest.raises(ygg.ConfigError, match=r"lambda.*tools=\{'name'"):
        ygg.Agent(ScriptedModel(), [lambda x: x])
    assert ygg.Agent(ScriptedModel(), {"same": lambda x: x}).toolbox

    def vague(x, y: int):  # type: ignore[no-untyped-def]
        return x

    with pytest.warns(UserWarning, match="'vague' has no docstring and no types of x") as warned:
        ygg.Agent(ScriptedModel(), [vague])
    assert warned[0].filename == __file__
