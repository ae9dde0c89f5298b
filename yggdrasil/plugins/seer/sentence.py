"""One sentence out of what was found; a doubt is said, never papered over."""

from yggdrasil.plugins.scenery import GROUNDS, HOURS, PLAIN, WEATHERS
from yggdrasil.plugins.seer.findings import UNCLEAR, Labels, Thing

PLACES = {**GROUNDS, PLAIN: "on a plain ground", UNCLEAR: "in a place that is hard to make out"}
WITHOUT_ARTICLE = (
    "bread", "chains", "cheese", "cherries", "coral", "crossed", "fire", "grapes", "lightning", "logs", "meat",
    "wheat", "santa",
)  # fmt: skip


def sentence(labels: Labels) -> str:
    """What a person would be told, such as "A fox in the snow at night."."""
    parts = [_subject(labels)]
    for phrases, key in ((PLACES, "place"), (HOURS, "time"), (WEATHERS, "weather")):
        name = labels[key]["name"]
        phrase = phrases.get(name, name if key == "place" else "")
        if phrase:
            parts.append(phrase)
    told = " ".join(parts)
    return told[0].upper() + told[1:] + "."


def _subject(labels: Labels) -> str:
    things = labels["things"]
    if not things:
        return "something unclear" if labels["unclear"] else "nothing that stands out"
    if len(things) == 1:
        return with_article(things[0]["name"])
    return " and ".join(f"{with_article(thing['name'])} {_side(thing)}" for thing in things)


def _side(thing: Thing) -> str:
    return "in the middle" if thing["where"] == "middle" else f"on the {thing['where']}"


def with_article(name: str) -> str:
    """The name as a sentence takes it: a fox, an owl, fire."""
    if name.split()[0] in WITHOUT_ARTICLE:
        return name
    return f"{'an' if name.startswith(('a', 'e', 'i', 'o', 'umb', 'hour')) else 'a'} {name}"
