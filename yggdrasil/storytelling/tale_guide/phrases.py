"""The grammar of free sentences: frames whose nouns the model writes, so that each sentence is whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from yggdrasil.storytelling.tale_guide.word_tables import words

SOMEBODY = words(
    """
    king queen captain monk witch giant prince princess sailor hunter stranger merchant thief pirate priest
    knight bride widow shepherd saint ghost child mother father brother sister smith hermit singer soldier
    healer magician traveller gravedigger beggar dancer dragon mermaid
    """
)
LAND = words(
    """
    sea river forest hills mountains road lake market harbour walls ruins temple graves island cliffs meadow
    valley desert dunes bridge tower castle village town palace caves mines woods moor marsh wells gardens coast
    north south east west bay stars moon ice mist
    """
)
NATURE = words(
    """
    moon sun snow sea stars fire ice night wind rain smoke thunder fog dew lightning waves river stone stones
    forest dark sand gold silver blood honey milk iron ashes winter spring summer morning
    """
)
COMING = words(
    """
    winter war storm journey wedding death fever harvest flood feast frost drought birth king queen peace fire
    famine plague stranger treasure spring summer ship thaw child
    """
)
KEPT = words(
    """
    letter key knife candle lamp bell ring coin book map mirror flute shell feather bone stone rose bottle drum
    mask cup comb cloak harp lantern egg seed song story lullaby prayer promise secret name riddle oath dream
    skull sword
    """
)
HEARD = words(
    """
    bells birds children crows dogs drums footsteps ghosts horses ravens ships songs whales wolves witches waves
    owls foxes
    """
)
LIVES = words(
    """
    ancestors animals bees birds bells crows dreams drums footsteps ghosts gods graves horses kings leaves
    lights merchants pirates prayers ravens sailors secrets shadows ships songs souls spirits stars stories
    storms strangers tears thieves waves whales wings witches wolves
    """
)
STUFF = words(
    """
    amber ash blood bread clay copper dust earth fire fish fog frost gold grass honey ice incense iron lavender
    leather milk moss rain rust salt sand seaweed silk smoke snow spices straw sulphur tar thunder tobacco wax
    wine wood wool
    """
)
PERSONAL = words(
    """
    old first last dead drowned blind lost young hungry sleeping forgotten wise lonely silent poor white red
    black
    """
)
PLAIN = words(
    """
    big black blue bright broken cold dark deep distant forgotten frozen golden great green grey hidden holy
    last little lost new old quiet red silver small strange tall warm white wild
    """
)
_VOWEL = re.compile(r"[aeiou]")


def _any(words: Iterable[str]) -> str:
    return "(" + "|".join(words) + ")"


def _a(words: Iterable[str], adjectives: Iterable[str]) -> str:
    """A regex of single nouns with their right article."""
    words, plain = list(words), [w for w in adjectives if not _VOWEL.match(w)]
    vowel = [w for w in words if _VOWEL.match(w)]
    parts = [f"a {_any(plain)} {_any(words)}", f"an old {_any(words)}", f"a {_any(w for w in words if w not in vowel)}"]
    return _any([*parts, f"an {_any(vowel)}"] if vowel else parts)


@cache
def _classes() -> dict[str, str]:
    land = f"the ({_any(PLAIN)} )?{_any(LAND)}"
    who = f"((the {_any(PERSONAL)} {_any(SOMEBODY)}|{_a(SOMEBODY, PERSONAL)})( (of|from|beyond|under) {land})?)"
    kept = f"({_a(KEPT, PLAIN)}( (of|from) {land})?)"
    return {
        "WHO": who,
        "LAND": land,
        "NATURE": f"(the ({_any(PLAIN)} )?{_any(NATURE)})",
        "COMING": f"({_a(COMING, ('long', 'hard', 'cold', 'great', 'new', 'dark', 'terrible', 'good'))})",
        "KEPT": kept,
        "STUFF": f"(({_any(('old', 'wet', 'burnt', 'cold', 'dry', 'sweet', 'wild'))} )?{_any(STUFF)})",
        "LIVES": f"(the ({_any(PLAIN)} )?{_any(LIVES)}( (of|from|under|beyond) {land})?)",
        "HEARD": f"(the ({_any(PLAIN)} )?{_any(HEARD)}|the (bells|drums|dogs|children|horses) (of|from|beyond) {land})",
        "ANY": f"({who}|{kept})",
    }


FRAMES: dict[str, tuple[str, ...]] = {
    "object": (
        "The people say that it (once belonged to|was made by|was stolen from|was made for|once saved) <WHO>.",
        "The people say that it comes from <LAND>.",
        "It is as (cold|old|black|bright|heavy) as <NATURE>.",
        "It reminds {B} of <ANY>.",
        "By the light of the fire it looks like <KEPT>.",
        "Whoever touches it (dreams of|sees|remembers) <LIVES>.",
        "It smells of <STUFF> and <STUFF>.",
    ),
    "building": (
        "The people say that it was built by <WHO>.",
        "It (smells|reeks) of <STUFF> and <STUFF>.",
        "Nobody has been there since the days of <WHO>.",
        "At night one can hear <HEARD> from there.",
    ),
    "passing": (
        "The people say that it comes from <LAND>.",
        "It smells of <STUFF> and <STUFF>.",
        "It reminds {B} of <WHO>.",
    ),
    "creature": (
        "The people say that it (is the friend of|belongs to|was sent by|is looking for|is the child of) <WHO>.",
        "The people say that it comes from <LAND>.",
        "Its eyes are as (bright|dark|cold|old|deep) as <NATURE>.",
        "It smells of <STUFF> and <STUFF>.",
        "It reminds {B} of <WHO>.",
        "Its voice is like <NATURE>.",
        "It (listens to|looks for|remembers) <LIVES>.",
    ),
    "newcomer": (
        "{Nhe} (speaks of|is looking for|asks about|remembers) <WHO>.",
        "The people say that {Nhe} (was sent by|has seen|serves|has lost) <WHO>.",
        "The people say that {Nhe} comes from <LAND>.",
        "{Nhis} clothes smell of <STUFF> and <STUFF>.",
        "In {Nhis} bag there is <KEPT>.",
        "{Nhis} eyes are as (bright|dark|cold|old|deep) as <NATURE>.",
    ),
    "sky": (
        "The old people say that it (brings|means|comes before) <COMING>.",
        "The wind smells of <STUFF> and <STUFF>.",
        "It is as (bright|pale|red|cold) as <NATURE>.",
        "The air tastes of <STUFF> and <STUFF>.",
        "The children sing of <ANY>.",
    ),
    "people": (
        "The children (sing of|dream of|ask about) <ANY>.",
        "The old people (remember|speak of|pray for) <WHO>.",
        "Everyone is waiting for <COMING>.",
        "The air smells of <STUFF> and <STUFF>.",
        "Far away one can hear <HEARD>.",
    ),
    "person": (
        "{A} (thinks of|remembers|cannot forget|longs for) <ANY>.",
        "{B} (thinks of|remembers|speaks of) <ANY>.",
        "That night {A} dreams of <ANY>.",
        "Far away one can hear <HEARD>.",
        "The wind smells of <STUFF> and <STUFF>.",
    ),
}
"""Frames by what the sentence is about; <CLASS> a phrase that the model writes, {A} {B} {he} {Nhe} as in events."""

CLOSED: dict[str, tuple[str, ...]] = {
    "object": (
        "Nobody knows where it came from.",
        "By evening there is nobody who has not heard of it.",
        "It is the only one of its kind.",
        "It is heavier than it looks.",
    ),
    "building": (
        "It was not there yesterday.",
        "Somebody has been there before them.",
        "Nobody answers when {he} calls.",
    ),
    "passing": (
        "By evening everybody has seen it.",
        "Nobody knows how long it will stay.",
    ),
    "creature": (
        "Nobody has ever seen one so close.",
        "It does not make a sound.",
        "In the morning its tracks are everywhere.",
        "{B} can hear it breathe in the dark.",
    ),
    "newcomer": (
        "Nobody has seen {Nhim} before.",
        "{Nhe} sits by the door and does not sleep.",
        "The dogs do not bark at {Nhim}.",
        "{Nhe} keeps one hand closed all the time.",
    ),
    "sky": (
        "Nobody sleeps that night.",
        "For a while everything is quiet.",
        "The children are the only ones who are not afraid.",
        "Doors and windows stay shut until morning.",
    ),
    "people": (
        "It is late when the last of them goes home.",
        "Only the oldest of them understand.",
        "Nobody wants to be the first to leave.",
        "The fires burn until morning.",
    ),
    "person": (
        "Nobody says a word about it.",
        "{B} does not sleep that night.",
        "The next day everything is different.",
        "{A} will not forget it.",
        "{B} has seen it coming for a long time.",
    ),
}
"""Sentences by the same subjects, for when nothing that the model writes is good enough."""

PLACE_FRAMES = (
    "It smells of <STUFF> and <STUFF>.",
    "It lies (beside|below|behind|beyond|close to) <LAND>.",
    "The people say that it was built by <WHO>.",
    "The people go there to (remember|pray for|wait for|speak of) <WHO>.",
    "At night one can hear <HEARD>.",
    "Nobody goes there alone, because of <WHO>.",
    "The people keep <KEPT> there.",
)
FACT_FRAMES = (
    "Everyone here (waits for|remembers|honours) <WHO>.",
    "Long ago (a stranger|a child|a thief) (stole|found|buried|lost) <KEPT>.",
    "Nobody has seen <WHO> for (seven|ten|twenty|a hundred) years.",
    "The people believe that <WHO> will come back.",
)


def pattern(frames: Iterable[str]) -> str:
    """The regex of all sentences that some frames allow, each after one blank."""
    whole = " (" + "|".join(re.sub(r"\.$", r"\\.", frame) for frame in frames) + ")"
    for name, regex in _classes().items():
        whole = whole.replace(f"<{name}>", regex)
    return whole
