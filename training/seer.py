"""Train a seer or the judge of the benchmarks: `python -m training.seer seer --run FOLDER`, or `… judge …`."""

import argparse
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from training.learning import Learner, Schedule, on, run
from training.places import TOOLS
from training.scenes import JUDGE, SEER, Recipe
from training.seeing import BENT, SHARD, Seen, guessed, pixels_of, seen, targets, varied, warped, zoomed
from yggdrasil.plugins.draw.vocabulary import vocabulary

if TYPE_CHECKING:
    import torch

GUESSES = 6
UNCLEAR = 0.18
"""The share of pictures whose things are made unrecognisable."""


class Task(NamedTuple):
    """Who learns: from which scenes, how many shards of them, and what its network looks like."""

    recipe: Recipe
    shards: int
    config: dict[str, Any]
    schedule: Schedule
    painted: bool
    batch: int = 32


TASKS = {
    "seer": Task(SEER, 24, {}, Schedule(10_000, 1e-3, decay=0.03), painted=True, batch=48),
    "judge": Task(JUDGE, 36, {"resolution": 64}, Schedule(14_000, 1e-3, decay=0.03), painted=False, batch=48),
}
"""The judge sees no blob of the painter: it shall judge it, and know nothing of it."""


def new(task: Task) -> Any:
    """A seer block for a task's things; the shelf's own where they are all things."""
    from yggdrasil import load
    from yggdrasil.plugins.seer.block import Seer

    if not task.config:
        return load(TOOLS / "seer")
    return Seer(things=tuple(vocabulary()[name].label for name in task.recipe.things), **task.config)


@lru_cache(maxsize=2)
def _seen(recipe: Recipe, number: int) -> Seen:
    return seen(recipe, number)


@lru_cache(maxsize=4)
def _guessed(number: int) -> Seen:
    return guessed(number)


def learning(net: Any, task: Task, seed: int) -> "Callable[[int], torch.Tensor]":
    """What a step has to lower: the classes of the map's cells, and place, time and weather."""
    many, spoilt = len(task.recipe.things), round(UNCLEAR * task.batch)

    def loss(step: int) -> "torch.Tensor":
        whole, at = divmod(step, SHARD // task.batch)
        order = np.random.default_rng((seed, whole)).permutation(SHARD)
        part, rows = _seen(task.recipe, whole % task.shards), order[at * task.batch : (at + 1) * task.batch]
        batch = Seen(part.pictures[rows], part.boxes[rows], part.scene[rows])
        if task.painted:
            batch = _with_guesses(batch, step, spoilt)
        pixels, boxes = zoomed(pixels_of(batch.pictures), batch.boxes)
        pixels[:spoilt] = warped(pixels[:spoilt], BENT)
        unclear = [slice(0, spoilt), slice(-spoilt, None)] if task.painted else [slice(0, spoilt)]
        for some in unclear:
            boxes[some, :, 0] = np.where(boxes[some, :, 0] < 0, -1, many + 1)
        return _loss(net, varied(pixels), targets(boxes, net.resolution // 8, many), batch.scene, many)

    return loss


def _with_guesses(batch: Seen, step: int, count: int) -> Seen:
    """The end of a batch becomes the painter's guesses: `count` that show a thing, then `count` that show none.

    The painter's things are the seer's, in the same order.
    """
    part = _guessed(step % GUESSES)
    half = len(part.pictures) // 2
    rows = np.random.default_rng((step, 1)).integers(0, half, 2 * count) + np.repeat((0, half), count)
    for whole, guesses in zip(batch, part, strict=True):
        whole[-2 * count :] = guesses[rows]
    return batch


def _loss(net: Any, pixels: "torch.Tensor", classes: Any, scene: Any, many: int) -> "torch.Tensor":
    import torch
    import torch.nn.functional as F

    said = net(pixels)
    weights = torch.ones(many + 2)
    weights[many], weights[many + 1] = 0.25, 0.5
    cells = F.cross_entropy(said.what, torch.as_tensor(classes), weights, label_smoothing=0.02)
    truth = torch.as_tensor(scene)
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
    block.module = learner.mean.to("cpu", torch.bfloat16)
    return save(block, folder)


def calibrate(net: Any, task: Task, count: int = 1000) -> float:
    """Divide the map's logits by the temperature that fits its claims on unseen examples best; returns it.

    Guo et al. 2017, section 4.2; what is fitted is the chance that the surest thing of a picture of one is right.
    """
    import torch
    import torch.nn.functional as F

    part, many = seen(task.recipe, task.shards), len(task.recipe.things)
    rows = np.flatnonzero((part.boxes[:, 0, 0] >= 0) & (part.boxes[:, 1, 0] < 0))[:count]
    truth = torch.as_tensor(part.boxes[rows, 0, 0]).long()

    def miss(heat: float) -> float:
        confidence, best = (logits / heat).softmax(1)[:, :many].flatten(2).amax(2).max(1)
        confidence = confidence.clamp(0, 1)
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
    told.add_argument("--rate", type=float, help="another rate")
    told.add_argument("--batch", type=int, help="another batch")
    told.add_argument("--shards", type=int, help="another number of shards")
    told.add_argument("--seed", type=int, default=0)
    told.add_argument("--device", default="cpu", help="cuda: in bfloat16")
    told.add_argument("--threads", type=int, default=1, help="of the processor")
    told.add_argument("--every", type=int, default=50, help="steps from one saved state to the next")
    told.add_argument("--fresh", action="store_true", help="from random weights, as the judge always is")
    told.add_argument("--unpainted", action="store_true", help="without the painter's first guesses")
    told.add_argument("--export-only", action="store_true", help="write the item as the run stands now")
    asked = told.parse_args()
    task = asked_for(asked)
    block = new(task)
    torch.manual_seed(asked.seed)
    net = block.build()
    if not task.config and not asked.fresh:
        net.load_state_dict(block.module.state_dict())
    with on(asked.device, asked.threads):
        learner = Learner(net.to(asked.device, memory_format=torch.channels_last), task.schedule, asked.seed)
        if asked.export_only:
            learner.resume(asked.run / "state.safetensors")
        else:
            run(learner, learning(net, task, asked.seed), asked.run, task.batch, asked.every)
        print(export(task, learner, asked.run / f"{asked.task}-{learner.step * task.batch}"))


def asked_for(asked: argparse.Namespace) -> Task:
    """The task with what the command line says otherwise."""
    task = TASKS[asked.task]
    schedule = {name: given for name in ("steps", "rate") if (given := getattr(asked, name))}
    other = {name: given for name in ("batch", "shards") if (given := getattr(asked, name))}
    painted = task.painted and not asked.unpainted
    return task._replace(schedule=task.schedule._replace(**schedule), painted=painted, **other)


if __name__ == "__main__":
    main()
