"""S2: each image of a batch has a seed of its own, told in the result, and starts as a single run with it does."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import yggdrasil as ygg
from tests.blocks.diffusion.test_solver import Model
from tests.blocks.diffusion.tiny import painter
from yggdrasil.blocks.codec.vae import SamplingEncoder
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.contract import PortError
from yggdrasil.contract.schema import tool_schema

pytestmark = [  # diffusers hands tensors to numpy in the old way
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning"),
]
SHAPE = (4, 8, 8)
LAST = 2**63 - 1


def start(seed: int, count: int = 1, **more: Any) -> Any:
    return SchedulerSolver(scheduler="DDIMScheduler", shape=SHAPE).run(seed=seed, count=count, steps=2, **more)


def test_s2_image_k_of_a_batch_starts_as_the_single_run_with_its_seed() -> None:
    batch = start(7, 4)
    assert batch.seeds == [7, 8, 9, 10] and batch.next_latent.shape == (4, *SHAPE)
    for number, seed in enumerate(batch.seeds):
        alone = start(seed)
        assert alone.seeds == [seed] and torch.equal(alone.next_latent[0], batch.next_latent[number])
    halves = torch.cat([start(7, 2).next_latent, start(9, 2).next_latent])
    assert torch.equal(halves, batch.next_latent)
    assert len({one.numpy().tobytes() for one in batch.next_latent}) == 4


def test_s2_an_image_that_is_repainted_starts_so_too() -> None:
    image = torch.linspace(-1, 1, 256).reshape(1, *SHAPE)
    batch = start(7, 3, image_latent=image, strength=0.5)
    for number, seed in enumerate(batch.seeds):
        assert torch.equal(start(seed, image_latent=image, strength=0.5).next_latent[0], batch.next_latent[number])


def test_s2_noise_of_later_steps_is_each_images_own() -> None:
    graph = ygg.Graph("ancestral").add(SchedulerSolver(scheduler="EulerAncestralDiscreteScheduler", shape=SHAPE))
    graph.add(Model())
    batch = graph.run(seed=7, count=3, steps=4)
    for number, seed in enumerate(batch.seeds):
        assert torch.equal(graph.run(seed=seed, steps=4).latent[0], batch.latent[number])


def test_s2_seed_zero_is_a_seed_and_the_last_is_followed_by_it() -> None:
    first, again = start(0), start(0)
    assert torch.equal(first.next_latent, again.next_latent) and first.seeds == [0]
    assert not torch.equal(first.next_latent, start(1).next_latent)
    assert start(LAST, 2).seeds == [LAST, 0]


def test_s2_noise_is_drawn_on_the_cpu_by_the_generator_of_the_seed() -> None:
    made = start(7).next_latent
    assert made.device.type == "cpu"
    assert torch.equal(made, torch.randn(1, *SHAPE, generator=torch.Generator("cpu").manual_seed(7)))


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64, 1.5, "seven"])
@pytest.mark.parametrize("block", [SchedulerSolver(), SamplingEncoder(arch={})], ids=["solver", "sampler"])
def test_s2_a_seed_out_of_range_is_told_with_the_legal_range(block: Any, seed: Any) -> None:
    with pytest.raises(PortError, match=rf"'seed' was given.*legal is integer >= 0 and < {2**63}"):
        block.run(seed=seed)
    schema = tool_schema(block.inputs)["properties"]["seed"]
    assert schema["type"] == "integer" and schema["minimum"] == 0 and schema["exclusiveMaximum"] == 2**63


@pytest.mark.parametrize("name", ["UniPCMultistepScheduler", "DPMSolverMultistepScheduler", "LMSDiscreteScheduler"])
def test_runs_at_once_share_nothing_of_a_scheduler(name: Any) -> None:
    solver, schedules = SchedulerSolver(scheduler=name, shape=SHAPE), []
    for _ in range(2):
        schedules.append(solver.run(steps=3).schedule.scheduler)
    kept = [{id(v) for v in vars(one).values() if isinstance(v, list | dict)} for one in schedules]
    assert kept[0] and not kept[0] & kept[1], "what a step changes in place is each run's own"


def test_a_graph_gives_every_picture_and_its_seed(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    given = Image.new("RGB", (16, 16), (200, 10, 10))
    for asked in ({}, {"image": given, "strength": 0.5}):
        out = graph.run(prompt="a fox", seed=7, count=3, **asked)
        assert out.seeds == [7, 8, 9] and len(out.images) == 3 and out.image.tobytes() == out.images[0].tobytes()
        assert len({image.tobytes() for image in out.images}) == 3
        assert out.steps_run == (2 if asked else 4)
    assert graph.run(prompt="a fox", seed=7, count=3).seeds == [7, 8, 9], "also out of the cache"
