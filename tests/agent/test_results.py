"""Results by type: what was asked for by a Python type comes back as an instance of it, or as a typed error."""

from __future__ import annotations

import asyncio
import enum
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

import pytest
from pydantic import BaseModel, Field

import yggdrasil as ygg
from tests.agent.scripted import Fine, Scripted, calls, says
from yggdrasil.testing.model import ScriptedModel


class Person(BaseModel):
    """Somebody who lives in a village."""

    name: str
    age: int = Field(ge=0)


class Boat(BaseModel):
    """What a fisher rows."""

    oars: int


class Spot(TypedDict):
    """A place on a map."""

    x: int
    y: int


@dataclass
class Fish:
    kind: str
    weight: float


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Branch(BaseModel):
    name: str
    branches: list[Branch] = []


ANN = '{"name": "Ann", "age": 40}'
KINDS: list[tuple[Any, str, Any]] = [
    (Person, ANN, Person(name="Ann", age=40)),
    (Spot, '{"x": 1, "y": 2}', {"x": 1, "y": 2}),
    (Fish, '{"kind": "cod", "weight": 2.5}', Fish("cod", 2.5)),
    (int, '{"result": 7}', 7),
    (list[str], '{"result": ["a", "b"]}', ["a", "b"]),
    (list[Person], f'{{"result": [{ANN}]}}', [Person(name="Ann", age=40)]),
    (list[Spot], '{"result": [{"x": 1, "y": 2}]}', [{"x": 1, "y": 2}]),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (Literal["yes", "no"], '{"result": "no"}', "no"),
    (Colour, '{"result": "blue"}', Colour.BLUE),
    (Person | Boat, '{"result": {"oars": 2}}', Boat(oars=2)),
    (Person | Boat, f'{{"result": {ANN}}}', Person(name="Ann", age=40)),
    (Person | Boat, '{"oars": 4}', Boat(oars=4)),
    (Person | None, '{"result": null}', None),
    (Spot | str, '{"result": "here"}', "here"),
    (int, "7", 7),
    (Branch, '{"name": "oak", "branches": [{"name": "twig"}]}', Branch(name="oak", branches=[Branch(name="twig")])),
    ({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}, '{"n": 1}', {"n": 1}),
    ({"type": "integer"}, '{"result": 3}', 3),
]


@pytest.mark.parametrize(("kind", "said", "right"), KINDS)
def test_a_result_is_an_instance_of_the_type_that_was_asked_for(kind: Any, said: str, right: Any) -> None:
    answer = ygg.Agent(ScriptedModel([says(said)])).run("Tell.", result=kind)
    assert answer.result == right
    assert type(answer.result) is type(right)
    assert answer["result"] == right
    assert answer.response
    assert answer.status["state"] == "done"


def test_a_type_at_construction_holds_for_every_call_and_a_call_may_ask_for_another() -> None:
    agent = ygg.Agent(ScriptedModel([says(ANN), says('{"oars": 3}')]), result=Person)
    assert agent.run("Who?").result == Person(name="Ann", age=40)
    assert agent.run("In what?", result=Boat).result == Boat(oars=3)
    assert ygg.Agent(ScriptedModel([says(ANN)]), result=Person)("Who?").result == Person(name="Ann", age=40)


def test_an_agent_named_by_its_type_is_one_like_any_other(tmp_path: Path) -> None:
    agent = ygg.Agent[Person](Scripted([says(ANN)]), result=Person)
    assert type(agent) is ygg.Agent and agent.run("Who?").result == Person(name="Ann", age=40)
    loaded = ygg.load(ygg.save(agent, tmp_path / "agent"), ygg.Agent)
    assert loaded.result["required"] == ["name", "age"]


def test_the_model_is_told_the_schema_and_every_alternative_by_name() -> None:
    model = ScriptedModel([says('{"result": {"oars": 2}}')])
    ygg.Agent(model).run("Which?", result=Person | Boat)
    told = model.seen[0]["messages"][0]["content"]
    assert "Person (Somebody who lives in a village; fields name, age)" in told
    assert "Boat (What a fisher rows; fields oars)" in told
    assert model.seen[0]["schema"]["properties"]["result"]["anyOf"][1]["properties"]["oars"] == {"type": "integer"}


def test_a_wrong_answer_is_told_to_the_model_once_and_mended() -> None:
    model = ScriptedModel([says('{"name": "Ann", "age": "old"}'), says(ANN)])
    answer = ygg.Agent(model).run("Invent a fisher.", result=Person)
    assert answer.result == Person(name="Ann", age=40)
    assert "age: Input should be a valid integer" in model.seen[1]["messages"][-1]["content"]
    assert answer.status["turns"] == 2
    assert answer.status["tokens"] == 30


@pytest.mark.parametrize("said", ['{"name": "Ann"}', "I do not know.", "[1, 2", '{"name": "Ann", "age": -1}'])
def test_an_answer_that_stays_wrong_is_a_typed_error(said: str) -> None:
    model = ScriptedModel([says(said)])
    with pytest.raises(ygg.InvalidOutput, match="cannot be taken") as caught:
        ygg.Agent(model).run("Invent a fisher.", result=Person)
    assert caught.value.where == "agent"
    assert said[:10] in caught.value.raw
    assert len(model.seen) == 2


@pytest.mark.parametrize("how", [{"validate": lambda words: refuse()}, {"result": Person}])
def test_a_repair_is_a_step_and_the_limit_wins(how: dict[str, Any]) -> None:
    model = ScriptedModel([says("{}")] * 9)
    agent = ygg.Agent(model, limits=ygg.Limits(steps=2, raises=True), retries=5)
    with pytest.raises(ygg.LimitReached, match="limit of 2 steps"):
        agent.run("Who?", **how)
    assert len(model.seen) == 2


def refuse() -> None:
    raise ygg.Retry("no")


def test_tools_come_before_the_result() -> None:
    fine = Fine()
    model = ScriptedModel([calls(("c", "fine", "{}")), says("I know enough."), says(ANN)])
    assert ygg.Agent(model, [fine]).run("Who?", result=Person).result == Person(name="Ann", age=40)
    assert fine.runs == 1


def test_a_result_that_comes_in_words_with_tools_at_hand_is_not_asked_for_again() -> None:
    model = ScriptedModel([says(ANN)])
    assert ygg.Agent(model, [Fine()]).run("Who?", result=Person).result == Person(name="Ann", age=40)
    assert len(model.seen) == 1


def test_a_type_is_saved_as_its_schema(tmp_path: Path) -> None:
    ygg.save(ygg.Agent(Scripted([says(ANN)]), result=Person), tmp_path)
    again: Any = ygg.load(tmp_path)
    assert again.result["required"] == ["name", "age"]
    again.llm.turns = [says(ANN)]
    assert again.run("Who?").result == {"name": "Ann", "age": 40}


def test_a_type_without_a_schema_is_refused_before_a_model_is_asked() -> None:
    model = ScriptedModel()
    with pytest.raises(ygg.ConfigError, match=r"no type of JSON.*give a pydantic model"):
        ygg.Agent(model).run("Who?", result=object())
    with pytest.raises(ygg.ConfigError, match="no type of JSON"):
        ygg.Agent(model, result=ScriptedModel)
    assert not model.seen


def test_a_task_takes_a_type_by_the_call_and_a_schema_by_itself() -> None:
    agent = ygg.Agent(ScriptedModel([says(ANN)]))
    schema = Person.model_json_schema()
    assert agent.run(task={"name": "who", "schema": schema}).result == {"name": "Ann", "age": 40}
    assert agent.run(task={"name": "who", "context": "a village"}, result=Person).result == Person(name="Ann", age=40)
    assert agent.run(task={"name": "who", "schema": Person}).result == Person(name="Ann", age=40)


def test_a_task_takes_words_beside_it_and_a_text_as_its_context() -> None:
    model = ScriptedModel([says(ANN)])
    task = {"name": "who", "context": "a village by the sea", "schema": Person.model_json_schema()}
    ygg.Agent(model).run("Somebody old.", task=task)
    asked = model.seen[0]["messages"][0]["content"]
    assert "a village by the sea" in asked
    assert "Somebody old." in asked


@pytest.mark.parametrize(
    ("wrong", "told"), [({"context": 5}, "the task's context is 5"), ({"schema": 5}, "the result is to be 5")]
)
def test_a_part_of_a_task_that_cannot_be_read_is_refused_by_name(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ygg.ConfigError, match=told):
        ygg.Agent(ScriptedModel()).run(task={"name": "who", **wrong})


def test_a_guide_refuses_what_it_does_not_read() -> None:
    agent = ygg.Agent(ScriptedModel(), policy="guided", guide="tale")
    with pytest.raises(ygg.ConfigError, match="takes no result="):
        agent.run("Who?", result=Person)
    with pytest.raises(ygg.ConfigError, match="takes no prompt beside a task"):
        agent.run("Who?", task={"name": "reply", "context": {}})


def test_streams_and_awaited_runs_give_the_typed_answer_too() -> None:
    agent = ygg.Agent(ScriptedModel([says(ANN)]))
    stream = agent.stream("Who?", result=Person)
    assert [event.kind for event in stream][-1] == "finished"
    assert stream.outputs.result == Person(name="Ann", age=40)

    async def both() -> tuple[Person, Person]:
        agent = ygg.Agent(ScriptedModel([says(ANN), says(ANN)]))
        first = await agent.arun("Who?", result=Person)
        again = agent.astream("Who?", result=Person)
        assert "started" in [event.kind async for event in again]
        return first.result, (await again.result()).result

    assert asyncio.run(both()) == (Person(name="Ann", age=40),) * 2


def test_inside_a_graph_the_result_is_json_that_every_block_reads() -> None:
    def older(person: Person) -> int:
        return person.age + 1

    agent = ygg.Agent(ScriptedModel([says(ANN)]), result=Person)

    @ygg.graph
    def village(prompt: str) -> Any:
        return ygg.block(older)(person=agent(prompt=prompt).result)

    assert village.run(prompt="Who?").value == 41


class TestValidators:
    def test_a_validator_may_ask_again_and_says_why(self) -> None:
        model = ScriptedModel([says(ANN), says('{"name": "Bo", "age": 70}')])

        def old(person: Person) -> None:
            if person.age < 60:
                raise ygg.Retry("the fisher must be old")

        assert ygg.Agent(model).run("Who?", result=Person, validate=old).result.name == "Bo"
        assert "the fisher must be old" in model.seen[1]["messages"][-1]["content"]

    def test_words_are_checked_too_and_a_validator_may_mend_them(self) -> None:
        def short(text: str) -> str:
            if len(text) > 10:
                raise ygg.Retry("say it in ten letters")
            return text.upper()

        agent = ygg.Agent(ScriptedModel([says("very many words"), says("few")]), validate=short)
        assert agent.run("Say.").response == "FEW"

    def test_a_result_may_be_mended(self) -> None:
        agent = ygg.Agent(ScriptedModel([says(ANN)]), result=Person)
        mended = agent.run("Who?", validate=lambda person: person.model_copy(update={"age": 41}))
        assert mended.result == Person(name="Ann", age=41)

    @pytest.mark.parametrize(
        ("answer", "kind", "given"),
        [("so", None, True), ("so", None, {"a": 1}), (ANN, Person, object()), (ANN, Person, 5)],
    )
    def test_what_a_validator_gives_stands_for_the_answer_or_is_refused(
        self, answer: str, kind: Any, given: Any
    ) -> None:
        agent = ygg.Agent(ScriptedModel([says(answer)]))
        with pytest.raises(ygg.ConfigError, match=r"validate gave .*raise ygg\.Retry"):
            agent.run("Say.", result=kind, validate=lambda value: given)

    def test_it_asks_so_often_and_no_more(self) -> None:
        model = ScriptedModel([says("no")])

        def never(text: str) -> None:
            raise ygg.Retry("not this")

        with pytest.raises(ygg.RefusedOutput, match="not this"):
            ygg.Agent(model, validate=never, retries=3).run("Say.")
        assert len(model.seen) == 4

    def test_what_is_no_function_is_refused(self) -> None:
        with pytest.raises(ygg.ConfigError, match="give a function of the result"):
            ygg.Agent(ScriptedModel()).run("Say.", validate=5)  # pyright: ignore

    def test_functions_are_not_lost_in_silence_by_a_save(self, tmp_path: Path) -> None:
        lost: dict[str, Any]
        for lost in ({"validate": print}, {"instructions": lambda: "Be kind."}):
            agent: Any = ygg.Agent(Scripted([says("x")]), **lost)
            with pytest.raises(ygg.ManifestError, match=f"its {next(iter(lost))} is a function"):
                ygg.save(agent, tmp_path / "a")


class TestDeps:
    def test_a_tool_gets_what_the_call_was_given_and_no_model_hears_of_it(self) -> None:
        class Base:
            def find(self, key: str) -> str:
                return f"found {key}"

        def look_up(key: str, base: ygg.Deps[Base]) -> str:
            """Look something up."""
            return base.find(key)

        def look_here(key: str) -> str:
            """Look it up there."""
            return ygg.here().deps.find(key)

        turns = [calls(("a", "look_up", {"key": "x"}), ("b", "look_here", {"key": "y"})), says("done")]
        model = ScriptedModel(turns)
        agent = ygg.Agent(model, [look_up, look_here])
        agent.run("Go.", deps=Base())
        assert [m["content"] for m in agent.memory.messages if m["role"] == "tool"] == ["found x", "found y"]
        assert list(model.seen[0]["tools"][0]["function"]["parameters"]["properties"]) == ["key"]
        assert "Base" not in json.dumps(agent.memory.state()) + json.dumps(model.seen)
        assert ygg.here().deps is None

    def test_instructions_may_be_a_function_of_them(self) -> None:
        model = ScriptedModel([says("ok"), says("ok")])
        agent = ygg.Agent(model, instructions=lambda deps: f"Speak to {deps}.")
        agent.run("Hello.", deps="Ann")
        agent.run("Hello.", deps="Bo")
        assert [seen["messages"][0]["content"] for seen in model.seen] == ["Speak to Ann.", "Speak to Bo."]
        with pytest.raises(ygg.ConfigError, match="its instructions gave 5"):
            ygg.Agent(model, instructions=lambda: 5).run("Hello.")  # pyright: ignore

    def test_a_validator_gets_them_and_so_do_the_tools_of_an_inner_agent(self) -> None:
        seen: list[Any] = []

        def note(word: str, book: ygg.Deps[list[str]]) -> str:
            """Note a word."""
            book.append(word)
            return "noted"

        def check(text: str, book: ygg.Deps[list[str]]) -> None:
            seen.append((text, list(book)))

        inner = ygg.Agent(
            ScriptedModel([calls(("a", "note", {"word": "cod"})), says("noted it")]), [note], about="Notes."
        )
        outer = ygg.Agent(ScriptedModel([calls(("b", "agent", {"prompt": "Note cod."})), says("all done")]), [inner])
        outer.run("Go.", deps=[], validate=check)
        assert seen == [("all done", ["cod"])]


def test_a_limit_raises_where_that_is_asked_for_and_the_run_goes_on() -> None:
    agent = ygg.Agent(ScriptedModel([calls(("a", "fine", "{}")), says("done")]), [Fine()])
    agent.limits = ygg.Limits(steps=1, raises=True)
    with pytest.raises(ygg.LimitReached, match="met its limit of 1 steps") as caught:
        agent.run("Go.")
    assert caught.value.status["kind"] == "steps"
    assert agent.run(more=1).response == "done"


def test_a_limit_that_nobody_hears_of_is_a_warning_and_the_conversation_is_kept() -> None:
    agent = ygg.Agent(ScriptedModel([calls(("a", "fine", "{}")), says("done")]), [Fine()], limits=ygg.Limits(steps=1))
    with pytest.warns(RuntimeWarning, match="agent: stopped at the limit of 1 steps, so there is no answer"):
        agent.run("Go.")
    assert agent.run(more=1).response == "done"


def test_a_result_that_is_set_later_holds_from_then_on() -> None:
    agent = ygg.Agent(ScriptedModel([says(ANN), says(ANN)]))
    agent.result = Person  # pyright: ignore[reportAttributeAccessIssue]
    assert agent.run("Who?").result == Person(name="Ann", age=40)
    agent.result = {}
    assert agent.run("Who?").result is None
