"""What a world tells fits the window: whole while it fits, then its end, what is to the point, the rest in short."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yggdrasil.agent.told import fitted
from yggdrasil.agent.window import tokens_of

NEEDLES = {3: "Maud hid a silver key", 40: "Eirik sawed the bridge through", 90: "bees speak to the cheesemaker"}


def story(lines: list[str], rank: list[int] | None = None, short: list[str] | None = None) -> dict[str, Any]:
    return {"head": "STORY", "lines": lines, "keep": "end", **({"rank": rank} if rank else {}), "short": short or []}


def facts(about: str) -> dict[str, Any]:
    lines = [NEEDLES.get(day, f"on day {day} the tide stood at {day * 7} fathoms by the pier") for day in range(150)]
    return {"head": "FACTS", "lines": lines, "keep": "room", "rank": [int(about in line) for line in lines]}


@pytest.mark.parametrize("window", [2000, 8000])
@pytest.mark.parametrize("needle", NEEDLES.values())
def test_a_fact_is_told_when_its_subject_comes_up(needle: str, window: int) -> None:
    prose = [f"Moment {n}. {'The lamp swings over the water. ' * 30}" for n in range(150)]
    told = fitted([story(prose), facts(needle.split()[-1])], window)
    assert needle in told
    assert tokens_of(told) <= window
    assert prose[-1] in told and prose[0] not in told


def test_a_story_that_fits_is_told_whole() -> None:
    prose = [f"Moment {n}. {'The lamp swings over the water. ' * 15}" for n in range(150)]
    told = fitted([story(prose), facts("")], 32_000)
    assert all(line in told for line in prose)


def test_old_lines_to_the_point_are_told_and_others_in_short() -> None:
    prose = [f"Moment {n}. {'The lamp swings over the water. ' * 30}" for n in range(100)]
    rank = [int(n == 7) for n in range(100)]
    told = fitted([story(prose, rank, [f"short {n}" for n in range(100)])], 8000)
    assert told.endswith(f"FROM EARLIER\n- {prose[7]}")
    assert "- short 20\n" in told and prose[20] not in told
    assert tokens_of(told) <= 8000


def test_the_beginning_stays_while_the_story_grows() -> None:
    prose = [f"Moment {n}. {'The lamp swings over the water. ' * 8}" for n in range(400)]
    begins = [fitted([story(prose[:size])], 4000).split("\n")[1] for size in range(200, 400)]
    assert len(set(begins)) < 30


@given(st.lists(st.text(min_size=1, max_size=300), max_size=60), st.integers(200, 5000), st.data())
def test_the_window_is_never_overflowed(lines: list[str], room: int, data: st.DataObject) -> None:
    rank = [data.draw(st.integers(0, 3)) for _ in lines]
    parts = [story(lines, rank, [line[:20] for line in lines]), {**story(lines, rank), "head": "F", "keep": "room"}]
    assert tokens_of(fitted([part for part in parts if lines], room)) <= room + 8


def test_what_must_be_told_is_told_even_so() -> None:
    rules = {"head": "RULES", "lines": ["nobody sleeps " * 50], "keep": "all"}
    assert "nobody sleeps" in fitted([rules, story(["once"])], 10)
