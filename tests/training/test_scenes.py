"""Scenes to learn from: a seed is a scene, its captions read back as it, and the boxes are where its things are."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from training.captions import Captions, captions
from training.latents import GRID, cells
from training.scenes import FIRST, PAINTER, Recipe, drawn_scene, example, sheet
from training.seeing import SHARD, Seen, seen, targets
from training.styles import HELD_OUT, JUDGE_STYLES, SEER_STYLES, SHELF, STYLES, drawings, unpack
from yggdrasil.contract import MissingFile
from yggdrasil.plugins.draw.compose import compose
from yggdrasil.plugins.draw.drawings import open_drawings
from yggdrasil.plugins.draw.scene import PLACES, Scene, read_scene
from yggdrasil.plugins.draw.translation import understand

HERE = Recipe((SHELF,), FIRST[:6], (0.1, 0.4, 0.3, 0.2), plain=0.2, sizes=(0.6, 1.1))
"""Few of the drawings that need no download."""


def told(seed: int, recipe: Recipe = PAINTER) -> tuple[Scene, Captions]:
    """A scene and its captions, not drawn."""
    rng = Random(seed)
    scene = drawn_scene(rng, recipe, drawings(SHELF))
    return scene, captions(rng, scene, list(scene.things))


def test_a_seed_is_a_scene() -> None:
    first, again, other = (example(HERE, seed) for seed in (5, 5, 6))
    assert first.composed.picture.tobytes() == again.composed.picture.tobytes()
    assert (first.scene, first.captions) == (again.scene, again.captions)
    assert first.composed.picture.tobytes() != other.composed.picture.tobytes()


def test_captions_in_both_languages_read_back_as_their_scene() -> None:
    for seed in range(400):
        scene, both = told(seed)
        for text, russian in zip(both, (False, True), strict=True):
            english, foreign = understand(text)
            read = read_scene(english)
            assert not foreign, text
            assert (read.place, read.time, read.weather) == (scene.place, scene.time, scene.weather), (text, english)
            if not russian:
                assert set(read.things) == set(scene.things), text
        assert any("а" <= letter <= "я" for letter in both.russian)
        assert both.english.isascii()


def test_a_russian_name_is_mostly_the_thing_that_is_drawn() -> None:
    """Some words are two things (змей is a snake and a dragon): the reader may take the other."""
    same = [
        set(read_scene(understand(both.russian)[0]).things) == set(scene.things)
        for scene, both in map(told, range(200))
    ]
    assert np.mean(same) > 0.9


def test_sides_are_told_as_they_stand() -> None:
    scene = Scene(("fox", "castle"), "snow")

    class Sided:
        """Always tells sides and takes the first of everything."""

        def random(self) -> float:
            return 0.0

        def choice(self, several):
            return several[0]

    both = captions(Sided(), scene, ["castle", "fox"])  # pyright: ignore[reportArgumentType]
    assert both.english == "a castle on the left and a fox on the right in the snow"
    assert both.russian == "замок слева и лиса справа в снегу"


def test_a_recipe_is_heeded() -> None:
    one = Recipe((SHELF,), FIRST, (0, 1, 0, 0))
    scenes = [told(seed, one)[0] for seed in range(60)]
    assert {len(scene.things) for scene in scenes} == {1}
    assert {scene.things[0] for scene in scenes} <= set(FIRST)
    assert len({scene.place for scene in scenes}) > 10
    plain = [example(Recipe((SHELF,), ("fox",), (0, 1, 0, 0), plain=1.0), seed) for seed in range(5)]
    assert {one.scene.place for one in plain} == {"plain"}
    assert len({one.composed.picture.getpixel((1, 1)) for one in plain}) == 5
    assert "plain" not in PLACES


def test_boxes_are_where_the_things_are() -> None:
    index = drawings(SHELF)
    for seed in range(12):
        scene, made, _ = example(Recipe((SHELF,), FIRST[:6], (0, 1, 0, 0)), seed)
        without = np.asarray(compose(Scene((), scene.place, scene.time, "none"), index, seed)).astype(int)
        if scene.weather != "none":
            continue
        changed = np.abs(np.asarray(made.picture).astype(int) - without).sum(2) > 60
        covered = np.kron(cells(made.things), np.ones((64 // GRID, 64 // GRID), bool))
        assert (changed & covered).sum() > 0.85 * changed.sum()


def test_nearer_things_cover_farther_ones_on_the_map() -> None:
    boxes = np.full((1, 3, 5), -1, np.float32)
    boxes[0, 0] = (7, 0.0, 0.0, 1.0, 1.0)
    boxes[0, 1] = (9, 0.6, 0.6, 0.4, 0.4)
    grid = targets(boxes, 6, 99)[0]
    assert grid[2, 2] == 7
    assert grid[4, 4] == 9
    assert grid[0, 0] == grid[5, 5] == 99


def test_what_was_made_once_is_read_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YGG_TRAINING", str(tmp_path))
    first = seen(HERE, 3, 6)
    path = next(tmp_path.rglob("*.npz"))
    written = path.stat().st_mtime_ns
    again = seen(HERE, 3, 6)
    assert path.stat().st_mtime_ns == written
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert first.pictures.shape == (6, 64, 64, 3)
    assert SHARD > 6 and Seen._fields == ("pictures", "boxes", "scene")


def test_a_style_is_unpacked_as_the_shelf_keeps_drawings(tmp_path: Path) -> None:
    body = '<path fill="red" d="M0 0h8v8H0z"/>'
    icons = {"icons": {"fox": {"body": body}, "nothing-known": {"body": body}}, "aliases": {"wolf": {"parent": "fox"}}}
    unpack(json.loads(json.dumps(icons)), tmp_path, "mine")
    found = open_drawings(tmp_path / "index.json")
    assert found.names() == ["fox", "wolf"]
    assert found.sprite("wolf").getpixel((2, 2)) == (255, 0, 0, 255)


def test_the_judge_and_the_seer_share_no_style() -> None:
    assert not set(JUDGE_STYLES) & set(SEER_STYLES)
    assert HELD_OUT in JUDGE_STYLES
    assert set(JUDGE_STYLES) | set(SEER_STYLES) - {SHELF} <= set(STYLES)
    with pytest.raises(MissingFile, match="no style"):
        drawings("crayons")


def test_a_sheet_holds_every_picture() -> None:
    pictures = [example(HERE, seed).composed.picture for seed in range(5)]
    assert sheet(pictures, columns=3).size == (3 * 130, 2 * 130)
