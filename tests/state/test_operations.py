"""Operations are whole or absent, teach when they fail, and undo exactly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yggdrasil.state.content import Character, Content, Item, Place
from yggdrasil.state.operations import Operation, OperationError, UnknownName, apply, parse_operations, to_json

NAMES = ["Olaf", "Mara", "й", "Fjord", "Hut", "lamp", "key", "Ice is thin"]
SOME = st.sampled_from([*NAMES, ""])
NAMED = st.sampled_from(NAMES)
KINDS = st.sampled_from(["place", "character", "item"])


def op(kind_: str, /, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({"op": st.just(kind_), **fields})


OPS = st.one_of(
    op("add_place", name=NAMED, scene=st.just("sea")),
    op("add_character", name=NAMED, role=st.text(max_size=5), place=SOME),
    op("add_item", name=NAMED, holder=SOME, place=SOME),
    op("add_fact", text=NAMED),
    op("add_rule", text=NAMED),
    op("change", kind=KINDS, name=NAMED, field=st.sampled_from(["description", "place", "holder", "x"]), value=SOME),
    op("move", character=NAMED, place=SOME),
    op("give", item=NAMED, to_character=SOME, to_place=SOME),
    op("remove", kind=st.sampled_from(["place", "character", "item", "fact", "rule"]), name=NAMED),
    op("append_story", text=NAMED),
    op("set", field=st.sampled_from(["style", "clock", "extra.hp", "glossary.x", "no"]), value=st.just("1")),
    op("set", field=st.sampled_from(["clock", "extra.hp", "extra.inv"]), value=st.sampled_from([1, ["lamp"], None])),
    op("unset", field=st.sampled_from(["extra.hp", "glossary.x"])),
    op("unwrite"),
)


def start() -> Content:
    return Content(
        places=[Place(name="Fjord", scene="sea"), Place(name="Hut", scene="room")],
        characters=[Character(name="Olaf", role="fisher", place="Fjord"), Character(name="Mara", place="Hut")],
        items=[Item(name="lamp", holder="Olaf"), Item(name="key", place="Hut")],
        facts=["Ice is thin"],
        extra={"hp": 10},
    )


def lived(world: Content, raw: list[dict[str, object]]) -> tuple[Content, list[Operation]]:
    """The world after those operations that it admits, and what undoes them."""
    undo: list[Operation] = []
    for one in parse_operations(raw):
        try:
            world, inverse = apply(world, [one])
        except OperationError:
            continue
        undo[:0] = inverse
    return world, undo


def check_taken_back(before: Content, raw: list[dict[str, object]]) -> None:
    plain = before.to_json()
    world, undo = lived(before, raw)
    assert Content.model_validate(world.to_json()).digest == world.digest
    assert parse_operations(to_json(undo)) == undo
    again, redo = apply(world, undo)
    assert again == before and again.digest == before.digest
    assert apply(again, redo)[0] == world
    assert before.to_json() == plain


@settings(max_examples=300, deadline=None)
@given(st.lists(OPS, max_size=12))
def test_undo_of_apply_is_the_world_before(raw: list[dict[str, object]]) -> None:
    check_taken_back(start(), raw)


def test_a_failing_operation_changes_nothing() -> None:
    world = start()
    ops = parse_operations([{"op": "add_fact", "text": "new"}, {"op": "move", "character": "Olav", "place": "Hut"}])
    with pytest.raises(UnknownName) as error:
        apply(world, ops)
    assert error.value.near == ["Olaf"]
    assert "Olav" in str(error.value) and "did you mean 'Olaf'" in str(error.value)
    assert world == start()


def test_an_unknown_operation_is_named() -> None:
    with pytest.raises(OperationError, match="explode"):
        parse_operations([{"op": "explode"}])


def test_removing_a_place_leaves_nobody_standing_there() -> None:
    world, undo = apply(start(), parse_operations([{"op": "remove", "kind": "place", "name": "Hut"}]))
    assert [c.place for c in world.characters] == ["Fjord", ""]
    assert [i.place for i in world.items] == ["", ""]
    assert apply(world, undo)[0] == start()


def test_two_forms_of_one_name_are_one() -> None:
    world, _ = apply(start(), parse_operations([{"op": "add_place", "name": "\u0439"}]))
    with pytest.raises(OperationError, match="already"):
        apply(world, parse_operations([{"op": "add_place", "name": "\u0438\u0306"}]))
    moved, _ = apply(world, parse_operations([{"op": "move", "character": "Olaf", "place": " \u0438\u0306"}]))
    assert moved.characters[0].place == "\u0439"


def test_agents_read_a_short_form() -> None:
    short = start().digest_for_agents()
    assert short["characters"][0] == {"name": "Olaf", "role": "fisher", "place": "Fjord"}
    assert short["items"] == [{"name": "lamp", "holder": "Olaf"}, {"name": "key", "place": "Hut"}]
    assert short["extra"] == {"hp": 10}
