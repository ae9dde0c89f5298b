"""What kind of thing a drawable name is, and how it stands in a sentence."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from yggdrasil.storytelling.tale_guide.word_tables import entries, words

MODERN = frozenset(
    entries(
        """
    car; red car; bus; tractor; rocket; airplane; helicopter; ufo; flying saucer; bicycle; motorcycle; racing
    car; satellite; parachute; train; steam train; office building; hospital; factory; school; statue; stadium;
    railway; circus tent; ferris wheel; astronaut; pilot; detective; police officer; firefighter; scientist;
    judge; robot; alien; superhero; supervillain; villain; teddy bear; santa claus; lock; gear; umbrella;
    balloon; telescope; bomb; trophy; pineapple; christmas tree; pumpkin; dinosaur; tyrannosaurus; planet;
    ringed planet; top hat; gift; birthday cake; locomotive; house with a garden; seedling; stone head; snowman;
    baby angel; hero; automobile; jack-o-lantern; cake; eye
    """
    )
)
"""Things that a tale of old has no room for, unless the wish asks for them."""

FOOD = frozenset(
    entries(
        """
    apple; red apple; bread; loaf of bread; cheese; meat; cherries; grapes; carrot; pineapple; cake; birthday
    cake; fish; egg; mushroom; wine; glass of wine; mug of beer; basket; beer
    """
    )
)
FIXED = frozenset(
    entries(
        """
    fire; door; bed; chair; eye; tombstone; coffin; statue; stone head; snowman; rock
    """
    )
)
"""Things that nobody picks up."""
CURES = frozenset(
    entries(
        """
    potion; alembic; herb; mushroom; brown mushroom; clover; apple; red apple; rose; teapot; feather
    """
    )
)
HEARTHS = frozenset(
    entries(
        """
    fire; bonfire; fountain; bell; drum; statue; stone head; candle; lantern; red lantern; oil lamp; christmas
    tree; tree; cake; violin; crystal ball; open book; tent; tombstone; coffin; crown; map; treasure; telescope;
    sunflower; pumpkin
    """
    )
)
TOOLS = {
    "axe": "cut wood",
    "hammer": "mend the roof",
    "pickaxe": "dig a well",
    "basket": "gather food",
    "broom": "clean the house",
    "key": "open the old door",
    "candle": "search the dark cellar",
    "lantern": "search in the dark",
    "oil lamp": "search in the dark",
    "map": "find the way",
    "compass": "find the way",
    "bow and arrow": "hunt for food",
    "dagger": "cut the nets free",
    "anchor": "moor the boat",
    "bell": "call the people together",
    "telescope": "watch the sky",
    "chains": "bar the gate",
    "shield": "guard the door",
    "gear": "mend the machine",
    "canoe": "cross the water",
}
"""Tool → what somebody helps another to do with it."""
SKY = {
    "rainbow": "A rainbow stands over",
    "comet": "A comet burns over",
    "full moon": "A full moon rises over",
    "moon": "The moon rises over",
    "crescent moon": "A thin moon rises over",
    "lightning": "Lightning strikes close to",
    "tornado": "A whirlwind comes towards",
    "rain cloud": "A dark cloud hangs over",
    "cloud": "A strange cloud stands over",
    "star": "A bright star shines over",
    "sun": "A blood-red sun rises over",
    "snowflake": "The first snow falls on",
    "planet": "A strange planet shines over",
    "ringed planet": "A strange planet shines over",
}
WEATHER_OF = {"lightning": "storm", "tornado": "storm", "rain cloud": "rain", "snowflake": "snowfall"}
"""Sky things that bring a weather with them."""
_PLURAL = frozenset(["crossed swords", "swords", "chains", "grapes", "cherries", "logs", "firewood"])
_MASS = frozenset(
    words(
        """
    bread cheese meat lightning wheat firewood coral wine fire wood gold
    """
    )
)
_LIKE_ITEMS = frozenset(
    entries(
        """
    teddy bear; snowman; skull; baby angel; statue; stone head; tombstone; coffin; rock; logs; coral
    """
    )
)
WATERS = frozenset(["sea", "beach", "underwater", "swamp"])


@cache
def _kinds() -> dict[str, str]:
    from yggdrasil.plugins.draw.vocabulary import vocabulary

    return {name: concept.kind for concept in vocabulary().values() for name in (*concept.en, concept.name)}


def kind_of(thing: str) -> str:
    """creature, flyer, swimmer, plant, building, person, item, vehicle or sky; item for a name unknown."""
    if thing in _LIKE_ITEMS:
        return "item"
    return _kinds().get(thing, "item")


def canonical(thing: str) -> str:
    """The first of a thing's names, so that two names of one drawing are one thing."""
    return _labels().get(thing, thing)


@cache
def _labels() -> dict[str, str]:
    from yggdrasil.plugins.draw.vocabulary import vocabulary

    return {name: concept.label for concept in vocabulary().values() for name in (concept.name, *reversed(concept.en))}


def nearest(word: str) -> str:
    """The label of the drawing that comes nearest to a thing that has none; "" if none does."""
    from yggdrasil.plugins.draw.vocabulary import lexicon, vocabulary

    name = lexicon()["near"].get(word)
    return vocabulary()[name].label if name else ""


def known_things() -> Collection[str]:
    """Every name under which a thing can be drawn."""
    return _labels().keys()


def a(thing: str) -> str:
    """The thing with its article: a crown, an axe, bread."""
    if thing in _PLURAL or (thing in _MASS and thing != "fire"):
        return thing
    vowel = thing[:1] in "aeiou" and not thing.startswith(("unicorn", "ufo", "one"))
    return f"an {thing}" if vowel or thing.startswith("hour") else f"a {thing}"


def many(thing: str) -> bool:
    """Whether the name is a plural."""
    return thing in _PLURAL


def at_home(thing: str, scene: str) -> bool:
    """Whether a creature can come to a ground: what swims comes where water is, the rest stays dry."""
    if kind_of(thing) == "swimmer":
        return scene in WATERS
    if scene in ("underwater", "space"):
        return kind_of(thing) in ("item", "sky", "person")
    return not (kind_of(thing) == "vehicle" and thing in ("ship", "sailboat", "canoe", "boat") and scene not in WATERS)
