"""A small model is led by a genre's words in short: one bound turn a stage, texts in words, no weather of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.levels.genre.capable import STORYTELLING, Capable, prose, told, world_of
from yggdrasil.agent.agent import Agent
from yggdrasil.contract.bounds import letters_of
from yggdrasil.levels.genre.book import read_book
from yggdrasil.levels.genre.brief import few_operations, outlined
from yggdrasil.levels.genre.of_world import tell_in
from yggdrasil.levels.world.tools import Recall
from yggdrasil.levels.world.world import World
from yggdrasil.state.content import Content

STAGES = ("found", "development", "architect", "author", "update")


def small(llm: Capable, home: Path, **settings: Any) -> World:
    world = world_of(llm, home, **settings)
    tell_in(world, lead="brief")
    return world


def fields(schema: Any, key: str) -> set[str]:
    if isinstance(schema, dict):
        return (
            {str(schema[key])} if key in schema else set[str]().union(*(fields(part, key) for part in schema.values()))
        )
    return set[str]().union(*(fields(part, key) for part in schema)) if isinstance(schema, list) else set()


def test_a_step_makes_one_request_a_stage_even_with_tools(tmp_path: Path) -> None:
    llm = Capable()
    world = small(llm, tmp_path)
    for stage in ("development", "architect", "author", "update"):
        world.stages[stage] = Agent(llm, [Recall()], lead="brief")
    world.step()
    assert len(llm.requests) == 1 + 4
    assert not any(request["tools"] for request in llm.requests)


def test_no_letter_pattern_binds_a_text(tmp_path: Path) -> None:
    llm = Capable()
    small(llm, tmp_path).step()
    assert [fields(request["schema"], "pattern") for request in llm.requests] == [set()] * 5


def test_the_answer_is_told_in_words(tmp_path: Path) -> None:
    llm = Capable()
    small(llm, tmp_path).step()
    assert "characters (3 of them) [name (first and family name), role (the trade)" in told(llm.requests[0])
    assert all("Answer with one line of JSON: " in told(request) for request in llm.requests)


def test_nothing_asks_for_weather_where_there_is_none(tmp_path: Path) -> None:
    llm = Capable()
    world = small(llm, tmp_path)
    world.step()
    assert "weather" not in json.dumps(llm.requests)
    assert world.content().weather == ""
    stormy = few_operations(Content(weather="storm"), [])
    (setting,) = [shape for shape in stormy["items"]["anyOf"] if shape["properties"]["op"]["const"] == "set"]
    assert setting["properties"]["field"] == {"enum": ["weather"]}


def test_a_name_written_as_code_is_told_in_words(tmp_path: Path) -> None:
    def answer(path: str, schema: dict[str, Any], number: int) -> str:
        return "old_salt_map" if path == ".title" else prose(path, schema, number)

    world = small(Capable(answer), tmp_path)
    world.found()
    assert world.content().title == "old salt map"


def test_a_text_said_again_is_asked_again(tmp_path: Path) -> None:
    def answer(path: str, schema: dict[str, Any], number: int) -> str:
        return "The lamp goes out over the bay" if path == ".text" else prose(path, schema, number)

    llm = Capable(answer)
    small(llm, tmp_path).step()
    assert len(llm.requests) == 1 + 4 + 1, "the author says the plan again, whatever it is asked"


def test_a_painter_is_told_as_much_as_it_reads() -> None:
    assert (letters_of({"tokens": 20}), letters_of({"letters": 300, "tokens": 9}), letters_of({})) == (80, 300, 0)


def test_a_genre_may_hold_other_words_for_a_small_model() -> None:
    book = read_book(STORYTELLING / "genre.yaml")
    for stage in STAGES:
        (full, plain), (short, brief) = (book.words(stage, brief=small) for small in (False, True))
        assert full != short and plain != brief
    assert book.words("character", brief=True)[1] == book.words("character", brief=False)[1]


def test_an_outline_names_fields_bounds_and_forms() -> None:
    form = {"properties": {"op": {"const": "move"}, "place": {"type": "string"}}, "description": "elsewhere"}
    schema: dict[str, Any] = {
        "properties": {
            "title": {"type": "string", "description": "of the world"},
            "operations": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"anyOf": [form]}},
        }
    }
    assert outlined(schema).endswith("title (of the world); operations (1 to 2) [move [place] (elsewhere)].")


def test_every_text_of_a_genre_ends(tmp_path: Path) -> None:
    """A small model that is bound by nothing writes on and on."""

    def endless(schema: Any) -> bool:
        if isinstance(schema, dict):
            free = schema.get("type") == "string" and not {"maxLength", "enum", "const"} & schema.keys()
            return free or any(map(endless, schema.values()))
        return isinstance(schema, list) and any(map(endless, schema))

    llm = Capable()
    world = world_of(llm, tmp_path, STORYTELLING.parent / "bestiary" / "genre.yaml")
    tell_in(world, lead="brief")
    world.step()
    assert [endless(request["schema"]) for request in llm.requests] == [False] * 5


@pytest.mark.parametrize("genre", ["ships-log", "bestiary", "case"])
def test_a_genre_without_such_words_is_led_by_its_own(tmp_path: Path, genre: str) -> None:
    llm = Capable()
    world = world_of(llm, tmp_path, STORYTELLING.parent / genre / "genre.yaml")
    tell_in(world, lead="brief")
    world.step()
    assert world.content().story and len(llm.requests) == 5
