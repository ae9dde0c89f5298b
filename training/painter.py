"""Train the painter on: `python -m training.painter --images 72000 --run FOLDER`; killed, the same command goes on."""

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from training.latents import SHARD, shard
from training.learning import Learner, Schedule, on, run
from training.places import TOOLS

if TYPE_CHECKING:
    import torch
    from torch import nn

SHARDS = 9
EMPTY = 0.1
TIME = 0.3
"""The mean of the logistic-normal distribution of times: Esser et al. 2024, section 3.1."""
WEIGHT = 1.5
"""How much more a cell that a thing stands on counts."""


class Part(NamedTuple):
    """A shard of scenes as tensors on the device that learns: see training.latents.Shard."""

    latents: "torch.Tensor"
    things: "torch.Tensor"
    texts: "torch.Tensor"
    caption: "torch.Tensor"


@cache
def _part(number: int, size: int) -> Part:
    import torch

    return Part(*(torch.as_tensor(array) for array in shard(number, size)))


def batch_of(step: int, shards: int, size: int, batch: int, seed: int) -> tuple[Part, np.ndarray]:
    """The shard of a step and the rows that it learns from: each shard whole, in an order of its own each time."""
    whole, at = divmod(step, size // batch)
    order = np.random.default_rng((seed, whole)).permutation(size)
    return _part(whole % shards, size), order[at * batch : (at + 1) * batch]


def flow_loss(net: "nn.Module", part: Part, rows: np.ndarray) -> "torch.Tensor":
    """Rectified flow (Liu et al. 2022): the velocity noise − latent at a point between them, things weighted."""
    import torch

    picked = torch.as_tensor(rows)
    clean = part.latents[picked].float()
    told = part.texts[torch.where(torch.rand(len(rows)) < EMPTY, 0, part.caption[picked])].float()
    time = torch.sigmoid(torch.randn(len(rows)) + TIME)
    noise = torch.randn_like(clean)
    mixed = torch.lerp(clean, noise, time[:, None, None, None]).contiguous(memory_format=torch.channels_last)
    weights = 1 + WEIGHT * part.things[picked].float()[:, None]
    off = net(mixed, time * 1000, told, return_dict=False)[0].float() - (noise - clean)
    return (off.square() * (weights / weights.mean())).mean()


def learning(net: "nn.Module", shards: int, size: int, batch: int, seed: int) -> "Callable[[int], torch.Tensor]":
    """What a step has to lower."""
    return lambda step: flow_loss(net, *batch_of(step, shards, size, batch, seed))


def export(learner: Learner, folder: Path) -> Path:
    """Save the painter of the shelf with the mean's weights in bfloat16 as an item of its own."""
    import torch

    from yggdrasil import load, save

    painter: Any = load(TOOLS / "painter")
    painter["backbone"].module = learner.mean.to("cpu", torch.bfloat16)
    return save(painter, folder)


def main() -> None:
    """Train on from the shelf's painter, or from where the run stopped; then write the item into the run's folder."""
    import torch

    from yggdrasil import load

    told = argparse.ArgumentParser(description=main.__doc__)
    told.add_argument("--run", type=Path, required=True, help="where state, log and result are kept")
    told.add_argument("--images", type=int, default=72_000)
    told.add_argument("--rate", type=float, default=5e-4)
    told.add_argument("--batch", type=int, default=24)
    told.add_argument("--shards", type=int, default=SHARDS)
    told.add_argument("--seed", type=int, default=0)
    told.add_argument("--device", default="cpu", help="cuda: in bfloat16, the scenes kept on the GPU")
    told.add_argument("--every", type=int, default=50, help="steps from one saved state to the next")
    told.add_argument("--fresh", action="store_true", help="from random weights instead of the shelf's")
    told.add_argument("--compiled", action="store_true", help="compile first: minutes, then a fifth faster")
    told.add_argument("--export-only", action="store_true", help="write the item as the run stands now")
    asked = told.parse_args()
    shelf: Any = load(TOOLS / "painter")
    torch.manual_seed(asked.seed)
    net = shelf["backbone"].build()
    if not asked.fresh:
        net.load_state_dict(shelf["backbone"].module.state_dict())
    with on(asked.device):
        net = net.to(asked.device, memory_format=torch.channels_last)
        learner = Learner(net, Schedule(asked.images // asked.batch, asked.rate), asked.seed)
        if asked.export_only:
            learner.resume(asked.run / "state.safetensors")
        else:
            called: Any = torch.compile(net) if asked.compiled else net
            loss = learning(called, asked.shards, SHARD, asked.batch, asked.seed)
            run(learner, loss, asked.run, asked.batch, asked.every)
    print(export(learner, asked.run / f"painter-{learner.step * asked.batch}"))


if __name__ == "__main__":
    main()
