"""Which drawable ground a place stands on, by the English words that tell of it."""

from __future__ import annotations

import re

_WORDS = {
    "underwater": "underwater seabed coral reef",
    "space": "space orbit moon planet asteroid station",
    "volcanic": "volcano volcanic lava",
    "dungeon": "dungeon prison crypt cell",
    "cave": "cave cavern grotto mine tunnel",
    "swamp": "swamp marsh bog fen",
    "beach": "beach shore sandbank",
    "sea": "sea ocean fjord harbour harbor bay cove dock docks pier coast island lake river pond",
    "snow": "snow snowy ice icy frozen frost frosty glacier tundra",
    "desert": "desert dune dunes sand sandy oasis canyon",
    "mountains": "mountain mountains peak peaks cliff cliffs summit ridge",
    "forest": "forest forests wood woods grove jungle pine pines",
    "room": "inn tavern hall house hut room cottage temple workshop kitchen library",
    "city": "city town market square street bazaar gate castle",
    "meadow": "meadow field fields valley hill farm plain grass garden village",
}


def ground(name: str, told: str, chosen: str, scenes: list[str]) -> str:
    """The scene whose words stand in the place's name, else in what is told of it, else the `chosen` one."""
    for text in (name, told):
        words = set(re.findall(r"[a-z]+", text.lower()))
        for scene, known in _WORDS.items():
            if scene in scenes and words & set(known.split()):
                return scene
    return chosen
