"""The names at `ygg`: functions as blocks and tools, models by name, typed loading, and nothing deep to import."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

import yggdrasil as ygg
from yggdrasil.testing import ScriptedModel, calls, says


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@ygg.block(type="test_face/shout")
def shout(text: str) -> ygg.ports.Text:
    """Say it loud."""
    return text.upper()


def test_every_name_of_the_face_is_there() -> None:
    assert [name for name in ygg.__all__ if getattr(ygg, name, None) is None] == []
    assert issubclass(ygg.Paused, BaseException) and ygg.ports.Text is not None
    with pytest.raises(AttributeError, match="nothing"):
        ygg.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_plain_function_is_a_tool_of_an_agent() -> None:
    model = ScriptedModel([calls(("c", "add", {"a": 2, "b": 3})), says("Five.")])
    agent = ygg.Agent(model, tools=[add])
    assert agent.run("What is 2 + 3?").response == "Five."
    assert [m["content"] for m in agent.memory.messages if m["role"] == "tool"] == ['{"value": 5}']
    told = model.seen[0]["tools"][0]["function"]
    assert (told["name"], told["description"]) == ("add", "Add two numbers.")
    assert told["parameters"]["required"] == ["a"]
    assert ygg.Agent(model, tools={"plus": add}).toolbox.find("plus").block.run(a=1)["value"] == 2


@pytest.mark.parametrize("tool", [5, "add", ygg.Block, None])
def test_what_is_no_tool_is_refused_at_once(tool: object) -> None:
    with pytest.raises(ygg.ConfigError, match="a tool is a block or a function"):
        ygg.Agent(ScriptedModel(), tools=[tool])  # type: ignore[list-item]


def test_a_function_is_a_block_whose_ports_are_checked_and_that_stands_in_graphs() -> None:
    block = ygg.block(add)
    assert block(2, 3) == 5 and list(block.inputs) == ["a", "b"]
    with pytest.raises(ygg.PortError, match="'a'"):
        block.run(a="two")  # pyright: ignore[reportArgumentType]

    @ygg.graph
    def twice(text: ygg.ports.Text) -> ygg.ports.Text:
        return shout(shout(text))

    assert twice.run(text="fox").text == "FOX"


def test_a_function_with_a_type_is_saved_by_its_name_and_another_is_refused_by_name(tmp_path: Path) -> None:
    graph = ygg.Graph("loud").add(shout, "shout")
    ygg.save(graph, tmp_path / "loud")
    assert ygg.load(tmp_path / "loud", ygg.Graph).run(text="fox").text == "FOX"
    with pytest.raises(ygg.ManifestError, match=r"class add has no type name.*@ygg\.block\(type="):
        ygg.save(ygg.Graph("sum").add(ygg.block(add), "add"), tmp_path / "sum")


@pytest.mark.parametrize("wrong", [5, Path])
def test_what_is_no_plain_function_is_no_block(wrong: object) -> None:
    with pytest.raises(ygg.ConfigError, match=r"function|class"):
        ygg.block(wrong)  # type: ignore[call-overload]


def test_loading_names_the_class_that_is_wanted(tmp_path: Path) -> None:
    ygg.save(ygg.Graph("loud").add(shout, "shout"), tmp_path / "loud")
    with pytest.raises(ygg.ManifestError, match="holds a graph, no World"):
        ygg.load(tmp_path / "loud", ygg.World)


def test_a_model_is_named_by_catalogue_endpoint_or_path() -> None:
    model = ygg.LLM("openai:mine@http://127.0.0.1:9/v1")
    assert model.role == "LLM" and ygg.Agent("openai:mine@http://127.0.0.1:9/v1").llm.type_name == "llm/openai"
    with pytest.raises(ygg.ConfigError, match=r"names no language model.*did you mean 'qwen2\.5-coder-1\.5b'"):
        ygg.Agent("qwen2.5-coder")


def test_the_package_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["yggdrasil", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module("yggdrasil", run_name="__main__")
    assert "models" in capsys.readouterr().out
    assert (Path(ygg.__file__).parent / "py.typed").exists()
