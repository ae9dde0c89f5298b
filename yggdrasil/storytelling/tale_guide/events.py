"""What can happen in a tale: each event's opening, its possible ends, and what both change in the world.

Slots: {A} {B} {C} people of the world, {N} a newcomer, {P} {Q} places (with {inP} {inQ}), {t} a thing that is
known ("the crown"), {a} a new one ("a crown"), {it}; {he} {his} {him} go with A, {Bhe} … with B, {Nhe} … with N.
Effects: "hold A" (the thing passes to A), "lay P" (it lies at P), "lost", "gone" (it leaves the world),
"move A Q", "status A ill", "fact …" (a sentence that is true from now on).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaleEvent:
    """One kind of event.

    `takes` says what its thing is: "new KIND …" (drawn from the wish), "held", "lying", "lost", "creature" (a
    known item so placed), or "none". `people` is how many of A, B, C must be there, `follows` the kinds it goes
    on from, `where` the scenes it needs ("" = any).
    """

    kind: str
    takes: str
    people: int
    opening: str
    ends: tuple[str, ...]
    effects: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    weight: float = 0.0


def effects_of(end: str) -> tuple[str, tuple[str, ...]]:
    """The text of an end and its effects, written after `|`."""
    text, _, effects = end.partition("|")
    return text.rstrip(), tuple(part.strip() for part in effects.split(";") if part.strip())


def _lines(block: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in block.strip().splitlines())


FOUND = TaleEvent(
    "find", "new item", 2, "{A} finds {a} {inP}",
    _lines("""
    , and {he} carries {it} to {Q} | lay Q; move A Q
    , and {he} hides {it} before anyone can see | hold A; fact Only {A} knows about {t}
    , and {he} gives {it} to {B} | hold B
    , and {he} shows {it} to {B} | hold A
    , but {he} tells nobody about {it} | hold A; fact Only {A} knows about {t}
    , and {he} keeps {it} under {his} coat all day | hold A
    , and {B} says that {it} belonged to {Bhis} family | hold A; fact {B} says that {t} belonged to {Bhis} family
    , but {he} does not dare to touch {it} | lay P
    , and everyone comes to look at {it} | lay P
    , and {B} begs {him} to throw {it} away | hold A; fact {B} is afraid of {t}
    , and that night {he} cannot sleep | hold A
    """), ("hold A", "move A P"), ("dream", "vehicle", "secret", "sky"), 0.3,
)  # fmt: skip

BEAST = TaleEvent(
    "beast", "new creature flyer", 2, "{a} comes to {P}",
    _lines("""
    , and nobody dares to go near it | lay P; fact Everyone is afraid of {t}
    , and {A} gives it something to eat | lay P; fact {t} trusts {A}
    , and it follows {A} all the way to {Q} | lay Q; move A Q; fact {t} follows {A}
    , and {A} says that it has come with a message | lay P; fact {A} believes that {t} has a message
    , and the children give it a name | lay P
    , and it lies down at the feet of {A} | lay P; fact {t} trusts {A}
    , and {A} and {B} watch it until it grows dark | lay P
    , and {B} wants to drive it away | lay P; fact {B} wants to drive {t} away
    , and {B} swears that {Bhe} has seen it in a dream | lay P; fact {B} has seen {t} in a dream
    , and it will not leave again | lay P
    """), ("lay P",), ("dream", "ill", "lose", "sky"), 0.2,
)  # fmt: skip

ARRIVAL = TaleEvent(
    "arrival", "new person", 2, "{a} named {N} comes to {P}",
    _lines("""
    and asks {A} for shelter | fact {N} has asked {A} for shelter
    with news for {A} | fact {N} has brought news for {A}
    and will not say why | fact Nobody knows why {N} has come
    , and {A} does not trust {Nhim} | fact {A} does not trust {N}
    , and {A} offers {Nhim} bread and a place by the fire | fact {N} is the guest of {A}
    and says that {Nhe} has known {A} for a long time | fact {N} says that {Nhe} knows {A} from long ago
    , but only {A} can see {Nhim} | fact Only {A} can see {N}
    and asks for the way to {Q} | fact {N} wants to go to {Q}
    , and {B} is the only one who is not afraid | fact {B} is not afraid of {N}
    , looking for someone who can keep a secret | fact {N} has a secret
    """), ("newcomer",), ("vehicle", "sky", "dream", "secret"), 0.7,
)  # fmt: skip

QUARREL = TaleEvent(
    "quarrel", "held creature", 3, "{A} and {B} quarrel over {t}",
    _lines("""
    , because both of them saw {it} first | fact {A} and {B} both want {t}
    , and {B} takes {it} by force | hold B; fact {A} is angry with {B}
    , until {C} takes {it} away from both of them | hold C; fact {A} and {B} both want {t}
    , and in the end they do not speak to each other | fact {A} and {B} do not speak to each other
    , but {C} makes peace between them | fact {C} has made peace between {A} and {B}
    , because {A} wants to sell {it} | fact {A} wants to sell {t}
    , because {B} believes that {it} brings bad luck | fact {B} believes that {t} brings bad luck
    , and {C} laughs at both of them | fact {A} and {B} both want {t}
    """), (), ("find", "beast", "steal", "refind", "give"),
)  # fmt: skip

GIVE = TaleEvent(
    "give", "held", 2, "{A} gives {t} to {B}",
    _lines("""
    in return for a promise | hold B; fact {B} has made {A} a promise
    , and {B} weeps for joy | hold B; fact {B} loves {A} for the gift of {t}
    , because {B} once saved {his} life | hold B; fact {A} owes {B} {his} life
    , but {B} does not want {it} | hold A; fact {B} does not want {t}
    and asks {Bhim} to keep {it} safe | hold B; fact {B} must keep {t} safe
    , and {B} hides {it} {inQ} | lay Q; fact {B} has hidden {t} {inQ}
    to make peace | hold B; fact {A} and {B} are friends
    and goes to {Q} without another word | hold B; move A Q
    """), ("hold B",), ("find", "quarrel", "ill", "secret", "study"),
)  # fmt: skip

LOSE = TaleEvent(
    "lose", "held", 2, "{A} loses {t} {inP}",
    _lines("""
    and searches for {it} until dark | lost; move A P
    , and {B} blames {him} for it | lost; fact {B} blames {A} for the loss of {t}
    , and nobody can say where {it} went | lost
    and is too proud to ask for help | lost; fact {A} hides that {he} has lost {t}
    and blames {B} | lost; fact {A} blames {B} for the loss of {t}
    , and {B} promises to find {it} | lost; fact {B} has promised to find {t}
    """), ("lost",), ("give", "journey", "carry", "sky"), 0.2,
)  # fmt: skip

REFIND = TaleEvent(
    "refind", "lost", 2, "{A} finds the lost {bare} {inP}",
    _lines("""
    and brings {it} back to {B} | hold B; fact {B} is grateful to {A}
    and keeps {it} for {himself} | hold A; fact {A} has kept {t} in secret
    , and everyone is glad | hold A
    , but {it} does not look the same as before | hold A; fact {t} has changed
    just as {B} begins to give up hope | hold A
    """), ("hold A",), ("lose", "dream", "beast"), 0.6,
)  # fmt: skip

STEAL = TaleEvent(
    "steal", "held", 3, "{B} steals {t} from {A}",
    _lines("""
    while {he} sleeps | hold B; fact {A} does not know who has {t}
    and hides {it} {inQ} | lay Q; fact {B} has hidden {t} {inQ}
    , but {C} sees it | hold B; fact {C} knows that {B} has stolen {t}
    , and {A} swears to get {it} back | hold B; fact {A} has sworn to get {t} back from {B}
    and runs to {Q} | hold B; move B Q
    , and by evening {Bhe} is sorry for it | hold B; fact {B} is sorry that {Bhe} stole {t}
    """), ("hold B",), ("quarrel", "find", "secret", "study", "carry"),
)  # fmt: skip

STUDY = TaleEvent(
    "study", "held", 2, "{A} looks closely at {t}",
    _lines("""
    and finds a sign on {it} that nobody can read | fact There is a sign on {t} that nobody can read
    and hears a voice that comes from inside | fact A voice speaks from inside {t}
    , and for a moment {it} {seem} to glow | fact At times {t} {seem} to glow
    and sees that {it} {is} much older than {he} thought | fact {t} {is} very old
    and calls for {B} at once | fact {A} and {B} know more about {t} than the others
    and finds the name of {B} on {it} | fact The name of {B} stands on {t}
    , but {he} cannot find out what {it} {is} for | fact Nobody knows what {t} {is} for
    """), (), ("find", "refind", "give", "quarrel"),
)  # fmt: skip

SECRET = TaleEvent(
    "secret", "held lying creature", 3, "{A} tells {B} a secret about {t}",
    _lines("""
    , and {B} turns pale | fact {B} knows the secret of {t}
    , but {C} is listening behind the door | fact {C} has overheard the secret of {t}
    , and both of them swear to keep it | fact {A} and {B} keep the secret of {t}
    , but {B} does not believe a word of it | fact {B} does not believe {A}
    , and from now on {B} stays close to {A} | fact {B} stays close to {A}
    , and before the night is over everyone knows it | fact Everyone knows the secret of {t}
    """), (), ("find", "study", "arrival", "dream", "quarrel"),
)  # fmt: skip

CARRY = TaleEvent(
    "carry", "held", 2, "{A} takes {t} from {P} to {Q}",
    _lines("""
    because {he} trusts nobody {inP} | move A Q; fact {A} trusts nobody {inP}
    to show {it} to {B} | move A Q; move B Q
    and hides {it} there | lay Q; move A Q; fact {A} has hidden {t} {inQ}
    by a path that nobody else knows | move A Q
    , and {B} follows {him} in secret | move A Q; move B Q; fact {B} follows {A} in secret
    and lays {it} down for all to see | lay Q; move A Q
    """), ("move A Q",), ("find", "study", "quarrel", "secret", "give"), 0.4,
)  # fmt: skip

ALL_THINGS = (FOUND, BEAST, ARRIVAL, QUARREL, GIVE, LOSE, REFIND, STEAL, STUDY, SECRET, CARRY)
