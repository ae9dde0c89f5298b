"""What a step costs that is told a long story: the stand-in for a capable model at 1000 steps beside itself at 100."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pairs import Row, main, timed
from tests.levels.genre.capable import Capable, told, world_of
from yggdrasil.agent.window import tokens_of
from yggdrasil.levels.world.world import World

WINDOW = 8_000
AGES = (100, 1000)
_DAY = "The tide stood high and the wind went round, and nobody slept in the village. "


def lived(home: Path, days: int) -> tuple[World, Capable]:
    """A world whose story has so many days, each with a fact and a summary."""
    llm = Capable(context=WINDOW)
    beginning = {
        "story": [f"Day {day}. {_DAY * 6}" for day in range(days)],
        "facts": [f"On day {day} the tide stood at {day} fathoms." for day in range(days)],
        "places": [{"name": "Pier"}],
        "summaries": {str(day): f"Day {day}: nothing but wind." for day in range(days)},
    }
    return world_of(llm, home, beginning=beginning), llm


def stepped() -> Iterator[Row]:
    """CPU of a whole step, its four requests included, and the tokens of the longest request beside the window."""
    with TemporaryDirectory() as name:
        worlds = {age: lived(Path(name) / str(age), age) for age in AGES}
        for world, _ in worlds.values():
            world.step()
        late, early = (worlds[age][0].step for age in (AGES[1], AGES[0]))
        yield Row("told-step-1000", timed(late, early, 15), 1.5)
        longest = max(tokens_of(told(request)) + request["max_tokens"] for request in worlds[AGES[1]][1].requests)
        yield Row("told-window", ((longest, WINDOW),), 1.0, "tok")


if __name__ == "__main__":
    main({"told": stepped})
