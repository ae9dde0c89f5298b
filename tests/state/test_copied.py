"""A copied content shares nothing that could be changed in place."""

from typing import Any

from yggdrasil.state.content import Character, Content, Entity, Item, Place


def parts(value: Any) -> list[int]:
    """The identity of everything in `value` that can be changed in place."""
    if isinstance(value, dict):
        return [id(value), *(i for v in value.values() for i in parts(v))]
    if isinstance(value, list):
        return [id(value), *(i for v in value for i in parts(v))]
    return [] if isinstance(value, str | int | float | type(None)) else [id(value), *parts(dict(value))[1:]]


def test_a_copy_is_equal_and_stands_alone() -> None:
    content = Content(
        wish="w", title="t", story=["a"], places=[Place(name="P")],
        characters=[Character(name="C", place="P", goals=["g"])],
        items=[Item(name="I", holder="C")], facts=["f"], style="s", rules=["r"], glossary={"k": "v"}, time="day",
        weather="rain", clock=3, extra={"deep": {"list": [1, {"x": 2}]}}, known_by={"f": ["C"]},
        entities={"creature": [Entity(name="E", fields={"kin": ["x"]})]}, summaries={"0": "s"},
    )  # fmt: skip
    copied = content.copied()
    assert copied == content and copied.to_json() == content.to_json()
    assert not set(parts(content)) & set(parts(copied))
    assert set(dict(content)) == set(Content.model_fields), "a new field must be copied too"
    copied.places[0].name = "Q"
    assert content.places[0].name == "P"
