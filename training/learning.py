"""One shape for all that learns here: a network, its running mean, an optimizer, and a place in the schedule."""

import contextlib
import copy
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from yggdrasil.contract.tensor_files import read_tensors, write_tensors

if TYPE_CHECKING:
    import torch
    from torch import nn


class Schedule(NamedTuple):
    """How long to learn and how fast: by steps, never by the clock, so that a paused run is the same run."""

    steps: int
    rate: float
    warmup: int = 100
    steady: float = 0.5
    decay: float = 0.01
    mean: float = 0.999

    def rate_at(self, step: int) -> float:
        """Rises, holds for the `steady` share, then falls as a cosine to 2%."""
        done = step / self.steps
        fall = 1.0 if done < self.steady else 0.5 * (1 + math.cos(math.pi * (done - self.steady) / (1 - self.steady)))
        return self.rate * min(1.0, (step + 1) / self.warmup) * max(fall, 0.02)


class Learner:
    """A network in training; `saved` and read back it goes on with the same losses, bit for bit.

    A step's randomness depends on the seed and the step's number alone, so that no generator has to be saved.
    """

    def __init__(self, net: "nn.Module", schedule: Schedule, seed: int = 0) -> None:
        import torch

        self.net = net.train().requires_grad_(True)
        self.mean = copy.deepcopy(net).eval().requires_grad_(False)
        self.schedule = schedule
        self.seed = seed
        self.step = 0
        wide = [p for p in net.parameters() if p.ndim > 1]
        narrow = [p for p in net.parameters() if p.ndim <= 1]
        groups = [{"params": wide, "weight_decay": schedule.decay}, {"params": narrow, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, schedule.rate, betas=(0.9, 0.99), fused=True)

    def learn(self, loss_of: "Callable[[int], torch.Tensor]") -> "torch.Tensor":
        """One step; `loss_of` gets the step's number and may draw from torch's generator. Returns its loss."""
        import torch

        torch.manual_seed(self.seed * 1_000_003 + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate_at(self.step)
        self.optimizer.zero_grad()
        loss = loss_of(self.step)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self._follow(min(self.schedule.mean, (1 + self.step) / (10 + self.step)))
        self.step += 1
        return loss.detach()

    def _follow(self, keep: float) -> None:
        import torch

        with torch.no_grad():
            for ours, theirs in zip(self.mean.state_dict().values(), self.net.state_dict().values(), strict=True):
                ours.lerp_(theirs, 1 - keep) if ours.is_floating_point() else ours.copy_(theirs)

    def save(self, path: Path) -> None:
        """Network, mean, moments and step, whole or not at all."""
        import torch

        path.parent.mkdir(parents=True, exist_ok=True)
        moments = self.optimizer.state_dict()["state"]
        write_tensors(
            path,
            {f"net.{name}": value.contiguous() for name, value in self.net.state_dict().items()}
            | {f"mean.{name}": value.contiguous() for name, value in self.mean.state_dict().items()}
            | {f"moment.{at}.{name}": v.contiguous() for at, one in moments.items() for name, v in one.items()}
            | {"step": torch.tensor(self.step)},
        )

    def resume(self, path: Path) -> None:
        """Go on from a saved state of the same network."""
        tensors = {name: tensor.clone() for name, tensor in read_tensors(path).items()}
        for module, head in ((self.net, "net."), (self.mean, "mean.")):
            module.load_state_dict({n.removeprefix(head): t for n, t in tensors.items() if n.startswith(head)})
        state = self.optimizer.state_dict()
        for name, tensor in tensors.items():
            if name.startswith("moment."):
                _, at, leaf = name.split(".")
                state["state"].setdefault(int(at), {})[leaf] = tensor
        self.optimizer.load_state_dict(state)
        self.step = int(tensors["step"])


def on(device: str, threads: int = 1) -> "contextlib.AbstractContextManager[object]":
    """Learn there: new tensors are made on the device, and a GPU multiplies in bfloat16 beside float32 weights.

    Without autocast's cache: inside one long context it would hand out the first step's weights for ever.
    """
    import torch

    torch.set_default_device(device)
    torch.set_num_threads(threads)
    return torch.autocast(device, torch.bfloat16, cache_enabled=False) if device != "cpu" else contextlib.nullcontext()


def run(learner: Learner, loss_of: "Callable[[int], torch.Tensor]", folder: Path, batch: int, every: int = 50) -> None:
    """Learn to the schedule's end, resuming from `folder` and writing state and log there every so many steps."""
    state = folder / "state.safetensors"
    if state.exists():
        learner.resume(state)
    folder.mkdir(parents=True, exist_ok=True)
    began, first, losses = time.monotonic(), learner.step, []
    while learner.step < learner.schedule.steps:
        losses.append(learner.learn(loss_of))
        if learner.step % every == 0 or learner.step == learner.schedule.steps:
            learner.save(state)
            speed = (learner.step - first) * batch / (time.monotonic() - began)
            loss = float(sum(losses)) / len(losses)
            told = {"step": learner.step, "images": learner.step * batch, "loss": round(loss, 5)}
            with (folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(told | {"images_per_s": round(speed, 1)}) + "\n")
            losses = []
