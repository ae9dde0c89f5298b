"""Braces in a user's or a model's words are words: a whole step tells them as they stand, by each way of asking."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.levels.scripted import scripted
from tests.storytelling.tale_guide.test_guide import THINGS, Dice
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.language_model import LanguageModel, Turn, Usage
from yggdrasil.levels.world.tools import ReadPlace, Recall
from yggdrasil.levels.world.world import World

BRACES = [
    "Edith writes {} on a wall", "{0}", "{", "}", "{who} and {place}", "{{hello}}", "the sign says {open}",
    "Edith {thing!x:} at {place.name} %s %(who)s $who",
]  # fmt: skip


class Answers(LanguageModel):
    """Answer each schema by the least that it takes, and say `said` wherever words are wanted."""

    said: str = "words"

    def calls_tools(self) -> bool:
        return False

    def chat(self, messages: Any, *, schema: Any = None, **_: Any) -> Turn:
        return Turn(json.dumps(self._least(schema or {})) if schema else self.said, [], Usage(1, 1), "stop")

    def _least(self, schema: dict[str, Any]) -> Any:
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [""])[0])
        if "anyOf" in schema:
            return self._least(schema["anyOf"][0])
        if schema.get("type") == "array":
            return [self._least(schema["items"]) for _ in range(max(1, schema.get("minItems", 0)))]
        if schema.get("type") == "object":
            parts = schema.get("properties", {}).items()
            return {name: "picture" if name == "slot" else self._least(part) for name, part in parts}
        return self.said


def world_of(llm: LanguageModel, policy: Any, home: Path, **given: Any) -> World:
    tools = (ReadPlace(), Recall()) if policy == "tools" else ()
    agents = {name: Agent(llm, tools, policy=policy) for name in ("development", "architect", "author", "update")}
    return scripted(home, **{"genre": "tale", "setting": {"things": THINGS}, **agents, **given})


@pytest.mark.parametrize("said", BRACES)
@pytest.mark.parametrize("policy", ["tools", "guided"])
def test_a_step_tells_the_words_of_action_name_wish_and_item_as_they_stand(
    policy: str, said: str, tmp_path: Path
) -> None:
    beginning = {
        "places": [{"name": f"Inn {said}", "scene": "room"}, {"name": "Fjord", "scene": "sea"}],
        "characters": [{"name": f"Olaf {said}", "role": said, "place": "Fjord"}, {"name": "Edith", "place": "Fjord"}],
        "items": [{"name": f"bell {said}", "place": "Fjord"}],
        "facts": [said],
    }
    llm = Answers(said=said) if policy == "tools" else Dice()
    with closing(world_of(llm, policy, tmp_path, wish=said, style=said, beginning=beginning)) as world:
        step = world.step(action=said)
        assert step.status == "whole" and step.action == said
        content = world.content()
        assert content.wish == said and content.facts[0] == said
        assert {"Edith", f"Olaf {said}"} <= {person.name for person in content.characters}
        assert f"bell {said}" in content.names("item")
        assert said.lower() in step.intent["text"].lower() and said.lower() in step.chronicle.lower()
        assert world.step().status == "whole"
        world.replay()


@pytest.mark.parametrize("said", BRACES)
def test_a_world_is_founded_by_the_words_of_a_model_as_they_stand(said: str, tmp_path: Path) -> None:
    with closing(world_of(Answers(said=said), "tools", tmp_path, wish=said, beginning={})) as world:
        assert world.step(action=said).status == "whole"
        assert world.content().title == said and said in world.content().names("place")
