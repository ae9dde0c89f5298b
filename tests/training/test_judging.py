"""The benchmarks of the pictures: two hundred prompts that say what they ask for, and figures that count right."""

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.figures import Figure, calibration_error, share
from benchmarks.painter import figures_of
from benchmarks.prompts import OUTSIDE, every, prompts
from training.scenes import JUDGE
from training.seeing import Look
from yggdrasil.plugins.draw.scene import read_scene
from yggdrasil.plugins.draw.vocabulary import vocabulary
from yggdrasil.plugins.seer.block import PLACES, TIMES, WEATHERS


def test_the_prompts_ask_for_what_they_are_judged_by() -> None:
    wanted = prompts()
    assert Counter(one.group for one in wanted) == {"one": 82, "two": 48, "empty": 50, "outside": 20}
    assert wanted == prompts()
    for one in wanted:
        if one.group == "outside":
            continue
        read = read_scene(one.text)
        asked = (set(one.scene.things), one.scene.place, one.scene.time, one.scene.weather)
        assert (set(read.things), read.place, read.time, read.weather) == asked, one.text
        if one.scene.time == "day":
            assert re.search("by day|blue sky", one.text)


def test_other_words_are_none_of_the_vocabulary() -> None:
    for text, thing, place, time in OUTSIDE:
        assert not any(name in text.split() for name in vocabulary()[thing].en)
        assert place in PLACES
        assert time in ("", *TIMES)


class Judge:
    """The names of a judge's heads."""

    places, times, weathers = PLACES, TIMES, WEATHERS


def oracle(right: bool) -> Look:
    """A look that sees what was asked for, or everywhere something else."""
    wanted = [*prompts(), *every()]
    things = torch.zeros(len(wanted), len(JUDGE.things))
    for row, one in enumerate(wanted):
        for thing in one.scene.things:
            things[row, (JUDGE.things.index(thing) + (0 if right else 7)) % len(JUDGE.things)] = 0.9
    off = 0 if right else 1
    place = [(PLACES.index(one.scene.place) + off) % len(PLACES) for one in wanted]
    time = [(TIMES.index(one.scene.time or "day") + off) % len(TIMES) for one in wanted]
    weather = [(WEATHERS.index(one.scene.weather) + off) % len(WEATHERS) for one in wanted]
    return Look(things, torch.zeros(len(wanted)), torch.tensor(place), torch.tensor(time), torch.tensor(weather))


@pytest.mark.parametrize("right", [True, False])
def test_a_judge_that_sees_all_right_gives_full_marks_and_one_that_sees_all_wrong_none(right: bool) -> None:
    judge: Any = Judge()
    figures = figures_of(judge, oracle(right), [*prompts(), *every()], goals=True)
    names = ["place", "time", "weather", "one-thing", "two-things", "every-thing"]
    assert [figure.name for figure in figures[:6]] == names
    for figure in figures:
        assert figure.value == (1.0 if right else 0.0), figure
        assert figure.holds == (right or figure.goal is None)


def test_a_figure_tells_its_goal_and_its_doubt() -> None:
    figure = share("place", [True] * 95 + [False] * 5, 0.9)
    assert str(figure) == "place 0.950 [0.888, 0.978] of 100 goal ≥ 0.9 holds"
    assert not Figure("error", 0.06, 100, 0.05, below=True).holds
    assert Figure("error", 0.04, 100, 0.05, below=True).holds
    assert share("none", [], 0.5).value == 0


def test_the_calibration_error_is_how_far_confidence_is_from_being_right() -> None:
    assert calibration_error([0.99] * 100, [True] * 99 + [False]) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error([0.9] * 10, [False] * 10) == pytest.approx(0.9)
    mixed = calibration_error([0.9] * 10 + [0.1] * 10, [True] * 5 + [False] * 5 + [False] * 10)
    assert mixed == pytest.approx((0.4 * 10 + 0.1 * 10) / 20)
    assert np.isfinite(calibration_error([], []))
