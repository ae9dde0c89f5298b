"""Train the painter on: `python -m training.painter --images 72000 --run FOLDER`; killed, the same command goes on."""

import argparse
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.latents import SHARD, Shard, shard
from training.learning import Learner, Schedule, run
from training.places import TOOLS

if TYPE_CHECKING:
    import torch
    from torch import nn

BATCH = 24
SHARDS = 9
EMPTY = 0.1
TIME = 0.3
"""The mean of the logistic-normal distribution of times: Esser et al. 2024, section 3.1."""
WEIGHT = 1.5
"""How much more a cell that a thing stands on counts."""


@lru_cache(maxsize=2)
def _shard(number: int, size: int) -> Shard:
    return shard(number, size)


def batch_of(step: int, shards: int, size: int, batch: int, seed: int) -> tuple[Shard, np.ndarray]:
    """The shard of a step and the rows that it learns from: each shard whole, in an order of its own each time."""
    whole, at = divmod(step, size // batch)
    order = np.random.default_rng((seed, whole)).permutation(size)
    return _shard(whole % shards, size), order[at * batch : (at + 1) * batch]


def flow_loss(net: "nn.Module", part: Shard, rows: np.ndarray) -> "torch.Tensor":
    """Rectified flow (Liu et al. 2022): the velocity noise − latent at a point between them, things weighted."""
    import torch

    clean = torch.from_numpy(part.latents[rows]).float()
    which = torch.from_numpy(part.caption[rows])
    texts = torch.from_numpy(part.texts[torch.where(torch.rand(len(rows)) < EMPTY, 0, which).numpy()]).float()
    time = torch.sigmoid(torch.randn(len(rows)) + TIME)
    noise = torch.randn_like(clean)
    mixed = torch.lerp(clean, noise, time[:, None, None, None]).contiguous(memory_format=torch.channels_last)
    weights = 1 + WEIGHT * torch.from_numpy(part.things[rows]).float()[:, None]
    off = net(mixed, time * 1000, texts, return_dict=False)[0] - (noise - clean)
    return (off.square() * (weights / weights.mean())).mean()


def learning(net: "nn.Module", shards: int, size: int, batch: int, seed: int) -> "Callable[[int], torch.Tensor]":
    """What a step has to lower."""
    return lambda step: flow_loss(net, *batch_of(step, shards, size, batch, seed))


def export(learner: Learner, folder: Path) -> Path:
    """Save the painter of the shelf with the mean's weights in bfloat16 as an item of its own."""
    import torch

    from yggdrasil import load, save

    painter: Any = load(TOOLS / "painter")
    painter["backbone"].module = learner.mean.to(torch.bfloat16)
    return save(painter, folder)


def main() -> None:
    """Train on from the shelf's painter, or from where the run stopped; then write the item into the run's folder."""
    import torch

    from yggdrasil import load

    told = argparse.ArgumentParser(description=main.__doc__)
    told.add_argument("--run", type=Path, required=True, help="where state, log and result are kept")
    told.add_argument("--images", type=int, default=72_000)
    told.add_argument("--rate", type=float, default=5e-4)
    told.add_argument("--shards", type=int, default=SHARDS)
    told.add_argument("--seed", type=int, default=0)
    told.add_argument("--compiled", action="store_true", help="compile first: minutes, then a fifth faster")
    told.add_argument("--export-only", action="store_true", help="write the item as the run stands now")
    asked = told.parse_args()
    torch.set_num_threads(1)
    shelf: Any = load(TOOLS / "painter")
    net = shelf["backbone"].build()
    net.load_state_dict(shelf["backbone"].module.state_dict())
    net = net.to(memory_format=torch.channels_last)
    learner = Learner(net, Schedule(asked.images // BATCH, asked.rate), asked.seed)
    if asked.export_only:
        learner.resume(asked.run / "state.safetensors")
    else:
        called: Any = torch.compile(net) if asked.compiled else net
        run(learner, learning(called, asked.shards, SHARD, BATCH, asked.seed), asked.run, BATCH)
    print(export(learner, asked.run / f"painter-{learner.step * BATCH}"))


if __name__ == "__main__":
    main()
