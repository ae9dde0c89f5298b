"""What a scene is called, in English and in Russian; each caption reads back as its scene."""

from random import Random
from typing import NamedTuple

from yggdrasil.plugins.draw.scene import Scene
from yggdrasil.plugins.draw.vocabulary import vocabulary
from yggdrasil.plugins.seer.sentence import with_article

Phrases = dict[str, tuple[str, ...]]

PLACES: Phrases = {
    "meadow": ("on a meadow", "in a green field", "on the grass"),
    "snow": ("in the snow", "on a snowy plain", "in winter"),
    "desert": ("in the desert", "on the sand", "among sand dunes"),
    "forest": ("in a forest", "in the woods"),
    "mountains": ("in the mountains", "before the mountains"),
    "sea": ("at sea", "on the ocean", "on the water"),
    "beach": ("on a beach", "on the sea shore"),
    "city": ("in a city", "on a city street"),
    "swamp": ("in a swamp", "in the marsh"),
    "volcanic": ("on a lava field", "in a volcanic land"),
    "cave": ("in a cave", "in a dark cavern"),
    "dungeon": ("in a dungeon", "in a stone hall"),
    "room": ("in a room", "inside a house"),
    "underwater": ("under water", "at the bottom of the sea"),
    "space": ("in space", "among the stars"),
    "plain": ("on a plain background",),
}
TIMES: Phrases = {
    "day": ("", "", "by day", "under a blue sky"),
    "sunset": ("at sunset", "at dusk", "in the evening"),
    "night": ("at night", "under a starry sky", "in the dark night"),
    "overcast": ("on a grey day", "under a cloudy sky"),
    "none": ("",),
}
WEATHERS: Phrases = {
    "none": ("",),
    "rain": ("in the rain", "while it rains"),
    "snowfall": ("in a snowfall", "while it snows"),
    "fog": ("in fog", "in the mist"),
    "storm": ("in a thunderstorm", "with lightning"),
}
RUSSIAN_PLACES: Phrases = {
    "meadow": ("на лугу", "в поле", "на траве"),
    "snow": ("в снегу", "зимой"),
    "desert": ("в пустыне", "среди дюн"),
    "forest": ("в лесу",),
    "mountains": ("в горах",),
    "sea": ("в море", "в океане"),
    "beach": ("на пляже", "на берегу"),
    "city": ("в городе", "на улице"),
    "swamp": ("на болоте",),
    "volcanic": ("среди лавы",),
    "cave": ("в пещере",),
    "dungeon": ("в подземелье",),
    "room": ("в комнате",),
    "underwater": ("под водой",),
    "space": ("в космосе",),
    "plain": ("на ровном фоне",),
}
RUSSIAN_TIMES: Phrases = {
    "day": ("", "", "днём"),
    "sunset": ("на закате", "вечером"),
    "night": ("ночью",),
    "overcast": ("в пасмурный день",),
    "none": ("",),
}
RUSSIAN_WEATHERS: Phrases = {
    "none": ("",),
    "rain": ("под дождём",),
    "snowfall": ("в снегопад",),
    "fog": ("в тумане",),
    "storm": ("в грозу",),
}


class Captions(NamedTuple):
    english: str
    russian: str


def captions(rng: Random, scene: Scene, left_to_right: list[str]) -> Captions:
    """Both captions of a scene; `left_to_right`: its things as they stand, to be told now and then."""
    sided = len(scene.things) == 2 and scene.weather == "none" and rng.random() < 0.25
    told = left_to_right if sided else list(scene.things)
    names = [_name(rng, thing, "en") for thing in told]
    russian = [_name(rng, thing, "ru") for thing in told]
    subject = " and ".join(with_article(n) + side for n, side in _sides(names, sided, ("on the left", "on the right")))
    russian_subject = " и ".join(n + side for n, side in _sides(russian, sided, ("слева", "справа")))
    nothing, russian_nothing = rng.choice(
        (("a landscape", "пейзаж"), ("an empty place", "пустое место"), ("a view", "вид"))
    )
    return Captions(
        _told(rng, subject or nothing, scene, (PLACES, TIMES, WEATHERS)),
        _told(rng, russian_subject or russian_nothing, scene, (RUSSIAN_PLACES, RUSSIAN_TIMES, RUSSIAN_WEATHERS)),
    )


def _name(rng: Random, thing: str, language: str) -> str:
    """Mostly the first name of a thing, else any of its others."""
    concept = vocabulary()[thing]
    names = concept.en if language == "en" else concept.ru
    return names[0] if rng.random() < 0.65 else rng.choice(names)


def _sides(names: list[str], sided: bool, words: tuple[str, str]) -> list[tuple[str, str]]:
    return [(name, f" {words[at]}" if sided else "") for at, name in enumerate(names)]


def _told(rng: Random, subject: str, scene: Scene, phrases: tuple[Phrases, Phrases, Phrases]) -> str:
    places, times, weathers = phrases
    parts = [rng.choice(places[scene.place]), rng.choice(times[scene.time]), rng.choice(weathers[scene.weather])]
    return " ".join([subject, *filter(None, parts)])
