"""What a user's sentence does: where the thing is afterwards, who is hurt, who went where."""

from __future__ import annotations

import pytest

from yggdrasil.storytelling.tale_guide.cast import Cast
from yggdrasil.storytelling.tale_guide.deed import deed, time_in, weather_in
from yggdrasil.storytelling.tale_guide.update import _apply

CASES = [
    ("Karim finds a sword", ["Karim"], "", "sword", False, ("hold A",)),
    ("Karim gives the crown to Amina", ["Karim", "Amina"], "", "crown", True, ("hold B",)),
    ("Karim loses the crown", ["Karim"], "", "crown", True, ("lost",)),
    ("Karim lays the crown on the well", ["Karim"], "the well", "crown", True, ("lay P",)),
    ("A dragon lands on the market", [], "the market", "dragon", False, ("lay P",)),
    ("The ship sinks", [], "", "ship", True, ("gone",)),
    ("A storm destroys the ship", [], "", "ship", True, ("gone",)),
    ("The dragon burns the market", [], "the market", "dragon", True, ("lay P",)),
    ("Karim kills the dragon", ["Karim"], "", "dragon", True, ("gone",)),
    ("The dragon bites Karim", ["Karim"], "", "dragon", True, ("status A wounded",)),
    ("Karim heals Amina", ["Karim", "Amina"], "", "", False, ("status B well",)),
    ("Amina falls ill", ["Amina"], "", "", False, ("status A ill",)),
    ("Karim goes to the well", ["Karim"], "the well", "", False, ("move A P",)),
    ("Karim marries Amina", ["Karim", "Amina"], "", "", False, ("fact Karim marries Amina",)),
    ("Karim sings to the dragon", ["Karim"], "", "dragon", True, ("fact Karim sings to the dragon",)),
]


@pytest.mark.parametrize(("text", "people", "place", "thing", "known", "effects"), CASES, ids=[c[0] for c in CASES])
def test_what_a_sentence_does(
    text: str, people: list[str], place: str, thing: str, known: bool, effects: tuple[str, ...]
) -> None:
    assert deed(text, people, place, thing, kind="creature", known=known).effects == effects


def test_a_creature_that_comes_is_told_on_as_one_and_a_deed_as_a_deed() -> None:
    assert deed("A dragon lands on the roof", [], "", "dragon", kind="creature").like == "beast"
    assert deed("Karim finds a fox", ["Karim"], "", "fox", kind="creature").like == ""
    assert deed("Karim finds a fox", ["Karim"], "", "fox", kind="creature").told


BRACES = ["writes {} on a wall", "{0}", "{", "}", "{who} and {place}", "{{hello}}", "the sign says {A}", "{a!x:}"]


@pytest.mark.parametrize("said", BRACES)
def test_braces_in_a_users_words_are_told_as_they_stand(said: str) -> None:
    cast = Cast(people=("Edith",), place="the well", other="", thing="")
    (effect,) = deed(f"Edith {said}", ["Edith"], "", "").effects
    (operation,) = _apply({}, cast, effect, [])
    assert operation == {"op": "add_fact", "text": f"Edith {said}."}


def test_weather_and_hour_that_a_sentence_tells() -> None:
    assert (weather_in("A blizzard comes"), time_in("Night falls over the market")) == ("snowfall", "night")
    assert (weather_in("A ship arrives"), time_in("A ship arrives")) == ("", "")
