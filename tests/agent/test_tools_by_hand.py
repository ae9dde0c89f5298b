"""What may be a tool: functions, methods, callable objects, foreign tools, agents, graphs; what a person allows."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tools import StructuredTool, ToolException
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel, Field

import yggdrasil as ygg
from tests.agent.scripted import Fine, Scripted, calls, says
from yggdrasil.testing.model import ScriptedModel


class Counter:
    """Count on from a number."""

    def __init__(self, start: int = 0) -> None:
        self.at = start

    def add(self, much: int = 1) -> int:
        """Count on."""
        self.at += much
        return self.at

    def __call__(self, much: int) -> int:
        return self.add(much)


class Request(BaseModel):
    city: str = Field(description="Where.")
    days: int = 2


def forecast(city: str, days: int = 2) -> str:
    return f"{city}: sun for {days} days"


@langchain_tool
def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


async def wait_for(city: str) -> str:
    """Wait for the weather."""
    return f"waited in {city}"


def greet(greeting: str, name: str) -> str:
    """Greet somebody."""
    return f"{greeting}, {name}!"


def told(tool: Any, arguments: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The function schema of the tool, and what the model is told of a call."""
    model = ScriptedModel([says("hm"), says("done")])
    agent = ygg.Agent(model, [tool] if not isinstance(tool, dict) else tool)
    (wire,) = agent.toolbox.tools
    model.turns = [calls(("c", wire, arguments)), says("done")]
    agent.run("Go.")
    schema = model.seen[0]["tools"][0]["function"]
    return schema, next(m["content"] for m in agent.memory.messages if m["role"] == "tool")


WEATHER = StructuredTool.from_function(forecast, name="forecast", description="Tell the weather.", args_schema=Request)
LATER = StructuredTool.from_function(coroutine=wait_for, name="wait_for", description="Wait.")
JSON_TOOL = StructuredTool.from_function(
    forecast,
    name="by_json",
    description="Tell the weather.",
    args_schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


@pytest.mark.parametrize(
    ("tool", "arguments", "name", "about", "answer"),
    [
        (Counter(4).add, {"much": 2}, "add", "Count on.", '{"value": 6}'),
        (Counter(1), {"much": 2}, "counter", "Count on from a number.", '{"value": 3}'),
        (functools.partial(greet, "Hail"), {"name": "Ann"}, "greet", "Greet somebody.", "Hail, Ann!"),
        (functools.partial(greet, greeting="Ho"), {"name": "Bo"}, "greet", "Greet somebody.", "Ho, Bo!"),
        ({"sum": Counter(4).add}, {}, "sum", "Count on.", '{"value": 5}'),
        (WEATHER, {"city": "Oslo"}, "forecast", "Tell the weather.", "Oslo: sun for 2 days"),
        (multiply, {"a": 6, "b": 7}, "multiply", "Multiply two numbers.", '{"result": 42}'),
        (LATER, {"city": "Oslo"}, "wait_for", "Wait.", "waited in Oslo"),
        (JSON_TOOL, {"city": "Rome"}, "by_json", "Tell the weather.", "Rome: sun for 2 days"),
        (ygg.tool(greet, name="hail", about="Hail."), {"greeting": "Hi", "name": "B"}, "hail", "Hail.", "Hi, B!"),
    ],
)
def test_anything_that_can_be_called_is_a_tool(
    tool: Any, arguments: dict[str, Any], name: str, about: str, answer: str
) -> None:
    schema, said = told(tool, arguments)
    assert (schema["name"], schema["description"]) == (name, about)
    assert said == answer


@functools.lru_cache
def dear(thing: str, pieces: int = Field(1, ge=1, le=5, description="how many"), kind: str = Field()) -> str:
    """Price a thing."""
    return f"{pieces} {kind} {thing}"


def test_a_cached_function_is_a_tool_and_a_field_as_default_says_what_it_says() -> None:
    turns = [calls(("1", "dear", {"thing": "net", "kind": "old"}), ("2", "dear", {"thing": "net", "pieces": 9}))]
    model = ScriptedModel([*turns, says("so")])
    agent = ygg.Agent(model, [dear])
    agent.run("Price it.")
    schema = model.seen[0]["tools"][0]["function"]["parameters"]
    assert schema["required"] == ["thing", "kind"] and schema["properties"]["pieces"]["description"] == "how many"
    assert schema["properties"]["pieces"]["default"] == 1
    given = [message["content"] for message in agent.memory.messages if message["role"] == "tool"]
    assert given[0] == "1 old net" and "less than or equal to 5" in given[1]


def test_a_foreign_tool_tells_its_arguments_and_its_faults() -> None:
    schema, said = told(WEATHER, {"days": "many"})
    assert schema["parameters"]["properties"] == {
        "city": {"type": "string", "description": "Where."},
        "days": {"type": "integer", "default": 2},
    }
    assert schema["parameters"]["required"] == ["city"]
    assert "city" in said

    def broken() -> str:
        """Break."""
        raise ToolException("the mast is broken")

    assert "the mast is broken" in told(StructuredTool.from_function(broken), {})[1]


def test_an_agent_is_a_tool_under_the_words_that_it_is_about() -> None:
    cook = ygg.Agent(ScriptedModel([says("Fish soup.")]), instructions="You cook fish.")
    schema, said = told({"cook": cook}, {"prompt": "What is for dinner?"})
    assert schema["description"] == "You cook fish."
    assert schema["parameters"]["required"] == ["prompt"]
    assert list(schema["parameters"]["properties"]) == ["prompt"]
    assert said == "Fish soup."
    said = told(
        {"cook": ygg.Agent(ScriptedModel([says('{"result": 3}')]), result=int, about="Counts.")},
        {"prompt": "How many?"},
    )[1]
    assert json.loads(said) == {"result": 3}
    slow = ygg.Agent(ScriptedModel([says("Fish so", "length")]), about="Is slow.")
    said = json.loads(told({"cook": slow}, {"prompt": "x"})[1])
    assert said["response"] == "Fish so" and said["status"]["state"] == "limit_reached"
    cook = ygg.Agent(ScriptedModel(), instructions="You cook fish.", about="Knows every fish.")
    assert told({"cook": cook}, {"prompt": "x"})[0]["description"] == "Knows every fish."


def test_a_graph_is_a_tool() -> None:
    @ygg.graph
    def loud(text: str) -> Any:
        """Say it loudly."""
        return shout(text=text)

    assert told({"loud": loud}, {"text": "fox"})[1] == "FOX"


@ygg.block
def shout(text: str) -> str:
    """Say it loud."""
    return text.upper()


def many(*words: str) -> str:
    return ""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (5, "a tool is a block or a function, not 5"),
        (Counter, "give an object, Counter()"),
        (many, "name every port"),
        ("forecast", "not 'forecast'"),
    ],
)
def test_what_is_no_tool_is_refused_at_construction_by_its_name(wrong: Any, told: str) -> None:
    with pytest.raises(ygg.ConfigError) as caught:
        ygg.Agent(ScriptedModel(), {"fine": Fine(), "odd": wrong})
    assert "tool 'odd' cannot be one" in str(caught.value)
    assert told in str(caught.value)
    with pytest.raises(ygg.ConfigError, match="tool number 2 cannot be one"):
        ygg.Agent(ScriptedModel(), [Fine(), wrong])


class TestApproval:
    def agent(self, done: list[str], **more: Any) -> ygg.Agent:
        def delete(file: str) -> str:
            """Delete a file."""
            done.append(file)
            return "deleted"

        turns = [calls(("c", "delete", {"file": "a.txt"})), says("ok")]
        tools = [ygg.tool(delete, approve=True)] if not more else [delete]
        return ygg.Agent(ScriptedModel(turns), [*tools, Fine()], **more)

    @pytest.mark.parametrize("more", [{}, {"approve": ["delete"]}])
    def test_a_run_pauses_and_names_the_tool_and_its_arguments(self, more: dict[str, Any]) -> None:
        done: list[str] = []
        agent = self.agent(done, **more)
        with pytest.raises(ygg.Paused) as caught:
            agent.run("Tidy up.")
        assert caught.value.ask == 'May agent call delete with {"file": "a.txt"}?'
        assert done == []

    @pytest.mark.parametrize(
        ("said", "done", "told"),
        [
            ("yes", ["a.txt"], "deleted"),
            ("да", ["a.txt"], "deleted"),
            ({"file": "b"}, ["b"], 'deleted\n[made with the arguments that the person gave: {"file": "b"}]'),
            ("no", [], "Refused: the person did not allow this call"),
            ("keep a.txt", [], "Refused: the person did not allow this call and says: keep a.txt"),
        ],
    )
    def test_yes_lets_it_be_made_and_anything_else_is_told_to_the_model(
        self, said: Any, done: list[str], told: str
    ) -> None:
        made: list[str] = []
        agent = self.agent(made)
        with ygg_answers(said):
            assert agent.run("Tidy up.").response == "ok"
        assert made == done
        assert [m["content"] for m in agent.memory.messages if m["role"] == "tool"] == [told]

    @pytest.mark.parametrize("wrong", [{"file": ["b"]}, {"fiel": "b"}, {}])
    def test_wrong_arguments_are_told_to_the_person_who_gave_them(self, wrong: Any, tmp_path: Path) -> None:
        made: list[str] = []
        chat = self.agent(made).session("anna", at=tmp_path)
        with pytest.raises(ygg.Paused):
            chat.run("Tidy up.")
        for _ in "twice":
            with pytest.raises(ygg.Paused, match=r"cannot be called: .*file"):
                chat.answer(wrong)
        done = chat.answer({"file": "b"})
        assert (done and done.response, made) == ("ok", ["b"])
        assert "cannot" not in str(chat.block.llm.seen)  # pyright: ignore[reportAttributeAccessIssue]

    def test_other_tools_are_not_asked_about(self) -> None:
        agent = self.agent([])
        agent.llm.turns = [calls(("c", "fine", "{}")), says("ok")]  # pyright: ignore
        assert agent.run("Go.").response == "ok"

    def test_a_name_that_no_tool_has_is_refused(self) -> None:
        with pytest.raises(ygg.ConfigError, match="approve names no tool 'delte'"):
            self.agent([], approve=["delte"])

    def test_it_is_saved_with_the_agent(self, tmp_path: Path) -> None:
        ygg.save(ygg.Agent(Scripted([says("x")]), [ygg.tool(Fine(), approve=True)]), tmp_path)
        again: Any = ygg.load(tmp_path)
        assert again.approve == ["fine"]


class _Answering:
    """A journal in which a person has answered whatever is asked."""

    def __init__(self, said: str) -> None:
        self.said = said

    def once(self, place: str, name: str, inputs: Any, act: Any, repeat: bool = True) -> Any:
        return self.said if name.endswith("ask") else act()


def ygg_answers(said: str) -> Any:
    from yggdrasil.contract import Here, standing

    return standing(Here(journal=_Answering(said)))


def test_a_tool_whose_answer_no_json_holds_is_refused_at_once() -> None:
    def spy() -> Counter:
        """Spy."""
        return Counter(1)

    with pytest.raises(ygg.ConfigError, match=r"output 'value' is a Counter, which no JSON holds.*dataclass"):
        ygg.Agent(ScriptedModel(), [spy])
