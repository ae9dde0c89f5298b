"""What a world holds beyond places and people: own kinds, who knows what, looks and goals, summaries of the story."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.state.test_operations import OPS, check_taken_back, lived, op, start
from yggdrasil.state import Character, Content, Entity, OperationError, UnknownName, apply, parse_operations

WHO = st.sampled_from(["Olaf", "Mara", "Nobody"])
WHERE = st.sampled_from(["Fjord", "Hut", ""])
FACTS = st.sampled_from(["Ice is thin", "The key is false", "Mara lies"])
KINDS = st.sampled_from(["creature", "ship"])
BEASTS = st.sampled_from(["Kraken", "Roc"])
KNOWERS = st.none() | st.lists(WHO, max_size=2)
EVERY = st.sampled_from(["creature", "ship", "place", "character", "item", "fact", "rule"])
ANY_NAME = st.one_of(WHO, BEASTS, FACTS, WHERE.filter(bool))
VALUES = st.sampled_from(["Hut", "", None, ["to leave"], 3, {"of": ["Roc"]}])
FIELDS = st.sampled_from(["looks", "voice", "goals", "place", "status", "kin", "name", "holder"])
NEW = st.one_of(
    op("add_character", name=WHO, looks=st.just("tall"), voice=st.just("low"), goals=st.just(["a boat"])),
    op("add_fact", text=FACTS, known_by=KNOWERS),
    op("learn", character=WHO, fact=FACTS),
    op("known", fact=FACTS, by=KNOWERS),
    op("add", kind=KINDS, name=BEASTS, place=WHERE, fields=st.just({"kin": ["Roc"], "eggs": 2})),
    op("change", kind=EVERY, name=ANY_NAME, field=FIELDS, value=VALUES),
    op("rename", kind=EVERY, name=ANY_NAME, to=ANY_NAME),
    op("remove", kind=EVERY, name=ANY_NAME),
    op("insert", kind=st.just("fact"), at=st.integers(0, 3), record=FACTS),
    op("append_story", text=st.just("It rains."), summary=st.sampled_from(["", "rain"])),
    op("unwrite"),
)


def filled() -> Content:
    facts = ["Ice is thin", "The key is false"]
    creature = Entity(name="Kraken", description="many arms", place="Fjord", fields={"kin": ["Roc"]})
    olaf = {"looks": "tall", "voice": "low", "goals": ["a boat"]}
    more: dict[str, Any] = {
        "facts": facts, "known_by": {"The key is false": ["Mara"]}, "entities": {"creature": [creature]},
        "story": ["It rains."], "summaries": {"0": "rain"},
        "characters": [{**start().characters[0].model_dump(), **olaf}, start().characters[1]],
    }  # fmt: skip
    return Content.model_validate({**start().to_json(), **more})


@settings(max_examples=120, deadline=None)
@given(st.lists(NEW | OPS, max_size=12))
def test_whatever_happened_is_taken_back_exactly(raw: list[dict[str, object]]) -> None:
    check_taken_back(filled(), raw)


@settings(max_examples=50, deadline=None)
@given(st.lists(OPS, max_size=8))
def test_a_world_without_them_is_written_as_before(raw: list[dict[str, object]]) -> None:
    plain = lived(start(), raw)[0].to_json()
    fields = "wish title story places characters items facts style rules glossary time weather clock extra"
    assert list(plain) == fields.split()
    assert all(list(who) == ["name", "description", "status", "role", "place"] for who in plain["characters"])


def test_the_digest_of_a_world_of_before_is_the_one_it_had() -> None:
    assert start().digest == "8e0fc167c2ab33a3fc9671e2f818a9f3d27432a56aebf96dd46aba2365eb5321"


def test_a_secret_is_known_to_those_who_know_it() -> None:
    world = filled()
    assert world.known_to("Mara") == ["Ice is thin", "The key is false"] and world.known_to("Olaf") == ["Ice is thin"]
    learnt, _ = apply(world, parse_operations([{"op": "learn", "character": "Olaf", "fact": "The key is false"}]))
    assert learnt.known_to("Olaf") == ["Ice is thin", "The key is false"]
    hidden, _ = apply(world, parse_operations([{"op": "add_fact", "text": "It was the cook", "known_by": []}]))
    assert all("It was the cook" not in hidden.known_to(who) for who in ("Olaf", "Mara"))
    with pytest.raises(UnknownName, match="Olaf"):
        world.known_to("Olav")


def test_removing_and_renaming_carry_knowledge_along() -> None:
    gone, undo = apply(filled(), parse_operations([{"op": "remove", "kind": "character", "name": "Mara"}]))
    assert gone.known_by == {"The key is false": []} and apply(gone, undo)[0] == filled()
    forgotten, undo = apply(filled(), parse_operations([{"op": "remove", "kind": "fact", "name": "The key is false"}]))
    assert forgotten.known_by == {} and apply(forgotten, undo)[0] == filled()
    renamed, _ = apply(
        filled(),
        parse_operations(
            [
                {"op": "rename", "kind": "character", "name": "Mara", "to": "Maren"},
                {"op": "rename", "kind": "fact", "name": "The key is false", "to": "The key is true"},
                {"op": "rename", "kind": "place", "name": "Fjord", "to": "Bay"},
            ]
        ),
    )
    assert renamed.known_to("Maren") == ["Ice is thin", "The key is true"]
    assert renamed.characters[0].place == "Bay" and renamed.entities["creature"][0].place == "Bay"


def test_own_kinds_stand_where_places_are_and_have_their_own_fields() -> None:
    changed, _ = apply(
        filled(),
        parse_operations(
            [
                {"op": "change", "kind": "creature", "name": "Kraken", "field": "arms", "value": 9},
                {"op": "change", "kind": "creature", "name": "Kraken", "field": "kin", "value": None},
                {"op": "remove", "kind": "place", "name": "Fjord"},
            ]
        ),
    )
    assert changed.entities["creature"][0].fields == {"arms": 9} and changed.entities["creature"][0].place == ""
    with pytest.raises(OperationError, match="creature"):
        apply(filled(), parse_operations([{"op": "remove", "kind": "creatur", "name": "Kraken"}]))
    with pytest.raises(OperationError, match="add_item"):
        apply(filled(), parse_operations([{"op": "add", "kind": "item", "name": "rope"}]))
    with pytest.raises(OperationError, match="'status'"):
        apply(filled(), parse_operations([{"op": "add", "kind": "ship", "name": "Argo", "fields": {"status": "x"}}]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("known_by", {"No such fact": ["Mara"]}),
        ("known_by", {"Ice is thin": ["Nobody"]}),
        ("summaries", {"1": "later"}),
        ("entities", {"item": [{"name": "rope"}]}),
        ("entities", {"ship": [{"name": "Argo"}, {"name": "Argo"}]}),
    ],
)
def test_what_does_not_hold_together_is_no_content(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Content.model_validate({**filled().to_json(), field: value})


def test_agents_read_what_is_filled() -> None:
    short = filled().digest_for_agents()
    assert short["characters"][0]["goals"] == ["a boat"] and "looks" not in short["characters"][1]
    creature = {"name": "Kraken", "description": "many arms", "place": "Fjord", "kin": ["Roc"]}
    assert short["entities"] == {"creature": [creature]}
    assert short["known_by"] == {"The key is false": ["Mara"]} and short["summaries"] == {"0": "rain"}
    assert not {"known_by", "entities", "summaries"} & set(start().digest_for_agents())
    assert Character(name="Olaf").model_dump() == {
        "name": "Olaf", "description": "", "status": "", "role": "", "place": "",
    }  # fmt: skip
