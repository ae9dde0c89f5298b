"""What drawings can show around a thing, and how a sentence names it: one list for painter, seer and tellers."""

GROUNDS = {
    "meadow": "on a meadow",
    "snow": "in the snow",
    "desert": "in the desert",
    "forest": "in a forest",
    "mountains": "in the mountains",
    "sea": "at sea",
    "beach": "on a beach",
    "city": "in a city",
    "swamp": "in a swamp",
    "volcanic": "on a lava field",
    "cave": "in a cave",
    "dungeon": "in a stone hall",
    "room": "in a room",
    "underwater": "under water",
    "space": "in space",
}
PLAIN = "plain"
"""The ground of a picture without any, which only a seer meets."""
HOURS = {"day": "by day", "sunset": "at sunset", "night": "at night", "overcast": "under a grey sky"}
WEATHERS = {
    "none": "",
    "rain": "in the rain",
    "snowfall": "while it snows",
    "fog": "in fog",
    "storm": "in a thunderstorm",
}
