"""An agent's graph as a node of a pipeline, its tools as sibling nodes, sibling graphs and shelf items, its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.language_model import Turn
from yggdrasil.contract import Block
from yggdrasil.contract.manifest import read_manifest
from yggdrasil.ports import Text
from yggdrasil.store import shelf
from yggdrasil.store.save import save


class Echoes(Scripted, type="test_audit/echoes", init=False):
    """Call every tool once with a text of the prompt, then answer with all that they said and all that was asked."""

    def chat(self, messages: Any, *, tools: Any = None, schema: Any = None, **rest: Any) -> Turn:
        asked = [m["content"] for m in messages if m["role"] == "user"]
        last = max(i for i, m in enumerate(messages) if m["role"] == "user")
        told = [m["content"] for m in messages[last:] if m["role"] == "tool"]
        if tools and not told:
            names = [t["function"]["name"] for t in tools]
            return calls(*[(f"c{i}", name, {"text": asked[-1]}) for i, name in enumerate(names)])
        return says(" ".join([*told, "|", *asked]))


class Tag(Block, type="test_audit/tag", role="Tool"):
    """Put a mark after a text."""

    mark: str = "!"

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.runs = 0

    def forward(self, text: Text) -> Text:
        self.runs += 1
        return text + self.mark


def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ygg.Pipeline:
    """A pipeline: a graph of an agent and its sibling node, and a sibling graph; the third tool is from a shelf."""
    root = tmp_path / "shelf"
    monkeypatch.setattr(shelf, "shelf_root", lambda: root)
    save(ygg.Graph("item", about="Mark a text.").add(Tag(mark="*"), "tag"), root / "tools" / "star")
    sibling, other = Tag(mark="?"), ygg.Graph("other", about="Mark a text.").add(Tag(mark="+"), "tag")
    tools: dict[str, Block] = {"sibling": sibling, "graph": other, "star": ygg.load("star")}
    inner = ygg.Graph("inner").add(sibling, "sibling").add(Agent(Echoes(), tools), "agent")
    inner.connect("self.text", "sibling.text").connect("sibling.text", "agent.prompt")
    inner.connect("agent.response", "self.said")
    pipeline = ygg.Pipeline("talk")
    pipeline.add(other, "other").add(inner, "inner")
    pipeline.connect("self.text", "other.text").connect("other.text", "inner.text")
    pipeline.connect("inner.said", "self.said")
    return pipeline


def test_an_agents_graph_is_a_node_and_its_tools_are_siblings_and_shelf_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = built(tmp_path, monkeypatch)
    assert pipeline.run(text="a").said == "a+?? a+?+ a+?* | a+?"
    folder = save(pipeline, tmp_path / "p")
    manifest = read_manifest(folder / "manifest.yaml")
    agent = manifest.nodes["inner"].nodes["agent"]
    refs = {name: node.ref for name, node in agent.nodes.items()}
    assert refs == {"llm": None, "sibling": "#inner/sibling", "graph": "#other", "star": "shelf:star"}


def test_after_a_load_the_tools_are_still_the_siblings_and_the_memory_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = built(tmp_path, monkeypatch)
    pipeline.run(text="a")
    folder = save(pipeline, tmp_path / "p")
    loaded = ygg.load(folder)
    inner = loaded.children()["inner"]
    agent = inner.children()["agent"]
    assert isinstance(agent, Agent)
    assert agent.children()["sibling"] is inner.children()["sibling"]
    assert agent.children()["graph"] is loaded.children()["other"]
    assert loaded.run(text="b").said == pipeline.run(text="b").said == "b+?? b+?+ b+?* | a+? b+?"
    assert isinstance(inner.children()["sibling"], Tag)
    assert inner.children()["sibling"].runs == 2, "once in its own place, once as a tool"  # pyright: ignore
    whole = save(pipeline, tmp_path / "whole", standalone=True)
    assert ygg.load(whole).run(text="c").said == loaded.run(text="c").said


def test_the_memory_survives_into_another_process(tmp_path: Path) -> None:
    agent = Agent(Scripted([says("one"), says("two")]))
    pipeline = ygg.Pipeline("p").add(ygg.Graph("g").add(agent, "agent"), "g")
    pipeline.run(prompt="first")
    folder = save(pipeline, tmp_path / "p")
    code = (
        "import sys, json, yggdrasil as ygg, tests.agent.scripted;"
        "p = ygg.load(sys.argv[1]); p.run(prompt='second');"
        "print(json.dumps([m['content'] for m in p.lived()['g/agent']['messages']]))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)[:3] == ["first", "one", "second"]


@pytest.mark.models
def test_the_real_painter_pipeline_is_a_tool_of_an_agent_by_its_shelf_name(tmp_path: Path) -> None:
    llm = Scripted([calls(("c", "illustrate", {"prompt": "a castle on a meadow", "seed": 3})), says("painted")])
    agent = Agent(llm, [ygg.load("illustrate")])
    folder = save(ygg.Graph("g").add(agent, "agent"), tmp_path / "g")
    assert read_manifest(folder / "manifest.yaml").nodes["agent"].nodes["illustrate"].ref == "shelf:illustrate"
    agent.run("paint")
    (told,) = [m["content"] for m in agent.memory.messages if m["role"] == "tool"]
    assert json.loads(told[0]["text"])["image"]["media_type"] == "image/png"
