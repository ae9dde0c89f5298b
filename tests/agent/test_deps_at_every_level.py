"""What a caller hands over reaches every agent and function of the run, whatever its level and however it is run."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.ports import Json, Text
from yggdrasil.testing import ScriptedModel, calls, says


def look(store: ygg.Deps[dict[str, list[Any]]]) -> str:
    """Look into the store."""
    store["got"].append("tool")
    return "seen"


@ygg.block
def label(response: Text, store: ygg.Deps[dict[str, list[Any]]]) -> Text:
    store["got"].append("node")
    return response


def asker() -> ygg.Agent:
    script = [turn for _ in range(2) for turn in (calls(("1", "look", {})), says("done"))]
    return ygg.Agent(ScriptedModel(script), [look])


def graph() -> ygg.Graph:
    return ygg.Graph("outer").add(ygg.Graph("inner").add(asker(), "asker").add(label, "label"), "inner")


async def astreamed(block: ygg.Graph, deps: Any) -> None:
    async for _ in block.astream(prompt="x", deps=deps):
        pass


@pytest.mark.parametrize(
    "run",
    [
        lambda block, deps: block.run(prompt="x", deps=deps),
        lambda block, deps: list(block.stream(prompt="x", deps=deps)),
        lambda block, deps: asyncio.run(block.arun(prompt="x", deps=deps)),
        lambda block, deps: asyncio.run(astreamed(block, deps)),
        lambda block, deps: block.map(prompt=["x"], deps=deps),
        lambda block, deps: ygg.profile(block, prompt="x", deps=deps),
    ],
    ids=["run", "stream", "arun", "astream", "map", "profile"],
)
def test_it_reaches_a_tool_of_an_agent_two_graphs_deep_and_a_function_beside(run: Callable[..., Any]) -> None:
    deps: dict[str, list[Any]] = {"got": []}
    run(graph(), deps)
    assert deps["got"] == ["tool", "node"]


def test_a_durable_session_hands_it_on(tmp_path: Path) -> None:
    deps: dict[str, list[Any]] = {"got": []}
    graph().session("one", at=tmp_path).run(prompt="x", deps=deps)
    assert deps["got"] == ["tool", "node"]


def test_an_agent_mapped_takes_it_and_remembers_nothing_of_another_run() -> None:
    agent, deps = asker(), {"got": []}
    agent.map(prompt=["my name is Ann", "what is my name?"], deps=deps)
    assert deps["got"] == ["tool", "tool"]
    model: Any = agent.llm
    assert [m["content"] for m in model.seen[2]["messages"] if m["role"] == "user"] == ["what is my name?"]
    assert not agent.memory.messages


def test_a_function_that_needs_it_says_so() -> None:
    plain: Any = label
    with pytest.raises(ygg.PortError, match=r"deps \('store'\)"):
        plain.run(response="x")


class Needs(ygg.Block):
    """Take an input that is called so."""

    def forward(self, deps: int) -> int:
        return deps


def test_a_block_with_an_input_of_that_name_gets_it_there() -> None:
    assert list(Needs().run(deps=3).values()) == [3]


def test_a_world_hands_it_to_its_stages() -> None:
    def decide(wish: Text) -> Text:
        return f"{wish} {ygg.here().deps}"

    def plan(intent: Json) -> Json:
        return {"scene": {"tool": "make", "arguments": {"word": "fox"}}}

    def make(word: Text) -> Text:
        return word

    def see(artifacts: Json) -> Json:
        return {"scene": {"text": "seen"}}

    def tell(perception: Json) -> Text:
        return "told"

    world = ygg.World(
        wish="calm", development=decide, architect=plan, creator=ygg.Creator([make]), philosopher=see, author=tell
    )
    assert world.step(deps="lamp").state["intent"] == {"text": "calm lamp"}
