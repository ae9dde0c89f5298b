"""Russian wishes become English; what the dictionary lacks is named."""

import pytest

from yggdrasil.plugins.draw.scene import read_scene
from yggdrasil.plugins.draw.translation import understand
from yggdrasil.plugins.draw.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("russian", "english"),
    [
        ("рыбацкая деревня зимой", "fishing village in winter"),
        ("Замок в пустыне ночью", "castle in desert at night"),
        ("лисы у моря на закате", "fox by sea on sunset"),
        ("волк в лесу, идёт снег", "wolf in forest, while it snows"),
        ("черепаха под водой", "turtle under water"),
        ("белый медведь", "polar bear"),
    ],
)
def test_a_wish_is_understood(russian: str, english: str) -> None:
    assert understand(russian) == (english, [])


def test_unknown_words_are_named_and_the_rest_still_understood() -> None:
    english, unknown = understand("бумбарашка в гавани")
    assert english == "in harbour"
    assert unknown == ["бумбарашка"]


def test_english_passes_unchanged() -> None:
    assert understand("a fishing village in winter") == ("a fishing village in winter", [])


def test_every_russian_name_leads_to_a_drawing() -> None:
    lost = [
        name for concept in vocabulary().values() for name in concept.ru if not read_scene(understand(name)[0]).things
    ]
    assert lost == []


def test_marks_stay_where_they_stood() -> None:
    assert understand("the sign says {open} (50%), $x_1/2") == ("the sign says {open} (50%), $x_1/2", [])
    assert understand("лиса {и} волк!")[0].endswith("{and} wolf!")
