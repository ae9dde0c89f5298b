"""One schedule of noise for solver and loss: it noises as diffusers does, and a loss passes back through the graph."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch

import yggdrasil as ygg
from tests.blocks.llm.tiny import model_of, tiny_files
from tests.store.tiny_flux import flux
from tests.store.tiny_pipeline import pipeline, saved
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.blocks.solver.noise_schedule import NoiseSchedule
from yggdrasil.contract import ConfigError, PortError
from yggdrasil.contract.digest import digest_bytes

LIBRARY: Any = diffusers
ROOT = Path(__file__).resolve().parents[3]
DDIM = {"steps_offset": 1, "clip_sample": False}
CLEAN, NOISE = (torch.randn(2, 4, 4, 4, generator=torch.Generator().manual_seed(n)) for n in (1, 2))
TIMES = torch.tensor([3, 700])


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("name", ["DDIMScheduler", "EulerDiscreteScheduler", "DPMSolverMultistepScheduler"])
def test_a_schedule_of_discrete_times_teaches_what_the_ddpm_of_its_settings_does(name: Any, prediction: str) -> None:
    settings = {
        "prediction_type": prediction,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
    }
    schedule, theirs = NoiseSchedule(scheduler=name, settings=settings), LIBRARY.DDPMScheduler(**settings)
    made = schedule.run(clean=CLEAN, noise=NOISE, timestep=TIMES)
    wanted = {"epsilon": NOISE, "v_prediction": theirs.get_velocity(CLEAN, NOISE, TIMES), "sample": CLEAN}
    assert torch.equal(made["noised"], theirs.add_noise(CLEAN, NOISE, TIMES))
    assert torch.equal(made["target"], wanted[prediction])
    assert schedule.prediction == prediction and schedule.length == 1000


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_a_flow_noises_by_the_sigmas_that_its_solver_walks(shift: float) -> None:
    solver = SchedulerSolver(settings={"shift": shift})
    schedule = solver.noise_schedule
    walked = schedule.discretised(8, 16)
    for timestep, sigma in zip(walked.timesteps, walked.sigmas, strict=False):
        made = schedule.run(clean=CLEAN, noise=NOISE, timestep=timestep[None])
        torch.testing.assert_close(made["noised"], (1 - sigma) * CLEAN + sigma * NOISE)
        assert torch.equal(made["target"], NOISE - CLEAN)


def test_a_perfect_prediction_costs_nothing_and_brings_the_solver_back_to_the_clean_latent() -> None:
    solver = SchedulerSolver(scheduler="DDIMScheduler", settings={"clip_sample": False}, shape=(4, 4, 4))
    begun = solver.run(seed=3, steps=1)
    schedule: NoiseSchedule = solver.noise_schedule
    alpha, sigma = schedule.shares(begun["next_timestep"], begun["next_latent"])
    noise = (begun["next_latent"] - alpha * CLEAN[:1]) / sigma
    made = schedule.run(clean=CLEAN[:1], noise=noise, timestep=begun["next_timestep"])
    assert schedule.loss(made["target"], made["target"]).item() == 0
    ended = solver.run(
        latent=begun["next_latent"], timestep=begun["next_timestep"], pred=made["target"], schedule=begun["schedule"]
    )
    torch.testing.assert_close(ended["next_latent"], CLEAN[:1], atol=1e-3, rtol=1e-3)


def test_a_loss_that_is_not_finite_names_its_example() -> None:
    pred = NOISE.clone()
    pred[1, 0, 0, 0] = math.nan
    with pytest.raises(PortError, match="loss of example 2 of 2 is not finite"):
        NoiseSchedule().loss(pred, NOISE)


def test_a_schedule_that_cannot_teach_yet_says_so() -> None:
    with pytest.raises(ConfigError, match="EDMEulerScheduler cannot be learned from yet"):
        NoiseSchedule(scheduler="EDMEulerScheduler").run(clean=CLEAN, noise=NOISE, timestep=TIMES)


def lesson(painter: Any) -> ygg.Graph:
    """The same blocks, up to the prediction, at noise that the schedule of the painter's own solver made."""
    graph = ygg.Graph("lesson")
    kept = {n: b for n, b in painter.children().items() if b.role in ("Tokenizer", "Conditioner", "Backbone")}
    graph.add(painter["solver"].noise_schedule, "noise")
    for name, block in kept.items():
        graph.add(block, name)
    for edge in painter.structure()["edges"]:
        source, target = edge.split(" -> ")
        into = target.partition(".")[0]
        if into in kept and source.partition(".")[0] in {*kept, "self"}:
            graph.connect(source, target)
    graph.connect("noise.noised", "backbone.latent")
    for target in ("noise.timestep", "backbone.timestep"):
        graph.connect("self.timestep", target)
    for name in ("clean", "noise"):
        graph.connect(f"self.{name}", f"noise.{name}")
    graph.connect("backbone.pred", "self.pred")
    graph.connect("noise.target", "self.target")
    return graph


def learns(painter: Any, latent: torch.Tensor, **asked: Any) -> None:
    """Paint, learn a little through the same blocks, paint again: what learned is the painter's, at every place."""
    before = painter.run(seed=1, **asked).image.tobytes()
    noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(4))
    taught, schedule = lesson(painter), painter["solver"].noise_schedule
    parameters = list(ygg.unfreeze(painter, "backbone").values())
    step = torch.optim.AdamW(parameters, lr=1e-3)
    given = {**asked, "clean": latent, "noise": noise, "timestep": torch.tensor([400])}
    told = {name: value for name, value in given.items() if name in taught.inputs}
    losses: list[float] = []
    for _ in range(4):
        with ygg.learning():
            made = taught.run(**told)
        loss = schedule.loss(made["pred"], made["target"])
        step.zero_grad()
        loss.backward()
        step.step()
        losses.append(loss.item())
    reached = [p for p in parameters if p.grad is not None]
    assert len(reached) > 0.8 * len(parameters) and losses[-1] < losses[0]
    assert painter.run(seed=1, **asked).image.tobytes() != before


def test_a_painter_made_of_roles_runs_and_then_learns(tmp_path: Path) -> None:
    learns(of_roles(tmp_path), CLEAN[:1], prompt="a fox", steps=2)


def test_a_tiny_stable_diffusion_runs_and_then_learns(tmp_path: Path) -> None:
    graph = ygg.from_diffusers(saved(pipeline(**DDIM), tmp_path / "sd"))
    learns(graph, CLEAN[:1], prompt="a fox", negative_prompt="rain", steps=2)


FLUX_CLEAN = torch.randn(1, 4, 4, 16, generator=torch.Generator().manual_seed(1))
FLUX_SIZE = {"width": 16, "height": 16}


def of_roles(folder: Path) -> Any:
    from tests.blocks.diffusion.tiny import painter

    return painter(folder)


MADE: dict[str, tuple[Any, dict[str, Any]]] = {
    "painter": (of_roles, {"latent": CLEAN[:1]}),
    "stable diffusion": (lambda f: ygg.from_diffusers(saved(pipeline(**DDIM), f / "sd")), {"latent": CLEAN[:1]}),
    "flux": (lambda f: ygg.from_diffusers(saved(flux(), f / "flux")), {"latent": FLUX_CLEAN, **FLUX_SIZE}),
    "language model": (lambda f: model_of(tiny_files(f / "llm")), {}),
}


def shown(block: Any) -> str:
    """What the block makes of one fox, in a word."""
    if block.role == "LLM":
        return repr(block.choose("the fox", [" sleeps", " runs"])).replace(" ", "")
    size = FLUX_SIZE if "width" in block.inputs else {}
    return digest_bytes(block.run(prompt="a fox", steps=2, seed=1, **size).image.tobytes())


@pytest.mark.system
def test_base_and_trained_stand_side_by_side_in_one_process_and_in_a_new_one(tmp_path: Path) -> None:
    folders: list[Path] = []
    wanted: list[str] = []
    for name, (make, asked) in MADE.items():
        place = tmp_path / name
        place.mkdir()
        base, trained = ygg.save(make(place), place / "base"), place / "trained"
        one, other = ygg.load(base), ygg.load(base)
        first = shown(one)
        if asked:
            learns(one, prompt="a fox", steps=2, **asked)
            ygg.save(one, trained)
        else:
            answers(one, trained, 1e-2)
        folders += [base, trained]
        wanted += [first, shown(one)]
        assert [shown(block) for block in (other, ygg.load(base), ygg.load(trained))] == [first, first, wanted[-1]]
        assert first != wanted[-1]
    code = f"from {__name__} import shown, ygg; print(*(shown(ygg.load(f)) for f in {list(map(str, folders))}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == wanted


def test_a_tiny_flux_runs_and_then_learns(tmp_path: Path) -> None:
    graph = ygg.from_diffusers(saved(flux(), tmp_path / "flux"))
    learns(graph, FLUX_CLEAN, prompt="a fox", steps=2, **FLUX_SIZE)


@pytest.mark.models
def test_the_embedded_painter_runs_and_then_learns() -> None:
    painter: Any = ygg.load("painter")
    shape = painter["solver"].shape
    learns(painter, torch.randn(1, *shape, generator=torch.Generator().manual_seed(1)), prompt="a red fox", steps=2)


def answers(model: Any, folder: Path, rate: float) -> None:
    """Continue a text, learn it through the same block, continue again: the memory of the old weights is not used."""
    text = "the fox runs in the snow"
    asked = ("the fox", [" runs in the snow", " sleeps"])
    base = model.choose(*asked)
    parameters = ygg.unfreeze(model)
    ids = torch.tensor([model.decoder.vocabulary.encode(text)])
    step = torch.optim.AdamW(list(parameters.values()), lr=rate)
    for _ in range(3):
        with ygg.learning(), model.computing() as module:
            loss = module(input_ids=ids, labels=ids).loss
        step.zero_grad()
        loss.backward()
        step.step()
    after = model.choose(*asked)
    for value in parameters.values():
        value.requires_grad_(False)
    assert ygg.load(ygg.save(model, folder)).choose(*asked) == after  # pyright: ignore[reportAttributeAccessIssue]
    assert after[0] > base[0] and not any(p.grad is None for p in parameters.values())


def test_a_tiny_language_model_runs_and_then_learns(tmp_path: Path) -> None:
    files = tiny_files(tmp_path / "llm")
    answers(model_of(files), tmp_path / "learned", 1e-2)
    base, other = (model_of(files).choose("the fox", [" sleeps"]) for _ in range(2))
    assert base == other


@pytest.mark.system
@pytest.mark.models
def test_the_embedded_language_model_runs_and_then_learns(tmp_path: Path) -> None:
    from yggdrasil.contract.tree import walk

    teller = ygg.load("storyteller")
    answers(next(block for _, block in walk(teller) if block.type_name == "llm/transformers"), tmp_path, 1e-5)
