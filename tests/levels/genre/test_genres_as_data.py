"""Genres that are data alone grow, hold their own kinds, and keep what nobody may know yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.levels.genre.capable import STORYTELLING, Capable, prose, told, world_of
from yggdrasil.levels.genre.check import faults_of

WORLDS = STORYTELLING.parent
DATA = ("ships-log", "bestiary", "case")
SOLUTION = "the ferryman drowned the miller for the blue key"


def grown(home: Path, genre: str, steps: int = 3) -> tuple[Any, Capable]:
    def answer(path: str, schema: dict[str, Any], number: int) -> str:
        return SOLUTION if path == ".solution" else prose(path, schema, number)

    llm = Capable(answer)
    world = world_of(llm, home, WORLDS / genre / "genre.yaml")
    for _ in range(steps):
        world.step()
    return world, llm


@pytest.mark.parametrize("genre", [*DATA, "storytelling"])
def test_each_template_is_sound(genre: str) -> None:
    assert faults_of(WORLDS / genre / "genre.yaml")[1] == []


@pytest.mark.parametrize("genre", DATA)
def test_each_genre_grows(tmp_path: Path, genre: str) -> None:
    world, llm = grown(tmp_path, genre)
    content = world.content()
    assert len(content.story) == 3 and len(content.summaries) == 3
    assert len(llm.requests) == 1 + 3 * 4
    assert len(world.replay().steps) == 3


def test_a_bestiary_holds_creatures_and_tells_of_them(tmp_path: Path) -> None:
    world, llm = grown(tmp_path, "bestiary", 1)
    (first,) = world.content().named("creature")
    assert first.fields["looks"] and first.fields["lives"]
    assert f"CREATURE\n- {first.name}" in told(llm.requests[1])
    adds = [s for s in llm.requests[4]["schema"]["properties"]["operations"]["items"]["anyOf"] if "kind" in str(s)]
    assert any(shape["properties"]["kind"] == {"const": "creature"} for shape in adds if "kind" in shape["properties"])


def test_nobody_is_told_the_solution_but_those_who_lead_the_world(tmp_path: Path) -> None:
    world, llm = grown(tmp_path, "case", 2)
    assert world.content().known_by[SOLUTION] == []
    who_is_told = [SOLUTION in told(request) for request in llm.requests[1:]]
    assert who_is_told == [True, False, False, True] * 2, "development and update are Environment's"
    (witness, *_) = world.content().names("character")
    assert SOLUTION not in world.content().known_to(witness)
    assert len(world.content().known_to(witness)) > len(world.content().facts) - len(world.content().known_by)
