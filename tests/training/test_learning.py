"""A killed run goes on with the same losses; the schedule goes by steps."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from training import painter
from training.latents import Shard
from training.learning import Learner, Schedule, run
from training.painter import batch_of, learning

SIZE, BATCH = 16, 4


@pytest.fixture(autouse=True)
def _shards(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(number: int, size: int) -> Shard:
        rng = np.random.default_rng(number)
        return Shard(
            rng.standard_normal((size, 8, 8, 8)).astype(np.float16),
            rng.random((size, 8, 8)) < 0.5,
            rng.standard_normal((5, 6, 16)).astype(np.float16),
            rng.integers(0, 5, size),
        )

    painter._part.cache_clear()
    monkeypatch.setattr(painter, "shard", made)


def learner(steps: int = 12) -> Learner:
    torch.manual_seed(7)
    net = UNet2DConditionModel(
        sample_size=8,
        in_channels=8,
        out_channels=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(16, 16),
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    return Learner(net, Schedule(steps, 1e-3, warmup=3))


def losses(one: Learner, count: int) -> list[float]:
    loss_of = learning(one.net, 2, SIZE, BATCH, 0)
    return [float(one.learn(loss_of)) for _ in range(count)]


def test_a_killed_run_goes_on_with_the_same_losses(tmp_path: Path) -> None:
    whole = learner()
    expected = losses(whole, 8)
    killed = learner()
    first = losses(killed, 5)
    killed.save(tmp_path / "state.safetensors")
    torch.rand(9)
    again = learner()
    again.resume(tmp_path / "state.safetensors")
    assert first + losses(again, 3) == expected
    assert len(set(expected)) == len(expected)
    for ours, theirs in ((again.net, whole.net), (again.mean, whole.mean)):
        pairs = zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(next(again.net.parameters()), next(again.mean.parameters()))


def test_a_run_stops_at_its_end_and_a_second_call_adds_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        one = learner(steps=5)
        run(one, learning(one.net, 2, SIZE, BATCH, 0), tmp_path, BATCH, every=2)
        assert one.step == 5
    assert [line.split(",")[0] for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [
        '{"step": 2',
        '{"step": 4',
        '{"step": 5',
    ]


def test_each_pass_shows_every_row_once_in_another_order() -> None:
    def seen(first: int) -> list[int]:
        return [
            int(row) for step in range(first, first + SIZE // BATCH) for row in batch_of(step, 1, SIZE, BATCH, 0)[1]
        ]

    assert sorted(seen(0)) == sorted(seen(4)) == list(range(SIZE))
    assert seen(0) != seen(4)


def test_the_rate_rises_holds_and_falls() -> None:
    rates = [Schedule(100, 1.0, warmup=10).rate_at(step) for step in (0, 20, 49, 75, 99)]
    assert rates[0] == 0.1
    assert rates[1] == rates[2] == 1.0
    assert 1.0 > rates[3] > rates[4] >= 0.02
