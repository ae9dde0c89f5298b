"""Every item of the shelf goes through all that the contract promises; a whole world takes a while, so it is here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from yggdrasil.store.shelf import shelf
from yggdrasil.testing import Elsewhere, check_block

pytestmark = pytest.mark.system

PAINTED = {"prompt": "a fox in the snow", "seed": 3}
INPUTS = {
    "painter": PAINTED | {"steps": 2},
    "illustrate": PAINTED,
    "illustrate-large": PAINTED,
    "upscaler": {"image": Pictures.new("RGB", (16, 16), (40, 90, 200))},
    "seer": {"image": Pictures.new("RGB", (64, 64), (40, 90, 200))},
    "storyteller": {"prompt": "The fisher opened the door and"},
    "chronicler": {"prompt": "The fisher opened the door and"},
    "embedder": {"text": "a ship at sea"},
    "voice": {"text": "Olaf found a boat.", "seed": 1},
    "storytelling": {"count": 1},
}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path_factory.mktemp("artifacts")) as other:
        yield other


def test_every_item_has_its_inputs_here() -> None:
    assert set(INPUTS) == set(shelf())


@pytest.mark.parametrize("name", list(INPUTS))
def test_an_item_of_the_shelf_keeps_every_promise(name: str, elsewhere: Elsewhere) -> None:
    check_block(ygg.load(name), INPUTS[name], elsewhere=elsewhere, varying=("steps",))
