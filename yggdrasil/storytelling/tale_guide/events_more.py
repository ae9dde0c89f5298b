"""More of what can happen: gatherings, skies, dreams, work, wounds, ships and animals that stay."""

from __future__ import annotations

from yggdrasil.storytelling.tale_guide.events import ALL_THINGS, TaleEvent, _lines

GATHER = TaleEvent(
    "gather", "new hearth", 2, "The people gather around {a} {inP}",
    _lines("""
    , and {A} tells a story of the old days | lay P
    , and {A} and {B} dance until morning | lay P; fact {A} and {B} have danced together
    , and for a long time nobody says a word | lay P
    , because nobody wants to be alone | lay P
    , and {A} speaks for all of them | lay P; fact The people listen to {A}
    , and {B} begins to sing | lay P
    , but {A} stays away | lay P; fact {A} stays away from the others
    , and {A} asks them all for help | lay P; fact {A} has asked the people for help
    """), ("lay P", "move A P"), ("beast", "sky", "lose", "ill", "steal", "arrival"), 0.5,
)  # fmt: skip

COUNCIL = TaleEvent(
    "council", "lying creature", 2, "The people gather around {t} {inP}",
    _lines("""
    , and {A} speaks for all of them | fact The people listen to {A}
    to decide what must be done with {it} | fact The people do not agree about {t}
    , and {B} is the first who dares to touch {it} | fact {B} has touched {t}
    , but nobody knows what to do with {it} |
    , and {A} begs them to leave {it} alone | fact {A} protects {t}
    , and {A} tells them everything that {he} knows | fact Everyone knows what {A} knows about {t}
    """), (), ("beast", "find", "gather", "arrival", "refind"), 0.2,
)  # fmt: skip

SKY = TaleEvent(
    "sky", "new sky", 2, "{sky} {P}",
    _lines("""
    , and {A} takes it for a sign | fact {A} has seen a sign in the sky
    , and the people stay in their houses |
    , and {A} and {B} watch it together | fact {A} and {B} watch the sky together
    , and the oldest people are afraid | fact The oldest people are afraid of the sky
    for the first time in many years |
    , just as {A} begins to speak |
    , and {B} counts the days until it comes again |
    , and all the animals fall silent |
    """), (), ("dream", "secret", "quarrel", "arrival"), 0.1,
)  # fmt: skip

DREAM = TaleEvent(
    "dream", "new creature flyer item building", 2, "{A} dreams of {a}",
    _lines("""
    and wakes before dawn | fact {A} has dreamt of {a}
    that speaks with the voice of {B} | fact {A} has dreamt of {a}
    , and in the morning {he} tells {B} about it | fact {A} has dreamt of {a}
    and is afraid to fall asleep again | fact {A} has dreamt of {a} and is afraid
    , and {B} has had the same dream | fact {A} and {B} have both dreamt of {a}
    , and in the dream it waits for {him} {inQ} | fact In a dream {a} waits for {A} {inQ}
    """), (), ("ill", "secret", "sky", "lose"), -0.3,
)  # fmt: skip

ILL = TaleEvent(
    "ill", "new bed", 2, "{A} falls ill {inP}",
    _lines("""
    , and {B} sits by {his} bed day and night | status A ill; fact {B} watches over {A}
    and speaks in a fever of {Q} | status A ill; fact In a fever {A} spoke of {Q}
    , and no one knows the cure | status A ill
    and asks for {B} | status A ill; fact {A} has asked for {B}
    """), ("status A ill", "move A P"), ("quarrel", "steal", "lose", "sky"), -0.4,
)  # fmt: skip

HEAL = TaleEvent(
    "heal", "new cure", 2, "{B} heals {A} with {a}",
    _lines("""
    , and {he} can walk again | status A well; fact {A} owes {B} {his} life
    and asks for nothing in return | status A well; fact {A} owes {B} {his} life
    that {Bhe} has brought from {Q} | status A well; fact {A} owes {B} {his} life
    , and {A} remembers everything | status A well; fact {A} remembers everything
    """), ("status A well",), ("ill", "attack"), 1.2,
)  # fmt: skip

HELP = TaleEvent(
    "help", "new tool", 2, "{A} takes {a} and helps {B} to {task}",
    _lines("""
    , and they talk until late at night | hold A; fact {A} and {B} are friends
    for nothing but a bowl of soup | hold A; fact {A} has helped {B}
    , and by evening they are friends | hold A; fact {A} and {B} are friends
    , but {B} does not thank {him} | hold A; fact {B} has not thanked {A}
    , and {B} tells {him} why {Bhe} came here | hold A; fact {A} knows why {B} came here
    """), ("hold A",), ("sky", "quarrel", "arrival", "heal"),
)  # fmt: skip

MEAL = TaleEvent(
    "meal", "new food", 2, "{A} and {B} share {a} {inP}",
    _lines("""
    and speak of those who are far away | fact {A} and {B} are friends
    , and it is the last food they have | fact There is little food left
    and forget their sorrow for a while | fact {A} and {B} are friends
    , and the children stand around them and watch |
    , but neither of them says what they think | fact {A} and {B} do not trust each other
    """), ("move A P", "move B P"), ("help", "quarrel", "gather", "journey"),
)  # fmt: skip

SWIMMER = TaleEvent(
    "swim", "new swimmer", 2, "{a} swims close to {P}",
    _lines("""
    , and nobody dares to go into the water | lay P; fact Nobody dares to go into the water
    , and {A} throws it some bread | lay P; fact {A} has fed {t}
    , and {A} and {B} row out to see it | lay P
    , and {B} says that it is looking for somebody | lay P; fact {B} believes that {t} is looking for somebody
    , and the nets stay empty | lay P; fact The nets stay empty
    , and {A} forbids everyone to hunt it | lay P; fact {A} protects {t}
    """), ("lay P", "move A P"), ("vehicle", "sky", "dream"), 0.4,
)  # fmt: skip

VESSEL = TaleEvent(
    "vehicle", "new vehicle", 2, "{a} arrives at {P}",
    _lines("""
    , but there is nobody on board | lay P; fact Nobody knows who sent {t}
    , and {A} is the first to greet the strangers | lay P; fact {A} has greeted the strangers
    for the first time this year | lay P
    , and {A} helps to unload it | lay P
    , and {B} wants to leave with it | lay P; fact {B} wants to leave
    with a letter for {A} | lay P; fact {A} has got a letter
    """), ("lay P",), ("journey", "sky", "dream", "lose"), 0.5,
)  # fmt: skip

BUILDING = TaleEvent(
    "discover", "new building", 2, "{A} discovers {a} not far from {P}",
    _lines("""
    , but the door is locked | fact Not far from {P} stands {a}, and its door is locked
    , and there is a light in the window | fact Not far from {P} stands {a} with a light in its window
    that is on no map | fact Not far from {P} stands {a} that is on no map
    and runs back to tell {B} | fact {A} and {B} know of {a} not far from {P}
    , and {B} forbids {him} to go there again | fact {B} has forbidden {A} to go to {a} not far from {P}
    """), ("move A P",), ("journey", "dream", "carry"), 0.4,
)  # fmt: skip

PLANT = TaleEvent(
    "plant", "new plant", 2, "Overnight {a} {grow} {inP}",
    _lines("""
    , and nobody knows who planted {it} | lay P
    , and {A} waters {it} every evening | lay P; fact {A} takes care of {t}
    , though it is the wrong season for {it} | lay P
    , and {B} says that it is a good sign | lay P; fact {B} takes {t} for a good sign
    , and {A} will not let anyone touch {it} | lay P; fact {A} guards {t}
    """), ("lay P",), ("dream", "heal", "help"), -0.2,
)  # fmt: skip

FEED = TaleEvent(
    "feed", "creature", 2, "{A} brings food to {t} {inP}",
    _lines("""
    , and it eats from {his} hand | fact {t} trusts {A}; lay P
    , but it only looks at {him} | fact {t} does not trust {A}; lay P
    , and {B} tells {him} to be careful | fact {B} is afraid of {t}; lay P
    , and since then it waits for {him} every morning | fact {t} waits for {A} every morning; lay P
    and sings to it until it sleeps | fact {t} trusts {A}; lay P
    """), ("move A P",), ("beast", "council"), 0.2,
)  # fmt: skip

FOLLOW = TaleEvent(
    "follow", "creature", 2, "{A} follows {t} from {P} to {Q}",
    _lines("""
    , and there it stops and waits for {him} | lay Q; move A Q; fact {t} has led {A} to {Q}
    , where it is gone all at once | gone; move A Q; fact {t} has disappeared {inQ}
    , and {B} comes after them | lay Q; move A Q; move B Q
    , but {he} tells nobody what {he} has seen there | lay Q; move A Q; fact Only {A} knows what {t} does {inQ}
    """), ("move A Q", "lay Q"), ("beast", "feed", "council"), 0.1,
)  # fmt: skip

ATTACK = TaleEvent(
    "attack", "creature", 2, "{Tt} attacks {A} {inP}",
    _lines("""
    , but {B} saves {him} | status A wounded; fact {B} has saved {A} from {t}
    and runs away to {Q} | status A wounded; lay Q
    , and {A} bleeds from the arm | status A wounded; fact {A} is afraid of {t}
    , and {B} drives it off with fire | status A wounded; gone; fact {B} has driven {t} away
    """), ("status A wounded",), ("feed", "follow"), -0.5,
)  # fmt: skip

VISIT = TaleEvent(
    "journey", "held none", 2, "{A} leaves {P} and goes to {Q}",
    _lines("""
    to look for {B} | move A Q
    , and {B} goes with {him} | move A Q; move B Q
    because {he} cannot bear the silence any more | move A Q
    to find out the truth | move A Q; fact {A} wants to find out the truth
    , though {B} begs {him} to stay | move A Q; fact {B} has begged {A} to stay
    """), ("move A Q",), ("secret", "quarrel", "dream", "sky"), 0.3,
)  # fmt: skip

EVENTS = (
    *ALL_THINGS, SWIMMER, GATHER, COUNCIL, SKY, DREAM, ILL, HEAL, HELP, MEAL, VESSEL, BUILDING, PLANT, FEED, FOLLOW,
    ATTACK, VISIT,
)  # fmt: skip
BY_KIND = {event.kind: event for event in EVENTS}
