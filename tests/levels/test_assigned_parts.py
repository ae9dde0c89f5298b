"""What is assigned to a block takes the place of the part of that name, or is refused; nothing is kept and ignored."""

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
