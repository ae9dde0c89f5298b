"""Words by which a wish names people, places and seasons beyond those that the tale would choose by itself."""

from __future__ import annotations

from yggdrasil.storytelling.tale_guide.founding_words import Spot
from yggdrasil.storytelling.tale_guide.word_tables import entries, words

ROLES_BY_NAME = frozenset(
    words(
        """
    king queen emperor empress duke duchess lord lady baron count sultan samurai shogun ninja viking warrior soldier
    archer general admiral sheriff cowboy outlaw bandit gambler spy assassin rogue lawyer nurse surgeon chemist
    alchemist inventor clockmaker watchmaker tailor cobbler shoemaker butcher barber mayor governor ambassador clown
    acrobat juggler postman driver orphan widow hermit bard poet painter sculptor musician piper drummer nun priestess
    druid wizard sorcerer sorceress warlock necromancer summoner seer prophet oracle pilgrim nomad wanderer traveller
    stranger explorer adventurer archaeologist professor student scientist philosopher historian giant dwarf gnome
    pixie dryad nymph siren demon devil werewolf android cyborg cosmonaut botanist biologist geologist mathematician
    apprentice servant butler maid squire jester courtier blacksmith fisherman woodcutter lumberjack miner mason
    stonemason ferryman boatman whaler smuggler pirate corsair buccaneer marauder rebel guardian watchman sentinel
    cartographer navigator mother father brother sister grandmother grandfather child children twin
    goldsmith silversmith tinker peddler trader barmaid waiter chef vintner brewer distiller perfumer weaver spinner
    dyer tanner saddler fletcher cooper wheelwright locksmith chimney-sweep undertaker exorcist inquisitor bishop abbot
    pope imam rabbi lama
    """
    )
)
"""People whom a wish may name by what they do or are; the pool of ROLES is known besides."""

AGENTS = frozenset(
    words(
        """
    keeper maker hunter seller trader catcher tamer singer diver driver builder master captain guard ringer trainer
    collector breeder rider slayer whisperer teller reader thief smith herder merchant dancer painter grower gatherer
    """
    )
)
"""The second word of a role of two words: lighthouse keeper, dragon hunter."""

TRADES = ("smith", "keeper", "monger", "wright", "herd", "maker", "fisher", "ologist", "ician", "onomer")
"""Endings that make a word a role."""

NAMED_SPOTS = tuple(
    Spot(*(part.strip() for part in entry.split("|")))
    for entry in entries(
        """
    the monastery|in|dungeon; the chapel|in|room; the cathedral|in|dungeon; the castle|in|dungeon;
    the prison|in|dungeon; the hospital|in|room; the museum|in|room; the theatre|in|room; the circus|at|meadow;
    the zoo|in|meadow; the airport|at|city; the factory|in|room; the bakery|in|room; the shop|in|room;
    the ship|on|sea; the waterfall|at|forest; the lake|at|; the vineyard|in|meadow; the windmill|at|meadow;
    the observatory|in|room; the fortress|in|dungeon; the barn|in|room; the cemetery|in|; the tomb|in|dungeon;
    the pyramid|in|desert; the temple|in|dungeon; the park|in|meadow; the hotel|in|room; the island|on|beach;
    the bay|in|sea; the wharf|on|beach; the shipyard|in|beach; the greenhouse|in|room; the laboratory|in|room;
    the cellar|in|dungeon; the attic|in|room; the roof|on|city; the house|in|room; the church|in|dungeon;
    the cottage|in|room; the cabin|in|room; the valley|in|meadow; the hill|on|meadow; the glacier|on|snow;
    the waterhole|at|desert; the jungle|in|forest; the street|in|city; the road|on|;
    the sea|on|sea; the river|at|; the mountain|on|mountains; the pond|at|meadow; the field|in|meadow;
    the arena|in|city; the throne room|in|dungeon; the treasury|in|dungeon; the port|at|beach; the docks|at|beach;
    the casino|in|room; the bank|in|room; the office|in|room
    """
    )
)
"""Places that a tale has only where a wish or an action names them."""

SETTINGS = frozenset(
    words(
        """
    village town city sea ocean shore coast mountain mountains hamlet settlement kingdom realm empire country land
    world place home island islands lake river fishing life people folk tribe clan family community colony outpost
    camp age ages era times time ancient medieval modern old young small little tiny big great lonely quiet remote
    distant lost hidden forgotten far away deep high low wild peaceful happy sad magic magical enchanted mysterious
    strange dark bright cold warm cosy full edge end top bottom middle north south east west northern southern
    eastern western story tale adventure live lives living
    """
    )
)
"""Words that say nothing which a world must show: every world has a land and people."""

SEASONS = {
    "winter": "It is winter, and the nights are long",
    "autumn": "It is autumn, and the leaves are falling",
    "spring": "It is spring, and the snow has gone",
    "summer": "It is summer, and the evenings are warm",
}
SEASON_WORDS = {
    "fall": "autumn",
    "autumnal": "autumn",
    "wintry": "winter",
    "midwinter": "winter",
    "midsummer": "summer",
}
