"""Grows worlds that a small model leads briefly, and names every glued word and every weather that cannot be there.

`python -m benchmarks.brief FOLDER [WORLDS]` (with `yggdrasill[bench]`) goes on where it was stopped: a world that is
grown has its file in FOLDER.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import yggdrasil as ygg
from yggdrasil.levels.genre.of_world import tell_in

MODEL, STEPS, SEED = "qwen2.5-coder-1.5b", 3, 18
OPEN = (
    "a lighthouse that eats ships",
    "a monastery that sells weather",
    "a village that moves one street at night",
    "a train that crosses a frozen sea",
    "a market where people trade memories",
    "an orchard guarded by a blind giant",
    "a norse fishing village in winter",
    "a circus of retired gods",
    "a bridge whose toll is a secret",
    "a desert town that waits for a ship",
    "a school for young dragons and their tired teacher",
    "a clockmaker who repairs broken days",
    "an island where every dog has an office",
    "a baker who feeds a river",
)
"""Wishes under an open sky, where any weather may be."""
ROOFED = (
    "a space station where the cook hides a comet",
    "an underwater library whose books swim away",
    "a salt mine with a chapel and a lost choir",
    "a submarine that carries a garden",
    "a hospital for robots on the dark side of the moon",
    "a prison deep under ground where spiders are the judges",
)
"""Wishes without a sky: no rain, no snow, no wind."""
WISHES = (*ROOFED[:3], *OPEN[:7], *ROOFED[3:], *OPEN[7:])
_SKY = re.compile(
    r"(rain|snow)(s|ed|y|ing|fall|storms?)?|(cloud|storm|wind)(s|y)?|fog(gy)?|sun(ny|shine)|thunder(storms?)?"
    r"|overcast|lightning|breezes?|blizzards?|hail|sleet|drizzle"
)
"""Weather of an open sky."""
_SMALL = frozenset("of the and to in on at by with from for his her its their is was".split())  # noqa: SIM905
_COMMON, _KNOWN, _PART = 4.0, 1.0, 3.0
"""Zipf frequencies: of a word that is surely one, of one in the list, of one that may be half of a glued one."""
_WORD = re.compile(r"[^\W\d]+")
zipf_frequency: Callable[[str, str], float] = import_module("wordfreq").zipf_frequency
Text = tuple[str, str]
"""Where a text stands, and the text."""


def texts(kept: dict[str, Any]) -> Iterator[Text]:
    """Every name, prompt and prose of a world, with where it stands."""
    for at, value in kept.items():
        yield from _texts(at, value)


def _texts(at: str, value: Any) -> Iterator[Text]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from _texts(f"{at}.{name}", part)


def is_word(word: str, known: set[str]) -> bool:
    """Whether it stands in the list or among the known ones, or is a name: capital, and not made of two words."""
    if word.lower() in known:
        return True
    frequency = zipf_frequency(word.lower(), "en")
    if _is_small_ones(word.lower()) and frequency < _COMMON:
        return False
    return frequency >= _KNOWN or (word[:1].isupper() and word[1:].islower() and not _is_two(word.lower()))


def _is_small_ones(word: str) -> bool:
    return any(word[:at] in _SMALL and word[at:] in _SMALL for at in range(2, len(word) - 1))


def _is_two(word: str) -> bool:
    halves = ((word[:at], word[at:]) for at in range(3, len(word) - 2))
    return any(all(zipf_frequency(half, "en") >= _PART for half in both) for both in halves)


def offenders(wish: str, kept: dict[str, Any]) -> Iterator[str]:
    """Each word that is none, and each weather that the place cannot have, with where it stands."""
    people = " ".join(who["name"] for who in kept["content"]["characters"])
    known = {word.lower() for word in _WORD.findall(f"{wish} {people}")}
    for at, text in texts(kept):
        for word in _WORD.findall(text):
            if not is_word(word, known):
                yield f"{at}: {word!r} is no word: {text}"
            if wish in ROOFED and word.lower() not in known and _SKY.fullmatch(word.lower()):
                yield f"{at}: {word!r} has no sky there: {text}"


def grown(wish: str, home: Path) -> dict[str, Any]:
    """What a new world and its first steps say."""
    world: Any = ygg.World.from_template("storytelling", wish=wish, seed=SEED, llm=MODEL, home=str(home))
    tell_in(world, lead="brief")
    steps = [
        {"intent": step.intent, "prompts": [p["prompt"] for p in step.pictures], "chronicle": step.chronicle}
        for step in world.steps(STEPS)
    ]
    content = world.content().model_dump()
    world.close()
    fields = ("title", "places", "characters", "items", "facts", "time", "weather")
    return {"content": {name: content[name] for name in fields}, "steps": steps}


def main(folder: Path, worlds: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = 0
    for number, wish in enumerate(WISHES[:worlds], 1):
        file, began = folder / f"{number:02}.json", time.monotonic()
        if not file.exists():
            made = grown(wish, folder / f"{number:02}-{began:.0f}")
            file.write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")
        kept = json.loads(file.read_text(encoding="utf-8"))
        bad = list(offenders(wish, kept))
        found += len(bad)
        taken = time.monotonic() - began
        print(f"{number:2} {wish}: {len(bad)} offenders, {taken:.0f} s", *bad, sep="\n   ", flush=True)
        for step in kept["steps"]:
            print("   ", *step["prompts"], "|", step["chronicle"], flush=True)
    print(f"{found} offenders in {min(worlds, len(WISHES))} worlds of {STEPS} steps", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else len(WISHES))
