"""A genre is content: a stranger's one, found by its name, decides what stages ask and how agents are asked it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, says
from tests.levels.scripted import scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.work import Task, Work, planned
from yggdrasil.blocks.llm.language_model import InvalidOutput
from yggdrasil.contract.entry_points import GENRES
from yggdrasil.contract.errors import ConfigError, ManifestError, UnknownType
from yggdrasil.contract.manifest import read_manifest
from yggdrasil.levels.world.world import World


class Letters:
    """Worlds in letters: every chronicle has a sender, and agents are asked in one line."""

    languages = ("en",)
    setting = {"paper": "white"}

    def answer_schema(self, task: str, general: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        if task != "author":
            return general
        sender = {"type": "string", "enum": [context["paper"]]}
        return {"type": "object", "properties": {"text": {"type": "string"}, "sender": sender}, "required": ["sender"]}

    def plan(self, task: Any, toolbox: Any, instructions: str, work: Any) -> Any:
        if task.name != "author":
            return None
        return replace(work, schema=task.schema), [{"role": "user", "content": f"Write on {task.context['paper']}."}]

    def answer(self, llm: Any, task: str, context: dict[str, Any], seed: int) -> dict[str, Any]:
        return {"text": f"Dear {task}", "sender": context["paper"]}


@pytest.fixture(autouse=True)
def letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GENRES, "_own", {"test/letters": Letters()})


def author(answer: dict[str, Any], **config: Any) -> Agent:
    return Agent(Scripted([says(json.dumps(answer))], native=False), **config)


def test_a_strangers_genre_narrows_the_answer_and_plans_the_task() -> None:
    agent = author({"text": "Dear all.", "sender": "blue"})
    world = scripted(author=agent, genre="test/letters", setting={"paper": "blue"})
    assert world.step().chronicle == "Dear all."
    seen = agent.llm.seen[-1]  # pyright: ignore
    assert seen["messages"][-1]["content"] == "Write on blue."
    assert seen["schema"]["properties"]["sender"]["enum"] == ["blue"]
    world.close()


def test_a_strangers_genre_leads_a_guided_agent_and_its_result_is_checked() -> None:
    world = scripted(author=author({}, policy="guided"), genre="test/letters")
    assert world.step().chronicle == "Dear author"
    world.close()
    task = {"name": "author", "context": {"paper": "red"}, "schema": {"required": ["mood"]}, "genre": "test/letters"}
    with pytest.raises(InvalidOutput, match="mood"):
        author({}, policy="guided").run(task=task)


def test_a_plain_world_asks_in_plain_words_and_binds_by_the_stages_own_schema() -> None:
    told = {"text": "It snowed.", "who": [], "place": "Fjord", "thing": "", "mood": ""}
    agent = author(told)
    world = scripted(author=agent)
    assert world.step().chronicle == "It snowed."
    seen = agent.llm.seen[-1]  # pyright: ignore
    assert "Tell what really happened" in seen["messages"][-1]["content"]
    assert set(seen["schema"]["properties"]) == set(told)
    world.close()


def test_an_unknown_genre_is_named_with_the_near_ones() -> None:
    with pytest.raises(UnknownType, match="'test/letters'"):
        scripted(genre="test/leters").step()
    with pytest.raises(ConfigError, match="already"):
        GENRES.register("tale", Letters())
    with pytest.raises(UnknownType, match="there is no genre 'nothing'"):
        planned(Task("author", {}), "nothing", Toolbox(()), "", Work(Toolbox(())), Scripted([]), "")


def test_a_world_saved_before_genres_had_names_is_a_tale_with_its_things(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", genre="tale", setting={"things": ["fox"]})
    ygg.save(world, tmp_path / "w")
    world.close()
    path = tmp_path / "w" / "manifest.yaml"
    now = read_manifest(path)
    config = {k: v for k, v in now.config.items() if k not in ("genre", "setting")}
    before = now.model_copy(update={"format": 1, "config": {**config, "things": ["fox"], "scenes": ["sea"]}})
    before.digests = {**(now.digests or {}), "structure": before.structure_digest()}
    path.write_text(before.dump(), encoding="utf-8")
    loaded = ygg.load(tmp_path / "w")
    assert isinstance(loaded, World)
    assert (loaded.genre, loaded.setting) == ("tale", {"things": ["fox"], "scenes": ["sea"]})
    before.config["things"] = ["wolf"]
    path.write_text(before.dump(), encoding="utf-8")
    with pytest.raises(ManifestError, match="change by hand"):
        ygg.load(tmp_path / "w")
