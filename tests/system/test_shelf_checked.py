"""Every item of the shelf goes through all that the contract promises; a whole world takes a while, so it is here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from docs import checked
from tests.levels.scripted import Paint
from yggdrasil.store.shelf import shelf
from yggdrasil.testing import Elsewhere, Report, TryingModel, check_block


class Trying(TryingModel, type="test/trying"):
    """The same with a name, so that a manifest can say it."""


pytestmark = pytest.mark.system

PAINTED = {"prompt": "a fox in the snow", "seed": 3}
INPUTS = {
    "painter": PAINTED | {"steps": 2},
    "illustrate": PAINTED,
    "illustrate-large": PAINTED,
    "upscaler": {"image": Pictures.new("RGB", (16, 16), (40, 90, 200))},
    "seer": {"image": Pictures.new("RGB", (64, 64), (40, 90, 200))},
    "storyteller": {"prompt": "The fisher opened the door and"},
    "chronicler": {"prompt": "Is the sea wet? Answer with one word."},
    "embedder": {"text": "a ship at sea"},
    "voice": {"text": "Olaf found a boat.", "seed": 1},
    "storytelling": {"count": 1},
    "ships-log": {"count": 1},
    "bestiary": {"count": 1},
    "case": {"count": 1},
}
WORDED = ("storytelling", "ships-log", "bestiary", "case")
"""Worlds, told here by a model that tries every schema: the real ones take minutes for each promise.

So is the chronicler's agent, whose model of 1.1 GB is driven for real in test_qwen."""


def test_every_item_has_its_inputs_here() -> None:
    assert set(INPUTS) == set(shelf())


def shelf_reports(elsewhere: Elsewhere) -> Iterator[Report]:
    """A report of every item, under its name on the shelf."""
    for name, inputs in INPUTS.items():
        item = ygg.from_template(name, llm=Trying(), painter=Paint()) if name in WORDED else ygg.load(name)
        if name == "chronicler" and isinstance(item, ygg.Agent):
            item.llm = Trying()
        report = check_block(item, inputs, elsewhere=elsewhere, varying=("steps",))
        yield replace(report, block=name)


def test_every_item_of_the_shelf_keeps_every_promise_and_the_page_says_so(tmp_path: Path) -> None:
    with Elsewhere(tmp_path / "artifacts") as elsewhere:
        told = checked.shelf_table(list(shelf_reports(elsewhere)))
    assert checked.of_shelf(checked.PAGE.read_text(encoding="utf-8")) == told, "run: python docs/checked.py shelf"
