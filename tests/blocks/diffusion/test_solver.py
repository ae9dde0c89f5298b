"""The solver takes exactly the steps of the scheduler it wraps, and counts what it asks the backbone for."""

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch

import yggdrasil as ygg
from yggdrasil.blocks.guidance.cfg import ClassifierFree
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.contract import Block, ConfigError, PortError, listening
from yggdrasil.ports import Embedding, Latent, Pred, Timestep

pytestmark = [  # diffusers hands tensors to numpy in the old way
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning"),
]
SHAPE = (2, 4, 4)


class Stub(Block, role="Backbone"):
    """2 where the condition is 1, 1 where it is 0; counts samples, and joins calls as the networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.samples: list[int] = []

    def forward(self, latent: Latent, timestep: Timestep, condition: Embedding) -> Pred:
        self.samples.append(latent.shape[0])
        return torch.ones_like(latent) + condition.mean(dim=(1, 2))[:, None, None, None]

    def joined(self, calls: list[dict[str, Any]]) -> dict[str, Any]:
        both = {port: torch.cat([call[port] for call in calls]) for port in ("latent", "condition")}
        return {**calls[0], **both}

    def parted(self, outputs: dict[str, Any], count: int) -> list[dict[str, Any]]:
        return [{"pred": part} for part in outputs["pred"].chunk(count)]


class Seen(SchedulerSolver):
    """Remembers the predictions that it was given."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.preds: list[Any] = []

    def _step(self, course: Any, latent: Any, timestep: Any, pred: Any) -> Any:
        self.preds.append(pred)
        return super()._step(course, latent, timestep, pred)


class Model(Block, role="Backbone"):
    """A smooth function of latent and time, in place of a network."""

    calls = 0

    def forward(self, latent: Latent, timestep: Timestep) -> Pred:
        Model.calls += 1
        return predict(latent, timestep)


def predict(latent: Any, timestep: Any) -> Any:
    return torch.tanh(latent) * 0.3 + float(timestep) * 1e-4


class ReturnNoise(Block, role="Backbone"):
    """Says always the noise that the seed gives."""

    def forward(self, latent: Latent, timestep: Timestep) -> Pred:
        return torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(7))


def denoise(solver: SchedulerSolver, backbone: Block, **inputs: Any) -> tuple[Any, int, list[int]]:
    """The latent, the number of predictions and the totals told; all three agree with the result's steps_run."""
    graph = ygg.Graph("d").add(solver).add(backbone)
    events = []
    with listening(events.append):
        out = graph.run(**inputs)
    progress = [e for e in events if e.kind == "progress"]
    assert out.steps_run == len(progress)
    return out.latent, len(progress), [e.data["of"] for e in progress]


def plain(name: str, steps: int, seed: int) -> Any:
    """diffusers' own loop, as its pipelines write it."""
    scheduler = getattr(diffusers, name)()
    if name == "FlowMatchEulerDiscreteScheduler":
        scheduler.set_timesteps(sigmas=[1 - i / steps for i in range(steps)])
    else:
        scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(seed)
    latent = torch.randn(1, *SHAPE, generator=generator) * getattr(scheduler, "init_noise_sigma", 1.0)
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latent, timestep) if hasattr(scheduler, "scale_model_input") else latent
        extra = {"generator": generator} if "Ancestral" in name or name == "DDPMScheduler" else {}
        latent = scheduler.step(predict(scaled, timestep), timestep, latent, return_dict=False, **extra)[0]
    return latent


@pytest.mark.parametrize(
    "name",
    [
        "DDIMScheduler", "DPMSolverMultistepScheduler", "EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "DDPMScheduler", "UniPCMultistepScheduler",
    ],
)  # fmt: skip
def test_equal_to_diffusers_own_loop_bit_for_bit(name: Any) -> None:
    solver = SchedulerSolver(scheduler=name, shape=SHAPE)
    latent, _, _ = denoise(solver, Model(), steps=6, seed=11)
    assert torch.equal(latent, plain(name, 6, 11))
    assert torch.equal(denoise(solver, Model(), steps=6, seed=11)[0], latent), "nothing is left over from the first run"


@pytest.mark.parametrize(("steps", "strength", "taken"), [(20, 0.8, 16), (10, 1.0, 10), (100, 0.29, 29), (20, 0.6, 12)])
def test_s1_image_to_image_takes_so_many_steps(steps: int, strength: float, taken: int) -> None:
    solver = SchedulerSolver(scheduler="DDIMScheduler", shape=SHAPE)
    image = torch.zeros(1, *SHAPE)
    before = Model.calls
    _, calls, totals = denoise(solver, Model(), image_latent=image, steps=steps, strength=strength)
    assert calls == taken and totals == [taken] * taken
    assert Model.calls - before == taken


@pytest.mark.parametrize(("steps", "strength", "taken"), [(5, 0.5, 3), (5, 0.6, 3), (12, 0.07, 1), (100, 0.29, 29)])
def test_s1_a_family_may_round_up(steps: int, strength: float, taken: int) -> None:
    solver = SchedulerSolver(shape=SHAPE, rounding="up")
    assert denoise(solver, Model(), image_latent=torch.zeros(1, *SHAPE), steps=steps, strength=strength)[1] == taken


def test_s1_too_little_strength_names_the_least() -> None:
    solver = SchedulerSolver(scheduler="DDIMScheduler", shape=SHAPE)
    with pytest.raises(ConfigError) as caught:
        denoise(solver, Model(), image_latent=torch.zeros(1, *SHAPE), steps=12, strength=0.07)
    for part in ("steps=12", "strength=0.07", "0.0833"):
        assert part in str(caught.value)
    least = 0.0834
    assert denoise(solver, Model(), image_latent=torch.zeros(1, *SHAPE), steps=12, strength=least)[1] == 1


@pytest.mark.parametrize("name", ["HeunDiscreteScheduler", "KDPM2DiscreteScheduler"])
@pytest.mark.parametrize(("steps", "strength"), [(30, 0.5), (31, 0.5), (20, 0.8)])
def test_s1_a_second_order_solver_starts_at_the_first_half_of_a_pair(name: Any, steps: int, strength: float) -> None:
    solver = SchedulerSolver(scheduler=name, shape=SHAPE)
    image = torch.linspace(-1, 1, 32).reshape(1, *SHAPE)
    latent, _, _ = denoise(solver, ReturnNoise(), image_latent=image, steps=steps, strength=strength, seed=7)
    assert torch.allclose(latent, image, atol=1e-3)


@pytest.mark.parametrize(("scale", "combined", "samples"), [(0.0, 1.0, 6), (1.0, 2.0, 3), (7.5, 8.5, 6)])
def test_s3_guidance_combines_and_pays_for_what_it_uses(scale: float, combined: float, samples: int) -> None:
    stub, seen = Stub(), Seen(scheduler="DDIMScheduler", shape=SHAPE)
    graph = ygg.Graph("g").add(stub).add(ClassifierFree()).add(seen)
    given = {"condition": torch.ones(3, 2, 2), "negative": torch.zeros(3, 2, 2)}
    graph.run(**given, guidance_scale=scale, count=3, steps=2)
    assert [torch.equal(p, torch.full_like(p, combined)) for p in seen.preds] == [True, True]
    assert stub.samples == [samples, samples]


def test_s3_a_unet_that_was_taught_its_guidance_is_never_doubled() -> None:
    from tests.blocks.diffusion.tiny import UNET, seeded
    from yggdrasil.blocks.backbone.unet import UNet, scale_embedding

    library: Any = diffusers
    pipeline = library.StableDiffusionPipeline
    for width in (8, 9):
        given = torch.tensor([6.5])
        wanted = pipeline.get_guidance_scale_embedding(None, given, embedding_dim=width)
        assert torch.equal(scale_embedding(6.5, width), wanted)
    unet = seeded(UNet(arch={**UNET, "time_cond_proj_dim": 8}))
    sizes: list[int] = []
    unet.module.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[0]))
    given = {"latent": torch.ones(3, 4, 8, 8), "timestep": torch.tensor(5.0), "condition": torch.ones(1, 2, 16)}
    made = [unet.run(**given, scale=scale) for scale in (0.0, 1.0, 7.5)]
    assert sizes == [3, 3, 3]
    assert len({out.pred.numpy().tobytes() for out in made}) == 3, "each scale is told to the network"
    graph = ygg.Graph("g").add(unet).add(ClassifierFree()).add(SchedulerSolver(scheduler="DDIMScheduler"))
    assert {"guidance_scale"} <= set(graph.inputs) and not graph.net.again
    assert "scale" not in UNet(arch=UNET).inputs, "who was not taught it does not ask for it"


def test_s3_flux_is_told_its_guidance_and_never_doubled() -> None:
    from tests.blocks.diffusion.tiny import seeded
    from tests.store.tiny_flux import flux
    from yggdrasil.blocks.backbone.flux import Flux

    for taught, kinds in ((True, 3), (False, 1)):
        config = {k: v for k, v in flux(taught=taught).transformer.config.items() if not k.startswith("_")}
        backbone = seeded(Flux(arch=config))
        sizes: list[int] = []
        backbone.module.register_forward_pre_hook(
            lambda _, args, kwargs, sizes=sizes: sizes.append(kwargs["hidden_states"].shape[0]), with_kwargs=True
        )
        given = {"latent": torch.ones(3, 2, 3, 16), "condition": torch.ones(1, 4, 24), "pooled": torch.ones(1, 16)}
        made = [backbone.run(**given, timestep=torch.tensor(500.0), scale=s).pred for s in (0.0, 1.0, 7.5)]
        assert sizes == [3, 3, 3] and made[0].shape == (3, 2, 3, 16)
        assert len({pred.numpy().tobytes() for pred in made}) == kinds


def test_s3_the_unet_pays_the_same() -> None:
    from tests.blocks.diffusion.tiny import UNET, seeded
    from yggdrasil.blocks.backbone.unet import UNet

    unet = seeded(UNet(arch=UNET))
    sizes: list[int] = []
    unet.module.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[0]))
    solver = SchedulerSolver(scheduler="DDIMScheduler", shape=(4, 8, 8))
    graph = ygg.Graph("g").add(unet).add(ClassifierFree()).add(solver)
    given = {"condition": torch.ones(3, 2, 16), "negative": torch.zeros(3, 2, 16), "count": 3, "steps": 1}
    for scale in (0.0, 1.0, 7.5):
        graph.run(**given, guidance_scale=scale)
    assert sizes == [6, 3, 6]


def test_settings_out_of_range_are_told() -> None:
    solver = SchedulerSolver(scheduler="DDIMScheduler", shape=SHAPE)
    bad: dict[str, Any]
    for bad in ({"steps": 0}, {"steps": 1001}, {"strength": 0.0}, {"strength": 1.1}, {"count": 0}, {"count": 257}):
        with pytest.raises(PortError, match=next(iter(bad))):
            solver.run(**bad)
    with pytest.raises(ConfigError, match=r"'scheduler'.*Input should be.*did you mean.*'DDIMScheduler'"):
        SchedulerSolver(scheduler="DdimScheduler")  # type: ignore[arg-type]
    standing = SchedulerSolver()
    with pytest.raises(ConfigError, match=r"did you mean 'EulerDiscreteScheduler'"):
        standing.scheduler = "EulerDiscretScheduler"  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("timestep_spacin", "did you mean 'timestep_spacing'"), ("nonsense", "inputs of the run"),
        ("timesteps", "inputs of the run"), ("custom_timesteps", "inputs of the run"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["DDIMScheduler", "PNDMScheduler"])
def test_n29_a_setting_that_no_scheduler_has_is_refused(name: Any, setting: str, told: str) -> None:
    solver = SchedulerSolver(scheduler=name, shape=SHAPE, settings={setting: [3, 2, 1]})
    with pytest.raises(ConfigError, match=rf"no scheduler has a setting '{setting}'.*{told}"):
        solver.run()


@pytest.mark.parametrize(
    ("name", "setting", "told"),
    [
        ("DDIMScheduler", "skip_prk_steps", "PNDMScheduler has it"),
        ("EulerDiscreteScheduler", "use_karras_sigma", "did you mean 'use_karras_sigmas'"),
        ("PNDMScheduler", "clip_sample_range", "DDIMScheduler has it"),
        ("FlowMatchEulerDiscreteScheduler", "solver_order", "DPMSolverMultistepScheduler has it"),
    ],
)
def test_n29_a_setting_that_only_another_scheduler_has_is_refused(name: Any, setting: str, told: str) -> None:
    solver = SchedulerSolver(scheduler=name, shape=SHAPE, settings={setting: 1})
    with pytest.raises(ConfigError, match=rf"has (no|a) .*setting '{setting}'.*{told}"):
        solver.run()


def test_n29_a_setting_of_another_scheduler_follows_a_pipelines_config() -> None:
    foreign = SchedulerSolver(
        scheduler="DDIMScheduler", shape=SHAPE, settings={"skip_prk_steps": True, "_class_name": "PNDMScheduler"}
    )
    plain_ = SchedulerSolver(scheduler="DDIMScheduler", shape=SHAPE)
    assert torch.equal(denoise(foreign, Model(), steps=2)[0], denoise(plain_, Model(), steps=2)[0])


@pytest.mark.parametrize("setting", ["clip", "skip_prk_steps"])
def test_n29_what_was_saved_with_such_a_setting_still_loads(tmp_path: Path, setting: str) -> None:
    folder = ygg.save(SchedulerSolver(scheduler="DDIMScheduler", shape=SHAPE, settings={setting: 1}), tmp_path / "s")
    path = folder / "manifest.yaml"
    path.write_text(path.read_text().replace("format: 3", "format: 1"))
    loaded: Any = ygg.load(folder)
    assert loaded.settings == {} and loaded.run(seed=1).next_latent.shape == (1, *SHAPE)


CLEAN = torch.rand(1, *SHAPE, generator=torch.Generator().manual_seed(3)) * 1.8 - 0.9
TRUE_NOISE = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(7))
STEPPING = [("DDIMScheduler", {}), ("PNDMScheduler", {"skip_prk_steps": True})]


def missed(solver: SchedulerSolver, steps: int, strength: float) -> tuple[float, list[str]]:
    """How far from the clean latent a run ends that begins at it noised, told always the noise that was mixed in; the
    notes of the run."""
    notes: list[str] = []
    with listening(lambda event: notes.append(event.data["text"]), kinds=["note"]):
        step: Any = solver.run(image_latent=CLEAN, seed=7, steps=steps, strength=strength)
        while step.next_timestep is not None:
            step = solver.run(
                latent=step.next_latent, timestep=step.next_timestep, pred=TRUE_NOISE, schedule=step.schedule
            )
    return float((step.next_latent - CLEAN).abs().max()), notes


@pytest.mark.parametrize("strength", [1.0, 0.6])
@pytest.mark.parametrize("steps", [2, 7, 10])
@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing"])
@pytest.mark.parametrize(("name", "more"), STEPPING)
def test_n29_on_its_own_times_a_scheduler_finds_the_clean_image(
    name: Any, more: dict[str, Any], spacing: str, steps: int, strength: float
) -> None:
    settings = {"timestep_spacing": spacing, **more}
    solver = SchedulerSolver(scheduler=name, shape=SHAPE, settings=settings, own_times=True)
    far, notes = missed(solver, steps, strength)
    assert far < 1e-4 and notes == []


@pytest.mark.parametrize(
    ("spacing", "steps", "strays"),
    [("linspace", 10, True), ("trailing", 7, True), ("trailing", 10, False), ("leading", 7, False)],
)
@pytest.mark.parametrize(("name", "more"), STEPPING)
def test_n29_a_scheduler_that_leaves_its_own_times_says_so_once(
    name: Any, more: dict[str, Any], spacing: str, steps: int, strays: bool
) -> None:
    settings = {"timestep_spacing": spacing, **more}
    far, notes = missed(SchedulerSolver(scheduler=name, shape=SHAPE, settings=settings), steps, 1.0)
    assert (far > 0.03) is strays
    assert [("own_times" in note, repr(spacing) in note) for note in notes] == [(True, True)] * strays


def test_n29_steps_of_runge_and_kutta_have_no_times_of_their_own() -> None:
    solver = SchedulerSolver(scheduler="PNDMScheduler", shape=SHAPE, own_times=True)
    with pytest.raises(ConfigError, match=r"Runge-Kutta.*skip_prk_steps"):
        solver.run(steps=10)


@pytest.mark.parametrize("name", ["DDIMScheduler", "PNDMScheduler"])
def test_n29_own_times_of_what_keeps_them_anyway_change_nothing(name: Any) -> None:
    settings = {"timestep_spacing": "leading", "set_alpha_to_one": True}
    settings |= {"skip_prk_steps": True} if name == "PNDMScheduler" else {}
    one, other = (
        denoise(SchedulerSolver(scheduler=name, shape=SHAPE, settings=settings, own_times=own), Model(), steps=5)
        for own in (False, True)
    )
    assert torch.equal(one[0], other[0]) and one[1:] == other[1:]
