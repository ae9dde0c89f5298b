"""A bound on the letters of a text ends it at a word, whatever model wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.scripted import Scripted, says
from tests.blocks.llm.embedded import embedded_model
from yggdrasil.agent.model import AgentModel
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.turns import TurnRequest, fill
from yggdrasil.blocks.llm.bounds import ended_at_words, roomy, spaced

TEXT: dict[str, Any] = {"type": "string", "maxLength": 20}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"text": TEXT, "kind": {"enum": ["a very long name of a kind"]}},
    "required": ["text"],
}
ASK = [{"role": "user", "content": "Tell of the sea."}]


def test_a_model_has_room_for_one_more_word_and_fixed_texts_stay() -> None:
    slot = {"type": "string", "pattern": "^[a-z]*$", "maxLength": 5}
    whole = {"type": "array", "items": {"anyOf": [TEXT, slot]}, "default": ["x"]}
    room = {"type": "array", "items": {"anyOf": [{"type": "string", "maxLength": 44}, slot]}, "default": ["x"]}
    assert roomy(whole) == room


@pytest.mark.parametrize(
    ("wrote", "kept"),
    [
        ("the bottom of the sea and more", "the bottom of the"),
        ("exactly twenty here.", "exactly twenty here."),
        ("short", "short"),
        ("x" * 30, "x" * 20),
        ("It is calm. Then a storm", "It is calm."),
        ("It was calm, and then it blew", "It was calm"),
        ("No. Then a storm comes up", "No. Then a storm"),
    ],
)
def test_a_text_over_its_bound_is_cut_after_a_word(wrote: str, kept: str) -> None:
    model = Scripted([says(f'{{"text": "{wrote}", "kind": "a very long name of a kind"}}')])
    assert model.fill(ASK, SCHEMA) == {"text": kept, "kind": "a very long name of a kind"}
    assert model.seen[0]["schema"]["properties"]["text"]["maxLength"] == 44


def test_an_agents_model_that_nothing_binds_may_write_more_than_it_was_asked() -> None:
    cut, whole = "the bottom of the sea and then " + "w" * 13, "the bottom of the sea and then some"
    near = "the bottom of the sea and then somewhere"
    for wrote, kept in ((cut, "the bottom of the"), (near, "the bottom of the"), (whole, whole)):
        model = AgentModel(Scripted([says(f'{{"text": "{wrote}"}}')]))
        assert fill(model, ASK, SCHEMA, TurnRequest(Toolbox(())), needed={}) == {"text": kept}


def test_alternatives_and_lists_are_cut_as_well() -> None:
    bounds = {"a": 5, "b": 9}.items()
    options = [{"properties": {"op": {"const": op}, "text": {**TEXT, "maxLength": n}}} for op, n in bounds]
    schema = {"type": "object", "properties": {"all": {"type": "array", "items": {"anyOf": options}}}}
    value = {"all": [{"op": "b", "text": "one two three"}, {"op": "a", "text": "one two three"}]}
    assert ended_at_words(value, schema) == {"all": [{"op": "b", "text": "one two"}, {"op": "a", "text": "one"}]}


def test_texts_are_told_in_words_and_what_is_fixed_stays() -> None:
    schema = {"properties": {"name": TEXT, "op": {"const": "add_item"}, "list": {"items": TEXT}}}
    value = {"name": "old_salt_map ", "op": "add_item", "list": ["a_b", "two\n\nparts"], "more": "x_y"}
    told = {"name": "old salt map", "op": "add_item", "list": ["a b", "two\n\nparts"], "more": "x_y"}
    assert spaced(value, schema) == told


@pytest.mark.models
def test_the_embedded_model_ends_at_a_word() -> None:
    model = embedded_model()
    ask = [{"role": "user", "content": "Describe the sea in a long sentence."}]

    def told(letters: int) -> str:
        text = {"type": "string", "minLength": letters // 2, "maxLength": letters}
        schema = {"type": "object", "properties": {"text": text}, "required": ["text"]}
        return model.fill(ask, schema, temperature=0, max_tokens=120)["text"]

    short, long = told(30), told(120)
    assert len(short) <= 30 and long.startswith(short) and not long[len(short) :][:1].isalpha()
