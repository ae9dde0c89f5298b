"""Train a seer or the judge of the benchmarks: `python -m training.seer seer --run FOLDER`, or `… judge …`."""

import argparse
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from training.latents import Shard
from training.latents import shard as latents
from training.learning import Learner, Schedule, run
from training.places import TOOLS
from training.scenes import JUDGE, SEER, Recipe
from training.seeing import SHARD, Seen, blobs, pixels_of, seen, targets, varied, warped, zoomed
from yggdrasil.blocks.draw.vocabulary import vocabulary

if TYPE_CHECKING:
    import torch

BATCH = 32
UNCLEAR = 0.18
"""The share of pictures whose things are made unrecognisable."""


class Task(NamedTuple):
    """Who learns: from which scenes, how many shards of them, and what its network looks like."""

    recipe: Recipe
    shards: int
    config: dict[str, Any]
    schedule: Schedule
    painted: bool


TASKS = {
    "seer": Task(SEER, 4, {}, Schedule(600, 8e-4, decay=0.03, mean=0.998), painted=True),
    "judge": Task(
        JUDGE,
        5,
        {"resolution": 64, "hidden_sizes": (48, 96, 160, 224)},
        Schedule(2000, 2e-3, decay=0.03, mean=0.998),
        painted=False,
    ),
}
"""The judge sees no blob of the painter: it shall judge it, and know nothing of it."""


def new(task: Task) -> Any:
    """A seer block for a task's things; the shelf's own where they are all things."""
    from yggdrasil import load
    from yggdrasil.blocks.seer.block import Seer

    if not task.config:
        return load(TOOLS / "seer")
    return Seer(things=tuple(vocabulary()[name].label for name in task.recipe.things), **task.config)


@lru_cache(maxsize=2)
def _seen(recipe: Recipe, number: int) -> Seen:
    return seen(recipe, number)


@lru_cache(maxsize=2)
def _latents(number: int) -> Shard:
    return latents(number)


def learning(net: Any, task: Task, seed: int) -> "Callable[[int], torch.Tensor]":
    """What a step has to lower: the classes of the map's cells, and place, time and weather."""
    from yggdrasil import load

    painter: Any = load(TOOLS / "painter") if task.painted else None
    many = len(task.recipe.things)

    def loss(step: int) -> "torch.Tensor":
        whole, at = divmod(step, SHARD // BATCH)
        order = np.random.default_rng((seed, whole)).permutation(SHARD)
        part, rows = _seen(task.recipe, whole % task.shards), order[at * BATCH : (at + 1) * BATCH]
        pixels, boxes = zoomed(pixels_of(part.pictures[rows]), part.boxes[rows])
        spoilt = round(UNCLEAR * BATCH)
        pixels[:spoilt] = warped(pixels[:spoilt], 0.09)
        boxes[:spoilt, :, 0] = np.where(boxes[:spoilt, :, 0] < 0, -1, many + 1)
        classes = targets(boxes, net.resolution // 16, many)
        if painter is not None:
            pixels, classes = _with_blobs(painter, pixels, classes, step, spoilt, many)
        return _loss(net, varied(pixels), classes, part.scene[rows], many)

    return loss


def _with_blobs(painter: Any, pixels: Any, classes: Any, step: int, count: int, many: int) -> tuple[Any, Any]:
    """The last pictures of a batch become the painter's first guesses: what stands there can't be told."""
    import torch

    number, at = divmod(step * count, 4000)
    part = _latents(number % 2)
    rows = np.arange(at, at + count) % len(part.latents)
    pixels[-count:] = blobs(painter, part, rows, step, (0.8, 0.98))
    things = torch.from_numpy(part.things[rows]).float()[:, None]
    grid = classes.shape[-1]
    covered = torch.nn.functional.adaptive_avg_pool2d(things, grid)[:, 0].numpy() > 0.6
    classes[-count:] = np.where(covered, many + 1, many)
    return pixels, classes


def _loss(net: Any, pixels: "torch.Tensor", classes: Any, scene: Any, many: int) -> "torch.Tensor":
    import torch
    import torch.nn.functional as F

    said = net(pixels)
    weights = torch.ones(many + 2)
    weights[many], weights[many + 1] = 0.25, 0.5
    cells = F.cross_entropy(said.what, torch.from_numpy(classes), weights, label_smoothing=0.02)
    truth = torch.from_numpy(scene)
    clear = slice(0, len(pixels) - round(UNCLEAR * len(pixels)))
    heads = zip((said.place, said.time, said.weather), (0.25, 0.2, 0.2), strict=True)
    return cells + sum(
        share * F.cross_entropy(head[clear], truth[clear, number]) for number, (head, share) in enumerate(heads)
    )


def export(task: Task, learner: Learner, folder: Path) -> Path:
    """Save the seer with the mean's weights in bfloat16, its confidence calibrated, as an item."""
    import torch

    from yggdrasil import save

    block = new(task)
    calibrate(learner.mean, task)
    block.module = learner.mean.to(torch.bfloat16)
    return save(block, folder)


def calibrate(net: Any, task: Task, count: int = 1000) -> float:
    """Divide the map's logits by the temperature that fits its claims on unseen examples best; returns it.

    Guo et al. 2017, section 4.2; what is fitted is the chance that the surest thing of a picture of one is right.
    """
    import torch
    import torch.nn.functional as F

    part, many = seen(task.recipe, task.shards), len(task.recipe.things)
    rows = np.flatnonzero((part.boxes[:, 0, 0] >= 0) & (part.boxes[:, 1, 0] < 0))[:count]
    truth = torch.from_numpy(part.boxes[rows, 0, 0]).long()

    def miss(heat: float) -> float:
        confidence, best = (logits / heat).softmax(1)[:, :many].flatten(2).amax(2).max(1)
        return float(F.binary_cross_entropy(confidence, (best == truth).float()))

    with torch.no_grad():
        logits = torch.cat([net(some).what for some in pixels_of(part.pictures[rows]).split(50)])
        heat = min((float(t) for t in np.arange(0.5, 3.0, 0.05)), key=miss)
        net.what[-1].weight.div_(heat)
        net.what[-1].bias.div_(heat)
    return heat


def main() -> None:
    """Train the seer on from the shelf's, or the judge from nothing; then write the item into the run's folder."""
    import torch

    told = argparse.ArgumentParser(description=main.__doc__)
    told.add_argument("task", choices=list(TASKS))
    told.add_argument("--run", type=Path, required=True, help="where state, log and result are kept")
    told.add_argument("--steps", type=int, help="another length of the schedule")
    told.add_argument("--seed", type=int, default=0)
    told.add_argument("--export-only", action="store_true", help="write the item as the run stands now")
    asked = told.parse_args()
    torch.set_num_threads(1)
    task = TASKS[asked.task]
    if asked.steps:
        task = task._replace(schedule=task.schedule._replace(steps=asked.steps))
    block = new(task)
    torch.manual_seed(asked.seed)
    net = block.build()
    if not task.config:
        net.load_state_dict(block.module.state_dict())
    learner = Learner(net.to(memory_format=torch.channels_last), task.schedule, asked.seed)
    if asked.export_only:
        learner.resume(asked.run / "state.safetensors")
    else:
        run(learner, learning(net, task, asked.seed), asked.run, BATCH)
    print(export(task, learner, asked.run / f"{asked.task}-{learner.step * BATCH}"))


if __name__ == "__main__":
    main()
