"""The seer names what is drawn, follows the picture rather than the plan, and owns up to what it can't tell."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from yggdrasil.contract import FileRef
from yggdrasil.contract.digest import digest_file
from yggdrasil.plugins.draw.compose import compose
from yggdrasil.plugins.draw.drawings import Drawings, open_drawings
from yggdrasil.plugins.draw.scene import PLACES, TIMELESS, Scene
from yggdrasil.plugins.draw.vocabulary import vocabulary
from yggdrasil.plugins.seer.block import Seer
from yggdrasil.plugins.seer.findings import Labels, Thing
from yggdrasil.plugins.seer.sentence import sentence, with_article

ROOT = Path(__file__).parents[3]
WEIGHTS = ROOT / "tools" / "seer" / "weights" / "model.safetensors"
BLOBS = Path(__file__).with_name("blobs.png")  # the painter's own pictures at full strength, 64 pixels each


@pytest.fixture(scope="module")
def seer() -> Seer:
    block = Seer(things=tuple(c.label for c in vocabulary().values()))
    block.files["weights"] = FileRef(digest_file(WEIGHTS), WEIGHTS)
    return block


@pytest.fixture(scope="module")
def drawings() -> Drawings:
    return open_drawings(ROOT / "tools" / "illustrate" / "drawings" / "index.json")


def scenes(count: int) -> list[Scene]:
    """One thing each, over the pool and all places."""
    pool = [concept.name for concept in vocabulary().values() if concept.embedded]
    names = pool[:: max(1, len(pool) // count)][:count]
    return [
        Scene((name,), PLACES[i % len(PLACES)], "none" if PLACES[i % len(PLACES)] in TIMELESS else "day")
        for i, name in enumerate(names)
    ]


def test_forty_drafts_are_told_right(seer: Seer, drawings: Drawings) -> None:
    asked = scenes(40)
    seen = [seer.run(image=compose(scene, drawings, i)).labels for i, scene in enumerate(asked)]
    labels = [vocabulary()[scene.things[0]].label for scene in asked]
    right = [[t["name"] for t in s["things"]] == [label] for s, label in zip(seen, labels, strict=True)]
    places = [s["place"]["name"] == scene.place for s, scene in zip(seen, asked, strict=True)]
    assert len(asked) == 40
    assert np.mean(right) >= 0.9
    assert np.mean(places) >= 0.9


def test_of_two_things_none_is_invented_and_their_sides_differ(seer: Seer, drawings: Drawings) -> None:
    pairs = [("fox", "castle"), ("crown", "tent"), ("ghost", "house"), ("penguin", "snowman"), ("robot", "rocket")]
    named = 0
    for i, pair in enumerate(pairs * 2):
        asked = {vocabulary()[name].label for name in pair}
        things = seer.run(image=compose(Scene(pair, PLACES[i]), drawings, i)).labels["things"]
        assert {t["name"] for t in things} <= asked
        assert len({t["where"] for t in things}) == len(things)
        named += len(things)
    assert named >= 0.6 * 20


def test_a_swapped_picture_changes_the_sentence(seer: Seer, drawings: Drawings) -> None:
    planned = compose(Scene(("fox",), "snow"), drawings, 1)
    swapped = compose(Scene(("crown",), "beach", "night"), drawings, 1)
    first, second = seer.run(image=planned).text, seer.run(image=swapped).text
    assert first == "A fox in the snow by day."
    assert second == "A crown on a beach at night."


def test_noise_is_unclear(seer: Seer) -> None:
    for seed in range(10):
        rng = Random(seed)
        noise = Image.frombytes("RGB", (64, 64), rng.randbytes(64 * 64 * 3))
        assert seer.run(image=noise).labels["things"] == []


def test_blobs_get_no_name(seer: Seer) -> None:
    sheet = Image.open(BLOBS).convert("RGB")
    seen = [
        seer.run(image=sheet.crop((x, y, x + 64, y + 64))).labels
        for y in range(0, sheet.height, 64)
        for x in range(0, sheet.width, 64)
    ]
    named = [labels for labels in seen if labels["things"]]
    assert len(named) <= len(seen) // 8
    assert sum(labels["unclear"] for labels in seen) >= len(seen) // 2


def test_a_large_picture_reads_as_its_small_self(seer: Seer, drawings: Drawings) -> None:
    small = compose(Scene(("castle",), "meadow"), drawings, 4)
    large = small.resize((256, 256), Image.Resampling.NEAREST)
    assert seer.run(image=large).text == seer.run(image=small).text


def test_names_take_their_article() -> None:
    told = [with_article(name) for name in ("fox", "owl", "unicorn", "umbrella", "hourglass", "ufo", "fire")]
    assert told == ["a fox", "an owl", "a unicorn", "an umbrella", "an hourglass", "a ufo", "fire"]


@pytest.mark.parametrize(
    ("things", "unclear", "place", "told"),
    [
        (["fox"], False, "snow", "A fox in the snow at night while it snows."),
        (
            ["owl", "fire"],
            False,
            "forest",
            "An owl on the left and fire on the right in a forest at night while it snows.",
        ),
        ([], True, "unclear", "Something unclear in a place that is hard to make out at night while it snows."),
        ([], False, "sea", "Nothing that stands out at sea at night while it snows."),
    ],
)
def test_a_doubt_is_said(things: list[str], unclear: bool, place: str, told: str) -> None:
    sides = ["left", "right"]
    labels = Labels(
        place={"name": place, "confidence": 0.9},
        time={"name": "night", "confidence": 0.9},
        weather={"name": "snowfall", "confidence": 0.9},
        things=[Thing(name=n, confidence=0.95, where=w) for n, w in zip(things, sides, strict=False)],
        unclear=unclear,
    )
    assert sentence(labels) == told
