"""What a seer learns from: boxes follow their things through every change; a tiny one learns and is kept calibrated."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import yggdrasil as ygg
from training import seer
from training.learning import Learner, Schedule
from training.scenes import PAINTER, Recipe, example
from training.seeing import GUESSED, Seen, _seen_in, guessed, look, pixels_of, varied, warped, zoomed
from training.styles import SHELF
from yggdrasil.plugins.seer.block import Seer

THINGS = ("fox", "castle", "crown")
CONFIG = {"resolution": 64, "embedding_size": 8, "hidden_sizes": (8, 16, 16, 16), "depths": (1, 1, 1, 1)}
TASK = seer.Task(
    Recipe((SHELF,), THINGS, (0, 1, 0, 0)), 1, {**CONFIG, "head_size": 16}, Schedule(30, 4e-3, warmup=2), painted=False
)


def test_half_of_the_painters_guesses_show_what_is_asked_and_the_rest_what_nobody_can_tell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("YGG_TRAINING", str(tmp_path))
    torch.manual_seed(7)
    before = torch.get_rng_state()
    made = guessed(0, 128)
    assert torch.equal(torch.get_rng_state(), before)
    plain = np.stack([np.asarray(example(PAINTER, GUESSED + row).composed.picture) for row in range(128)])
    off = np.abs(made.pictures.astype(float) - plain).mean((1, 2, 3))
    told, wordless, bent = off[:64].mean(), off[64:96].mean(), off[96:124].mean()
    assert told < 0.75 * bent < wordless
    assert (made.boxes[-4:, 0] == (0, 0, 0, 1, 1)).all()
    assert np.array_equal(made.pictures, guessed(0, 128).pictures)


def squares(count: int) -> tuple[torch.Tensor, np.ndarray]:
    """Black pictures with one white square each, and its box."""
    rng = np.random.default_rng(3)
    pixels, boxes = torch.full((count, 3, 64, 64), -1.0), np.full((count, 3, 5), -1, np.float32)
    for row in range(count):
        left, top, side = rng.integers(20, 30), rng.integers(20, 30), rng.integers(10, 14)
        pixels[row, :, top : top + side, left : left + side] = 1
        boxes[row, 0] = (0, left / 64, top / 64, side / 64, side / 64)
    return pixels, boxes


def test_boxes_follow_their_things() -> None:
    torch.manual_seed(0)
    shown, boxes = zoomed(*squares(40))
    inside = 0
    for picture, (_, left, top, width, height) in zip(shown, boxes[:, 0], strict=True):
        x, y = (left + width / 2) * 64, (top + height / 2) * 64
        if not (1 < x < 63 and 1 < y < 63):
            continue
        inside += 1
        bright = (picture[0] > 0).nonzero().float() + 0.5
        assert abs(bright[:, 0].mean() - y) < 2.5
        assert abs(bright[:, 1].mean() - x) < 2.5
    assert inside > 25
    assert len({round(float(width), 2) for width in boxes[:, 0, 3]}) > 8


def test_a_change_of_style_keeps_the_place_of_things_and_a_bend_does_not() -> None:
    torch.manual_seed(0)
    pixels, _ = squares(8)
    other = varied(pixels)
    assert other.shape == pixels.shape
    assert not torch.equal(other, pixels)

    def likeness(changed: torch.Tensor) -> list[float]:
        pairs = (torch.stack([a.flatten(), b.flatten()]) for a, b in zip(pixels, changed, strict=True))
        return [float(torch.corrcoef(pair)[0, 1]) for pair in pairs]

    assert min(likeness(other)) > 0.6
    assert np.mean(likeness(warped(pixels, 0.09))) < np.mean(likeness(other)) - 0.2


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """A shard of few examples instead of thousands."""
    made = _seen_in(TASK.recipe, [example(TASK.recipe, seed) for seed in range(48)])
    four = np.arange(4 * len(made.pictures)) % len(made.pictures)
    many = Seen(made.pictures[four], made.boxes[four], made.scene[four])
    monkeypatch.setattr(seer, "_seen", lambda recipe, number: many)
    monkeypatch.setattr(seer, "seen", lambda recipe, number: many)
    monkeypatch.setattr(seer, "SHARD", len(many.pictures))
    return many


def test_a_tiny_seer_learns_is_calibrated_and_kept(few: Seen, tmp_path: Path) -> None:
    torch.manual_seed(1)
    block = seer.new(TASK)
    learner = Learner(block.build(), TASK.schedule)
    loss_of = seer.learning(learner.net, TASK, 0)
    losses = [float(learner.learn(loss_of)) for _ in range(30)]
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])
    before = look(learner.mean, 3, pixels_of(few.pictures[:20]))
    loaded: Any = ygg.load(seer.export(TASK, learner, tmp_path / "seer"))
    assert isinstance(loaded, Seer)
    assert loaded.things == THINGS
    after = look(loaded.module, 3, pixels_of(few.pictures[:20]))
    assert torch.equal(before.place, after.place)
    assert not torch.allclose(before.things, after.things)


def test_a_bent_or_blurred_thing_is_to_be_called_unclear(few: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[np.ndarray] = []

    def watched(net: Any, pixels: torch.Tensor, classes: np.ndarray, scene: Any, many: int) -> torch.Tensor:
        taught.append(classes)
        return next(net.parameters()).sum()

    monkeypatch.setattr(seer, "_loss", watched)
    net = seer.new(TASK).build()
    seer.learning(net, TASK, 0)(0)
    spoilt = round(seer.UNCLEAR * TASK.batch)
    assert set(np.unique(taught[0][:spoilt])) <= {3, 4}
    assert 4 in taught[0][:spoilt]
    assert set(np.unique(taught[0][spoilt:])) == {0, 1, 2, 3}


def test_the_painters_guesses_close_a_batch_the_clear_ones_named_the_blobs_unclear(
    few: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[np.ndarray] = []
    white = few._replace(pictures=np.full_like(few.pictures, 255), boxes=np.full_like(few.boxes, -1))
    white.boxes[:, 0] = (1, 0.2, 0.2, 0.6, 0.6)
    shown: list[torch.Tensor] = []

    def watched(net: Any, pixels: torch.Tensor, classes: np.ndarray, scene: Any, many: int) -> torch.Tensor:
        taught.append(classes)
        shown.append(pixels)
        return next(net.parameters()).sum()

    monkeypatch.setattr(seer, "_loss", watched)
    monkeypatch.setattr(seer, "_guessed", lambda number: white)
    seer.learning(seer.new(TASK).build(), TASK._replace(painted=True), 0)(0)
    count = round(seer.UNCLEAR * TASK.batch)
    clear, blobs = taught[0][-2 * count : -count], taught[0][-count:]
    assert set(np.unique(clear)) == {1, 3} and set(np.unique(blobs)) == {3, 4}
    assert shown[0][-2 * count :].mean() > 0.5 > shown[0][count : -2 * count].mean()
