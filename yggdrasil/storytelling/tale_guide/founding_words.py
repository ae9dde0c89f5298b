"""What a tale is made from when a world begins: places with their grounds, roles, and names by culture."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from yggdrasil.storytelling.tale_guide.word_tables import entries


class Spot(NamedTuple):
    """A kind of place: its name, the preposition it takes, the drawable scene it has ("" = the wish's ground)."""

    name: str
    at: str
    scene: str


_SPOTS = """
the harbour|at|beach; the longhouse|in|room; the great hall|in|dungeon; the forest|in|forest;
the market|at|city; the well|at|; the gate|at|; the old temple|in|dungeon; the bazaar|in|city;
the dunes|in|desert; the oasis|at|desert; the mill|at|; the cave|in|cave; the tower|in|dungeon;
the cliffs|on|mountains; the inn|in|room; the smithy|in|room; the shrine|at|; the garden|in|meadow;
the bridge|on|; the beach|on|beach; the caravan camp|in|desert; the lighthouse|at|beach;
the palace|in|dungeon; the ice field|on|snow; the graveyard|in|; the crypt|in|dungeon;
the library|in|room; the kitchen|in|room; the mountain pass|on|mountains; the frozen lake|on|snow;
the swamp|in|swamp; the clearing|in|forest; the river bank|on|; the pier|on|beach; the open sea|on|sea;
the lagoon|in|sea; the reef|on|sea; the tavern|in|room; the square|in|city; the ruins|in|;
the mine|in|cave; the volcano|on|volcanic; the meadow|on|meadow; the farm|on|meadow;
the orchard|in|meadow; the stable|in|room; the dungeon|in|dungeon; the courtyard|in|;
the sea bed|on|underwater; the coral garden|in|underwater; the crater|in|space; the airlock|in|room;
the bridge of the ship|on|room; the moon base|on|space; the street|in|city; the station|at|;
the workshop|in|room; the school|in|room; the hut|in|room; the hot springs|at|volcanic;
the witch's hut|in|room; the old oak|at|forest; the canyon|in|desert; the marsh|in|swamp
"""
SPOTS = tuple(Spot(*(part.strip() for part in entry.split("|"))) for entry in entries(_SPOTS))

WILD = frozenset(
    f"the {name}"
    for name in entries(
        """
    forest; dunes; oasis; cliffs; beach; ice field; frozen lake; mountain pass; swamp; clearing; river bank;
    open sea; lagoon; reef; volcano; meadow; sea bed; coral garden; crater; hot springs; old oak; canyon; marsh;
    cave; orchard; ruins
    """
    )
)
"""Places that nobody built."""

GROUNDS = {
    "snow": "winter snow ice icy frozen arctic polar tundra glacier frost snowy norse",
    "desert": "desert dune dunes sand sands sahara caravan oasis",
    "forest": "forest wood woods woodland jungle taiga grove",
    "mountains": "mountain mountains alps peak peaks cliff highland highlands",
    "beach": "sea ocean island coast beach harbour harbor port pirate pirates",
    "underwater": "underwater sunken drowned atlantis mermaid mermaids reef",
    "swamp": "swamp marsh bog",
    "volcanic": "volcano volcanic lava",
    "space": "space spaceship moon planet star stars galaxy asteroid mars",
    "city": "city town street metropolis",
    "cave": "cave caves cavern underground",
    "dungeon": "dungeon castle crypt tomb",
}
"""Scene → words of a wish that make it the ground of places without one of their own."""

ROLES = entries(
    """
    fisher; boat builder; smith; healer; hunter; weaver; merchant; guide; guard; storyteller; scribe; priest;
    sailor; thief; shepherd; singer; cook; captain; carpenter; gravedigger; innkeeper; herbalist; witch; knight;
    baker; miller; camel driver; water seller; potter; glassblower; librarian; beggar; gardener; bell ringer;
    map maker; monk; astronomer; pilot; engineer; doctor; teacher; detective; mechanic; shaman; ranger;
    beekeeper; puppet maker; candle maker; dancer; judge; farmer; elder; gunner; diver; pearl diver; magician;
    ghost hunter; scholar; spice trader; snake charmer; fox keeper; lamp lighter
    """
)

_NAMES = {
    "norse": "Ketil Leif Orm Torsten Ulf Harald Eirik Bjarne/Astrid Sigrun Ingrid Freya Thora Helga Runa Gudrun",
    "arab": "Karim Yusuf Omar Tariq Hassan Nadir Rashid Salim/Amina Layla Zahra Samira Nadia Farida Yasmin Safiya",
    "gothic": "Konrad Lothar Viktor Emil Albrecht Falk Roland Casimir/Mathilda Elsbeth Ottilie Griselda Verena Adela"
    " Isolde Agnes",
    "pirate": "Jack Ned Silas Barnaby Tom Finn Jory Morgan/Anne Mary Nell Bess Kate Rosa Grace Molly",
    "slavic": "Ivan Boris Mikhail Luka Stepan Pavel Yaromir Vadim/Vasilisa Olga Marya Darya Zora Milena Anya Ludmila",
    "celtic": "Bran Owen Rhys Cormac Aidan Taran Conall Lugh/Brigid Rowan Maeve Deirdre Aine Nia Gwen Moira",
    "japanese": "Hiro Kenji Taro Ryu Daichi Makoto Jiro Haru/Yuki Hana Sakura Akiko Emi Midori Kaede Aya",
    "greek": "Nikos Leander Orion Damon Theron Alexis Petros Linus/Thalia Daphne Phoebe Ione Calliope Xanthe Iris",
    "indian": "Arjun Ravi Dev Mohan Kiran Vikram Anand Nikhil/Priya Lakshmi Meera Anjali Devi Kavita Sita Leela",
    "african": "Kofi Jabari Kwame Tau Sefu Amadi Chike Baako/Amara Nia Zuri Ayana Imani Asha Makena Adisa",
    "space": "Rex Dex Orin Kade Juno Talon Miles Cass/Nova Lyra Vega Stella Mira Ada Zoe Kira",
    "village": "Peter Will Robin Martin Hugh Simon Walter Giles/Clara Alice Rose Emma Martha Lucy Edith Joan",
}
NAMES = {culture: tuple(tuple(half.split()) for half in both.split("/")) for culture, both in _NAMES.items()}
"""Culture → (names of men, names of women)."""

_CULTURE_WORDS = {
    "norse": "norse viking vikings fjord nordic ice iceland north",
    "arab": "desert caravan oasis sultan arabian bazaar djinn dunes",
    "gothic": "haunted castle vampire vampires crypt gothic ghost ghosts monastery",
    "pirate": "pirate pirates buccaneer corsair treasure",
    "slavic": "slavic russian taiga baba bear bears witches",
    "celtic": "celtic elf elves elven fairy fairies druid druids irish scottish forest",
    "japanese": "japanese japan samurai ninja tokyo shogun",
    "greek": "greek greece olympus athens island",
    "indian": "india indian jungle maharaja tiger tigers",
    "african": "africa african savanna savannah",
    "space": "space spaceship robot robots starship galaxy moon mars cyberpunk planet",
    "village": "village farm town medieval mill school",
}

_GENDER = {name: half for both in NAMES.values() for half, names in zip("mf", both, strict=True) for name in names}


def gender(name: str) -> str:
    """ "m", "f", or "" for a name that is in no pool."""
    return _GENDER.get(name, "")


def fresh_name(random: Random, taken: Iterable[str], story: str) -> str:
    """A name that nobody has and no story tells of, of the culture of those who have one, else of any."""
    used = set(taken)
    own = [c for c, both in NAMES.items() if used & {*both[0], *both[1]}]
    for cultures in (own[:1], list(NAMES)):
        free = [n for c in cultures for half in NAMES[c] for n in half if n not in used and n not in story]
        if free:
            return random.choice(free)
    return f"Stranger {len(used)}"


def culture_of(wish: str) -> str:
    """The culture whose names the words of a wish ask for, the first named word deciding; "" if none does."""
    for word in wish.lower().replace(",", " ").split():
        for culture, words in _CULTURE_WORDS.items():
            if word in words.split():
                return culture
    return ""


_AFAR = {
    "beach": "beach sea harbour harbor pirate pirates fishing coast island ocean port underwater",
    "sea": "beach sea harbour harbor pirate pirates fishing coast island ocean port underwater",
    "underwater": "underwater mermaid mermaids atlantis reef",
    "desert": "desert caravan oasis dunes sand",
    "snow": "snow winter ice norse arctic frozen snowy",
    "space": "space moon planet star stars galaxy spaceship starship mars",
    "volcanic": "volcano volcanic lava fire dragon dragons",
    "swamp": "swamp marsh bog",
    "mountains": "mountain mountains alps peak cliffs highland castle norse",
}
_ABOARD = frozenset(
    ("the airlock", "the bridge of the ship", "the station", "the workshop", "the crater", "the moon base")
)


INDOORS = ("cave", "dungeon", "room")
"""Scenes under a roof."""
MOOD_WORDS = frozenset(word for words in (*_CULTURE_WORDS.values(), *_AFAR.values()) for word in words.split())
"""Words by which a wish chooses names and places, though they name none."""


def is_ground(phrase: str) -> bool:
    """Whether a phrase names a kind of ground, an hour or a weather."""
    from yggdrasil.plugins.draw.vocabulary import lexicon

    words = lexicon()
    listed = any(phrase in names for kind in ("place", "time", "weather") for names in words[kind].values())
    return listed or any(phrase in names.split() for names in GROUNDS.values())


def belongs(place: Spot, wish: str, ground: str) -> bool:
    """Whether a place is thinkable in a wish: no pier in a desert, no harbour in space."""
    words = set(wish.lower().replace(",", " ").split())
    if ground in ("space", "underwater"):
        return place.scene == ground or (ground == "space" and place.name in _ABOARD)
    if place.name in _ABOARD:
        return place.name.removeprefix("the ") in wish
    return place.scene == ground or place.scene not in _AFAR or bool(words & set(_AFAR[place.scene].split()))


def ground_of(wish: str) -> str:
    """The scene that the words of a wish ask for, the first named word deciding; "" if none does."""
    for word in wish.lower().replace(",", " ").split():
        for scene, words in GROUNDS.items():
            if word in words.split():
                return scene
    return ""
