"""What is assigned to a block takes the place of the part of that name, or is refused; nothing is kept and ignored."""

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.levels.scripted import Paint, Tell, scripted
from yggdrasil.ports import Text
from yggdrasil.testing import ScriptedModel, calls, says


@ygg.block
def shout(text: Text) -> Text:
    """Say it loudly."""
    return text + "!"


def price(item: str) -> str:
    """Tell the price of an item."""
    return f"{item}: 3"


def told(intent: Any) -> Text:
    """Tell it in one word."""
    return "Done"


def test_a_node_is_not_replaced_by_an_attribute() -> None:
    graph: Any = ygg.Graph("g").add(shout, "solver")
    with pytest.raises(ygg.ConfigError, match=r"g\['solver'\] = block"):
        graph.solver = shout


def test_a_stage_is_replaced_by_its_name() -> None:
    living = scripted()
    living.author = told
    assert living.step().chronicle == "Done" and living.author.plays == "author"
    living.stages["author"] = Tell()
    assert type(living.author.body) is Tell
    with pytest.raises(ygg.ConfigError, match=r"no stage 'autor'.*did you mean 'author'"):
        living.stages["autor"] = Tell()
    with pytest.raises(ygg.ConfigError, match=r"no stage 'autor'.*did you mean 'author'"):
        _ = living.stages["autor"]
    with pytest.raises(ygg.ConfigError, match=r"world's author is a block or a function, not 5"):
        living.author = 5  # pyright: ignore[reportAttributeAccessIssue]


def test_a_world_tells_a_stage_whose_name_is_misspelt() -> None:
    given: dict[str, Any] = {"develop": Tell()}
    with pytest.raises(ygg.ConfigError, match=r"neither a stage nor a setting 'develop'.*'development'"):
        ygg.World(**given)
    with pytest.raises(ygg.ConfigError, match=r"no philosopher, author.*one for each.*update may be left"):
        ygg.World(creator=Paint())


def test_an_action_that_no_port_takes_is_told() -> None:
    def next_day(story: Any) -> Text:
        """Say what happens next."""
        return "Day breaks"

    living = scripted(development=ygg.block(next_day))
    with pytest.warns(UserWarning, match=r"the action 'A dragon' is lost: no port"):
        living.step(action="A dragon")
    assert [event.data["text"] for event in living.stream(action="A fox") if event.kind == "note"] != []
    living.step()


def test_a_life_that_began_with_another_wish_is_told(tmp_path: Path) -> None:
    scripted(tmp_path, wish="A green isle").step()
    again = scripted(tmp_path, wish="A red desert")
    with pytest.warns(UserWarning, match=r"began with the wish 'A green isle', not 'A red desert'") as told:
        again.step()
    assert told[0].filename == __file__
    again.step()
    assert scripted(tmp_path, wish="").step().step == 4


def test_what_is_no_block_says_how_it_becomes_one() -> None:
    import torch

    class Unmade(ygg.Block):
        def __init__(self) -> None:
            self.kept = 1

    class EulerDiscreteScheduler:
        pass

    things: list[tuple[Any, str]] = [
        (torch.nn.Linear(1, 1), "a node is a block or a function.*TorchBlock"),
        (EulerDiscreteScheduler(), r"ygg.Solver\('EulerDiscreteScheduler', like=graph\[name\]\)"),
        (Paint, r"give an object, Paint\(\)"),
        ("t", "a node is a block or a function, not 't'"),
        (Unmade(), r"did not call that of Block.*super\(\).__init__"),
    ]
    for thing, said in things:
        with pytest.raises(ygg.ConfigError, match=said):
            ygg.Graph("g").add(thing)
        graph = ygg.Graph("g").add(shout, "a")
        with pytest.raises(ygg.ConfigError, match=said):
            graph["a"] = thing
    assert ygg.Graph("g").add(price).run(item="rope").text == "rope: 3"
    for call in (lambda: ygg.set_cache("1GB"), lambda: ygg.set_cache(None)):  # pyright: ignore[reportArgumentType]
        with pytest.raises(ygg.ConfigError, match="give a whole number"):
            call()
    with pytest.raises(ygg.ManifestError, match="save_pretrained"):
        ygg.from_diffusers(shout)  # pyright: ignore[reportArgumentType]


def test_a_creator_takes_functions_and_lists() -> None:
    plan = {"sign": {"tool": "price", "arguments": {"item": "rope"}}}
    for tools in ({"price": price}, [price], [ygg.block(price)]):
        assert list(ygg.Creator(tools).run(plan=plan).artifacts) == ["sign"]
    with pytest.raises(ygg.ConfigError, match=r"one tool.*\[tool\]"):
        ygg.Creator(price)  # pyright: ignore[reportArgumentType]


def test_an_agent_takes_other_tools_and_another_model() -> None:
    model = ScriptedModel([calls(("1", "price", {"item": "rope"})), says("It costs 3.")])
    agent: Any = ygg.Agent(ScriptedModel([says("I have no tool.")]), [ygg.tool(shout, approve=True)])
    agent.llm, agent.tools = model, [price]
    assert (list(agent.tools), agent.approve) == (["price"], [])
    assert agent.run("What does a rope cost?").response == "It costs 3."
    with pytest.raises(ygg.ConfigError, match="names no language model"):
        agent.llm = "no-such-model"
    with pytest.raises(ygg.ConfigError, match="needs a language model, not shout"):
        agent.llm = shout
    with pytest.raises(ygg.ConfigError, match=r"one tool.*\[tool\]"):
        agent.tools = price


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("abuot", "Shout.", r"no setting 'abuot'.*did you mean 'about'"),
        ("cahce", None, r"no setting 'cahce'.*did you mean 'cache'"),
        ("about", 5, r"about: takes a text, not 5. write about = "),
        ("name", None, r"name: takes a text, not None"),
        ("cache", 10**9, r"g.cache: takes whether to keep results.*write True or False.*ygg.set_cache"),
        ("inputs", {}, r"inputs: is only read.*known here: about, cache, name, title"),
        ("run", 5, r"run: is what the block does, and cannot be 5"),
    ],
)
def test_what_a_graph_cannot_have_is_refused(name: str, value: Any, told: str) -> None:
    with pytest.raises(ygg.ConfigError, match=told):
        setattr(ygg.Graph("g"), name, value)


def test_the_cache_of_a_graph_is_switched_by_a_word() -> None:
    graph = ygg.Graph("g").add(price)
    first = graph.cache
    graph.cache = False
    assert first is not None and graph.cache is None
    graph.cache = True
    assert graph.cache is not None and graph.cache is not first
    graph.cache = first
    assert graph.cache is first


def test_a_wrong_name_of_an_input_is_told_before_any_work_starts() -> None:
    made: list[str] = []

    @ygg.block
    def loud(text: Text) -> Text:
        """Say it loudly."""
        made.append(text)
        return text

    graph = ygg.Graph("g").add(loud)
    model = ScriptedModel([says("Never asked.")])
    wrong: dict[str, Any] = {"txet": "b"}
    calls_: list[tuple[Any, str]] = [
        (lambda: graph.run(text="a", **wrong), "did you mean 'text'"),
        (lambda: graph(text="a", **wrong), "did you mean 'text'"),
        (lambda: graph.stream(text="a", **wrong).outputs, "did you mean 'text'"),
        (lambda: graph.map(text=["a"], **wrong), "did you mean 'text'"),
        (lambda: ygg.Pipeline("p").add(graph).run(text="a", **wrong), "did you mean 'text'"),
        (lambda: ygg.loop(graph, 2).run(text="a", **wrong), "did you mean 'text'"),
        (lambda: ygg.profile(graph, text="a", **wrong), "did you mean 'text'"),
        (lambda: ygg.estimate(graph, text="a", **wrong), "did you mean 'text'"),
        (lambda: ygg.Agent(model).run("a", pictres=[]), "did you mean 'pictures'"),  # pyright: ignore[reportCallIssue]
    ]
    for call, told in calls_:
        with pytest.raises(ygg.PortError, match=told):
            call()
    assert made == [] and model.run(messages=[]).text == "Never asked."
