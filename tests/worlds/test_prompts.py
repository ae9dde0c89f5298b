"""What a model is told as prose: no stage of any kind of world tells it a brace, a quote or a key of a structure."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.test_braces import Answers, world_of
from yggdrasil.agent.agent import Agent
from yggdrasil.contract import Block
from yggdrasil.levels.stage.prompt import as_text
from yggdrasil.ports import Image, Json
from yggdrasil.state.json_as_text import outline

STRUCTURE = re.compile(r"""\{['"]|['"]:|\['|\{\}|\[\]|\bNone\b|\bTrue\b|\bFalse\b|\\u[0-9a-f]{4}""")


class SureSeer(Block, type="test_prompts/seer", role="VLM"):
    """See a fox in the snow, and say how surely."""

    def forward(self, image: Image) -> dict[str, Any]:
        place = {"name": "snow", "confidence": 0.9}
        return {"text": "a fox", "labels": {"place": place, "time": {"name": "day"}, "things": [{"name": "fox"}]}}


class Looks(Block, type="test_prompts/looks"):
    """Give every slot the same labels, as the seer of the shelf does."""

    def forward(self, artifacts: Json) -> Json:
        return {slot: SureSeer().forward(None) for slot in artifacts}  # type: ignore[arg-type]


def told_to(llm: Any) -> list[str]:
    return [m["content"] for asked in llm.seen for m in asked["messages"] if m["role"] in ("system", "user")]


class Heard(Answers):
    """Keep what was asked."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.seen: list[dict[str, Any]] = []

    def chat(self, messages: Any, **more: Any) -> Any:
        self.seen.append({"messages": [dict(message) for message in messages]})
        return super().chat(messages, **more)


BEGINNING = {
    "places": [{"name": "Fjord", "description": "Deep.", "scene": "sea"}, {"name": "Inn", "scene": "room"}],
    "characters": [{"name": "Olaf", "role": "smith", "place": "Fjord", "status": "ill"}],
    "items": [{"name": "horn", "holder": "Olaf"}],
    "facts": ["The sea is still."], "rules": ["Nobody flies."], "glossary": {"skald": "a poet"},
    "extra": {"moons": 2, "red": True, "known": [{"name": "Orm", "of": None}]}, "time": "night", "clock": 3,
}  # fmt: skip


@pytest.mark.parametrize("genre", ["tale", ""])
def test_no_stage_of_a_world_tells_a_model_a_structure(genre: str, tmp_path: Path) -> None:
    llm = Heard(said="Olaf blows the horn.")
    given = {"beginning": BEGINNING, "genre": genre, "language": "en", "philosopher": Looks(), "update": Agent(llm)}
    with closing(world_of(llm, "tools", tmp_path, **given)) as world:
        for action in ("Olaf sings", None):
            assert world.step(action=action).status == "whole"
    assert len(told_to(llm)) > 8
    for text in told_to(llm):
        assert not STRUCTURE.search(text), text
    assert any("snow" in text and "fox" in text for text in told_to(llm))


def test_a_plain_body_is_told_a_stage_in_words() -> None:
    world = {**{k: BEGINNING[k] for k in ("places", "glossary", "extra")}, "time": "night", "clock": 0}
    seen = {"scene": {"labels": {"place": {"name": "snow", "confidence": 0.5}}}}
    told = as_text("author", {"world": world, "perception": seen, "plan": {}, "story": ["One.", "Two."]})
    assert "time (night)" in told and "clock (0)" in told and "place: " in told and not STRUCTURE.search(told)


def test_an_outline_leaves_out_what_is_empty_and_keeps_words_as_they_stand() -> None:
    value = {"wish": 'say "{who}"', "none": None, "bare": {"list": []}, "step": 0, "all": [{"a": 1, "b": [True]}, "x"]}
    assert outline(value) == 'wish: say "{who}"\nstep: 0\nall:\n  - a: 1\n    b:\n      - yes\n  - x'
