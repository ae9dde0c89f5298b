"""What a user asks for, in a wish or by an action, is in the world afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.storytelling.tale_guide.test_guide import Dice, context, founded, shown, step
from yggdrasil.state import Content, apply, parse_operations
from yggdrasil.storytelling.tale_guide import guide
from yggdrasil.storytelling.tale_guide.action import thing_in
from yggdrasil.storytelling.tale_guide.cast import scene_of
from yggdrasil.storytelling.tale_guide.founding_words import INDOORS


@pytest.mark.parametrize("seed", range(3))
def test_people_places_things_and_season_of_the_wish_are_there(seed: int) -> None:
    content = founded(Dice(), seed, "a lighthouse keeper and a fox in an autumn forest village")
    keeper = next(c for c in content.characters if c.role == "lighthouse keeper")
    assert {"the lighthouse", "the forest"} <= set(content.names("place"))
    assert keeper.place == "the lighthouse"
    _, intent, _ = step(Dice(), content, [], seed)
    assert intent["thing"] == "fox"


def test_a_thing_of_the_wish_that_was_not_seen_comes_once_more_and_not_for_ever() -> None:
    content = founded(Dice(), 1, "a village of foxes")
    unseen = {"kind": "beast", "thing": "fox", "place": content.places[0].name}
    rested = [{"kind": kind, "thing": "crown", "place": ""} for kind in ("find", "lose", "refind", "study")]
    things = [step(Dice(), content, [*[unseen] * times, *rested], 1)[1]["thing"] for times in (1, 2)]
    assert things[0] == "fox" and things[1] != "fox"


def test_a_season_is_a_fact_and_what_nothing_comes_of_is_named() -> None:
    made = guide.answer(Dice(), "found", context(wish="a clockwork village in autumn"), 1)
    assert made["facts"][0] == "It is autumn, and the leaves are falling."
    assert made["unknown"] == ["clockwork"]


@pytest.mark.parametrize("wish", ["two ravens steal a lamp from a giant", "a pirate who marries the storm"])
def test_what_a_wishs_things_do_with_each_other_is_a_fact_in_its_own_words(wish: str) -> None:
    made = guide.answer(Dice(), "found", context(wish=wish), 1)
    assert any(wish in fact for fact in made["facts"])
    assert not any("village" in fact for fact in guide.answer(Dice(), "found", context(wish="a village"), 1)["facts"])


@pytest.mark.parametrize("seed", range(3))
def test_what_swims_and_is_wished_for_has_water_and_comes(seed: int) -> None:
    content = founded(Dice(), seed, "a whale carries a village on its back")
    assert "the sea" in content.names("place")
    _, intent, _ = step(Dice(), content, [], seed)
    assert (intent["thing"], intent["place"]) == ("whale", "the sea")


@pytest.mark.parametrize(
    ("action", "thing"),
    [("Nora wakes the tortoise", "turtle"), ("the wolves come", "wolf"), ("red lanterns burn", "red lantern")],
)
def test_a_thing_of_an_action_is_known_by_any_of_its_names(action: str, thing: str) -> None:
    assert thing_in(action, ["lantern", "red lantern", "turtle", "wolf"]) == thing


def test_a_russian_wish_is_understood_by_its_words() -> None:
    wish = "детская сказка про лису и абракадабру"
    made = guide.answer(Dice(), "found", context(wish=wish), 2)
    assert "абракадабру" in made["unknown"]
    assert any("fox" in fact for fact in made["facts"])
    assert step(Dice(), founded(Dice(), 2, wish), [], 2)[1]["thing"] == "fox"


def test_names_of_the_wish_are_kept() -> None:
    made = guide.answer(Dice(), "found", context(wish="Gandalf the wizard in Mordor"), 1)
    assert ("Gandalf", "wizard") in [(c["name"], c["role"]) for c in made["characters"]]
    assert "Mordor" in made["title"]


@pytest.mark.parametrize("wish", ["a castle of kings", "a mountain village", "a desert city", "inns and taverns"])
def test_a_world_has_a_place_under_the_open_sky(wish: str) -> None:
    content = founded(Dice(), 2, wish)
    assert any(scene_of({"places": [p.model_dump()]}, p.name) not in INDOORS for p in content.places)


def test_a_place_that_an_action_names_belongs_to_the_world_from_then_on() -> None:
    content, intent, told = step(Dice(), founded(Dice()), [], 3, "A fox runs into the library")
    assert intent["text"] == "A fox runs into the library." and told["text"].startswith("A fox runs into the library")
    library = next(place for place in content.places if place.name == "the library")
    assert library.scene == "room"
    assert next(item.place for item in content.items if item.name == "fox") == "the library"


def test_a_stranger_who_comes_gets_a_name_and_stays() -> None:
    before = founded(Dice())
    content, _, told = step(Dice(), before, [], 3, "A monk arrives with a map")
    (new,) = [c for c in content.characters if c.name not in before.names("character")]
    assert new.role == "monk" and f"A monk named {new.name} arrives with a map" in told["text"]


def test_what_a_known_person_does_with_a_thing_changes_whose_it_is() -> None:
    before = founded(Dice())
    first, second = before.names("character")[:2]
    content, *_ = step(Dice(), before, [], 3, f"{first} finds a crown")
    assert [(i.name, i.holder) for i in content.items] == [("crown", first)]
    content, *_ = step(Dice(), content, [], 4, f"{first} gives the crown to {second}")
    assert [(i.name, i.holder) for i in content.items] == [("crown", second)]
    content, *_ = step(Dice(), content, [], 5, f"{second} burns the crown")
    assert content.items == []


def test_an_action_whose_picture_shows_something_else_is_told_as_hearsay() -> None:
    content = founded(Dice())
    intent = guide.answer(Dice(), "development", {**context(content), "action": "A wolf comes to the library"}, 1)
    full = context(content, intent=intent, perception=shown(("fox", 0.9)))
    told = guide.answer(Dice(), "author", full, 1)
    assert told["text"].startswith("They say that a wolf comes to the library, but a fox comes to the library")
    changed = _after(content, full, told)
    assert [(i.name, i.place) for i in changed.items] == [("fox", "the library")]


def test_weather_and_hour_of_an_action_are_painted() -> None:
    content = founded(Dice())
    asked = {**context(content), "action": "A storm comes at night to the beach"}
    intent = guide.answer(Dice(), "development", asked, 1)
    (paint,) = guide.answer(Dice(), "architect", context(content, intent=intent), 1)["paints"]
    assert "at night" in paint["prompt"] and "thunderstorm" in paint["prompt"]


def _after(content: Content, full: dict[str, Any], told: dict[str, Any]) -> Content:
    made = guide.answer(Dice(), "update", {**full, "chronicle": told}, 1)
    return apply(content, parse_operations(made["operations"]))[0]
