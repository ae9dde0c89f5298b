"""Prompts become scenes: synonyms, places by what stands in them, and honest lists of what is not drawn."""

import pytest

from yggdrasil.plugins.draw.scene import PLACES, read_scene
from yggdrasil.plugins.draw.vocabulary import lexicon, vocabulary


@pytest.mark.parametrize(
    ("prompt", "things", "place", "time", "weather"),
    [
        ("a crown on a beach at night while it snows", ("crown",), "beach", "night", "snowfall"),
        ("a fox and a pine tree in the snow", ("fox", "evergreen-tree"), "snow", "day", "none"),
        ("a hound near a cottage at dusk", ("dog", "house"), "meadow", "sunset", "none"),
        ("wolves in the woods in a thunderstorm", ("wolf",), "forest", "day", "storm"),
        ("a ghost in a castle", ("ghost",), "dungeon", "none", "none"),
        ("a castle in the mountains in winter", ("castle",), "mountains", "day", "snowfall"),
        ("a whale", ("whale",), "sea", "day", "none"),
        ("foxes under the moon", ("fox",), "forest", "night", "none"),
        ("a knight in fog", ("guard",), "meadow", "day", "fog"),
        ("", (), "meadow", "day", "none"),
    ],
)
def test_a_prompt_is_read(prompt: str, things: tuple[str, ...], place: str, time: str, weather: str) -> None:
    scene = read_scene(prompt)
    assert (scene.things, scene.place, scene.time, scene.weather) == (things, place, time, weather)


def test_the_first_thing_is_the_main_one_and_a_fourth_is_told_as_left_out() -> None:
    scene = read_scene("a key, a crown, a sword and a shield in a cave")
    assert scene.things == ("key", "crown", "dagger")
    assert "shield" in scene.unknown


def test_words_that_leave_no_trace_are_named() -> None:
    assert read_scene("a rusty fox with a zorblax").unknown == ("rusty", "zorblax")


def test_a_word_without_a_drawing_says_what_is_drawn_for_it() -> None:
    assert read_scene("a witch in a forest").drawn_as == {"witch": "mage"}


def test_every_own_name_is_read_as_itself() -> None:
    for concept in vocabulary().values():
        for phrase in concept.en:
            assert read_scene(f"a {phrase}").things == (concept.name,), phrase


def test_the_lexicon_points_at_what_exists() -> None:
    words = lexicon()
    assert set(words["near"].values()) <= set(vocabulary())
    assert set(words["place"]) == set(PLACES)
    assert set(words["within"].values()) | set(words["homes"].values()) <= set(PLACES)
