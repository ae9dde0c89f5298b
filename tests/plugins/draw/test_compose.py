"""Composed pictures: the same seed gives the same bytes, every drawing draws, tampering is noticed."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yggdrasil.contract import ConfigError, FileRef, MissingFile
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.running import listening
from yggdrasil.plugins.draw.block import Compose
from yggdrasil.plugins.draw.compose import compose
from yggdrasil.plugins.draw.drawings import Drawings, open_drawings
from yggdrasil.plugins.draw.scene import PLACES, TIMELESS, Scene
from yggdrasil.plugins.draw.sky import HOURS
from yggdrasil.plugins.draw.vocabulary import drawable, vocabulary
from yggdrasil.plugins.scenery import WEATHERS

INDEX = Path(__file__).parents[3] / "tools" / "illustrate" / "drawings" / "index.json"


@pytest.fixture
def drawings() -> Drawings:
    return open_drawings(INDEX)


@pytest.fixture
def block() -> Compose:
    made = Compose()
    made.files["drawings"] = FileRef(digest_file(INDEX), INDEX)
    return made


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(np.int16)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture(block: Compose) -> None:
    prompt = "a fox and a pine tree in the snow at night"
    first, again, other = (block.run(prompt=prompt, seed=seed).image for seed in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert (first.mode, first.size) == ("RGB", (64, 64))


def test_the_scene_is_told_and_foreign_words_are_listed(block: Compose) -> None:
    scene = block.run(prompt="лиса и бумбарашка в снегу", seed=1).scene
    assert scene["things"] == ["fox"]
    assert scene["place"] == "snow"
    assert scene["unknown"] == ["бумбарашка"]


def test_a_thing_without_a_drawing_is_drawn_as_the_nearest_and_said_so(block: Compose) -> None:
    notes: list[str] = []
    with listening(lambda event: notes.append(event.data["text"]) if event.kind == "note" else None):
        block.run(prompt="a lighthouse on a beach")
        block.run(prompt="a fox in snow")
    assert notes == ["there is no drawing of 'lighthouse': the picture shows 'castle'"]


@pytest.mark.system
def test_every_drawing_draws(drawings: Drawings) -> None:
    assert set(drawings.names()) == set(vocabulary())
    for name in vocabulary():
        opaque = (np.asarray(drawings.sprite(name))[..., 3] > 128).mean()
        assert opaque > 0.05, name


def test_every_place_hour_and_weather_looks_its_own(drawings: Drawings) -> None:
    seen = []
    for place in PLACES:
        for time in ["none"] if place in TIMELESS else list(HOURS):
            seen.append(compose(Scene(place=place, time=time), drawings, 3))
    seen.extend(compose(Scene(weather=weather), drawings, 3) for weather in list(WEATHERS)[1:])
    assert len({picture.tobytes() for picture in seen}) == len(seen)
    assert all(pixels(picture).std() > 4 for picture in seen)


def test_the_main_thing_is_large(drawings: Drawings) -> None:
    for name in ("fox", "castle", "crown", "sailboat", "eagle"):
        with_thing = pixels(compose(Scene((name,)), drawings, 5))
        without = pixels(compose(Scene(), drawings, 5))
        rows = (np.abs(with_thing - without).max(2) > 30).any(1)
        assert rows.sum() >= 0.5 * 64, name


def test_a_changed_drawing_is_refused_by_name(tmp_path: Path) -> None:
    entry = json.loads(INDEX.read_text())["fox"]
    (tmp_path / "index.json").write_text(json.dumps({"fox": entry, "wolf": entry}))
    with pytest.raises(MissingFile, match=r"fox\.svg"):
        Drawings(tmp_path / "index.json").sprite("fox")
    (tmp_path / "fox.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(ConfigError, match=r"fox\.svg"):
        Drawings(tmp_path / "index.json").sprite("fox")


def test_the_pool_for_stories_is_large_and_broad() -> None:
    pool = [concept for concept in vocabulary().values() if concept.embedded]
    assert len(pool) == len(drawable()) >= 60
    assert {concept.kind for concept in pool} >= {"creature", "person", "building", "item", "vehicle", "plant"}
