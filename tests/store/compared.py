"""What is compared with diffusers to the last bit, and the page of the documents that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.store.tiny_flux import BENT, SHIFTED, WINDOW, flux
from tests.store.tiny_pipeline import pipeline, saved
from tests.store.tiny_sound import sound

GUIDANCE = (1.0, 7.5)
BATCHES = (1, 3)
PROMPT, NEGATIVE, SEED, STEPS = "A fox in SNOW, not a castle", "rain", 5, 3
PICTURE = Pictures.linear_gradient("L").resize((16, 24)).convert("RGB")
OFFSET = {"steps_offset": 1}
NOISE: list[tuple[str, dict[str, Any]]] = [
    ("DDIMScheduler", {**OFFSET, "clip_sample": False}),
    ("EulerDiscreteScheduler", {**OFFSET, "prediction_type": "v_prediction"}),
    ("DPMSolverMultistepScheduler", OFFSET),
    ("DPMSolverSinglestepScheduler", {"lower_order_final": True}),
    ("EulerAncestralDiscreteScheduler", OFFSET),
    ("PNDMScheduler", {**OFFSET, "skip_prk_steps": True}),
    ("DDPMScheduler", {**OFFSET, "clip_sample": False}),
    ("HeunDiscreteScheduler", OFFSET),
    ("KDPM2DiscreteScheduler", OFFSET),
    ("LMSDiscreteScheduler", OFFSET),
    ("UniPCMultistepScheduler", OFFSET),
    ("DEISMultistepScheduler", OFFSET),
]
FLOWS: list[tuple[str, dict[str, Any]]] = [
    ("FlowMatchEulerDiscreteScheduler", SHIFTED),
    ("DPMSolverMultistepScheduler", BENT),
    ("DPMSolverSinglestepScheduler", {**BENT, "lower_order_final": True}),
    ("UniPCMultistepScheduler", BENT),
    ("DEISMultistepScheduler", BENT),
]
SOUNDS: list[tuple[str, dict[str, Any]]] = [
    ("EDMDPMSolverMultistepScheduler", {}),
    ("EDMEulerScheduler", {}),
    ("DPMSolverMultistepScheduler", {"prediction_type": "v_prediction"}),
    ("EulerDiscreteScheduler", {}),
]


@dataclass(frozen=True)
class Way:
    """A family and what it makes of what: the pipeline of diffusers, how it is called, how ours is, its solvers."""

    family: str
    mode: str
    make: Callable[..., Any]
    theirs: Callable[[Any, float, int], list[bytes]]
    ours: Callable[[Any, float, int], list[bytes]]
    solvers: tuple[str, ...]


def seeds(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(SEED + number) for number in range(count)]


def pictures(images: list[Any]) -> list[bytes]:
    return [image.tobytes() for image in images]


def repainter(make: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The pipeline of image→image, of the parts that the plain one has."""

    def made(scheduler: str, **settings: Any) -> Any:
        import diffusers

        plain = make(scheduler, **settings)
        extra = {"requires_safety_checker": False} if "safety_checker" in plain.components else {}
        pipe = getattr(diffusers, name)(**plain.components, **extra)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return made


def paint(pipe: Any, scale: float, count: int) -> list[bytes]:
    asked = {"negative_prompt": NEGATIVE, "guidance_scale": scale, "num_inference_steps": STEPS}
    return pictures(pipe(PROMPT, num_images_per_prompt=count, generator=seeds(count), **asked).images)


def repaint(pipe: Any, scale: float, count: int) -> list[bytes]:
    asked = {"negative_prompt": NEGATIVE, "guidance_scale": scale, "num_inference_steps": 5, "strength": 0.6}
    made = pipe(PROMPT, image=PICTURE, num_images_per_prompt=count, generator=seeds(count), **asked)
    return pictures(made.images)


def paint_flux(pipe: Any, scale: float, count: int) -> list[bytes]:
    asked = {"guidance_scale": scale, "num_inference_steps": STEPS, "width": 16, "height": 24}
    made = pipe(PROMPT, num_images_per_prompt=count, generator=seeds(count), max_sequence_length=WINDOW, **asked)
    return pictures(made.images)


def repaint_flux(pipe: Any, scale: float, count: int) -> list[bytes]:
    asked: dict[str, Any] = {"guidance_scale": scale, "num_inference_steps": 5, "width": 16, "height": 24}
    asked |= {"strength": 0.5, "max_sequence_length": WINDOW, "num_images_per_prompt": count}
    return pictures(pipe(PROMPT, image=[PICTURE] * count, generator=seeds(count), **asked).images)


def hear(pipe: Any, scale: float, count: int) -> list[bytes]:
    asked = {"negative_prompt": NEGATIVE, "guidance_scale": scale, "num_inference_steps": STEPS, "output_type": "np"}
    asked |= {"audio_start_in_s": 0.25, "audio_end_in_s": 1.5}
    made = pipe(PROMPT, num_waveforms_per_prompt=count, generator=seeds(count), **asked)
    return [one.tobytes() for one in made.audios]


def ours(**asked: Any) -> Callable[[Any, float, int], list[bytes]]:
    def run(graph: Any, scale: float, count: int) -> list[bytes]:
        out = graph.run(prompt=PROMPT, guidance_scale=scale, seed=SEED, count=count, **{"steps": STEPS, **asked})
        assert out.seeds == [SEED + number for number in range(count)]
        return pictures(out.images) if "images" in out else [one.samples.tobytes() for one in out.audios]

    return run


NEGATED = {"negative_prompt": NEGATIVE}
SIZE = {"width": 16, "height": 24}
SPAN = {"start_seconds": 0.25, "end_seconds": 1.5}
SETTINGS = {"Stable Diffusion": dict(NOISE), "Flux": dict(FLOWS), "Stable Audio": dict(SOUNDS)}
WAYS: tuple[Way, ...] = (
    Way("Stable Diffusion", "текст → картина", pipeline, paint, ours(**NEGATED), tuple(n for n, _ in NOISE)),
    Way(
        "Stable Diffusion",
        "картина → картина",
        repainter(pipeline, "StableDiffusionImg2ImgPipeline"),
        repaint,
        ours(**NEGATED, steps=5, strength=0.6, image=PICTURE),
        tuple(n for n, _ in NOISE),
    ),
    Way("Flux", "текст → картина", flux, paint_flux, ours(**SIZE), tuple(n for n, _ in FLOWS)),
    Way(
        "Flux",
        "картина → картина",
        repainter(flux, "FluxImg2ImgPipeline"),
        repaint_flux,
        ours(steps=5, strength=0.5, image=PICTURE),
        ("FlowMatchEulerDiscreteScheduler",),
    ),
    Way("Stable Audio", "текст → звук", sound, hear, ours(**NEGATED, **SPAN), tuple(n for n, _ in SOUNDS)),
)
CASES = [(way, solver) for way in WAYS for solver in way.solvers]


@cache
def differing(way: Way, solver: str) -> tuple[str, ...]:
    """Compare one solver of a way: in memory and after save → load, by guidance and batch; what differs, in words."""
    found: list[str] = []
    with TemporaryDirectory() as folder:
        pipe = way.make(solver, **SETTINGS[way.family][solver])
        graph = ygg.from_diffusers(saved(pipe, Path(folder) / "pipeline"))
        loaded = ygg.load(ygg.save(graph, Path(folder) / "saved"))
        for scale in GUIDANCE:
            for count in BATCHES:
                wanted = way.theirs(pipe, scale, count)
                assert len(set(wanted)) == count, "the images of a batch differ"
                for name, one in (("taken apart", graph), ("saved and loaded", loaded)):
                    if way.ours(one, scale, count) != wanted:
                        found.append(f"{name}, guidance {scale}, batch {count}")
    return tuple(found)


def page() -> str:
    """The page: a row for each family, way and solver that was compared."""
    scales, counts = (" и ".join(f"{n:g}" for n in numbers) for numbers in (GUIDANCE, BATCHES))
    rows = [
        f"| {way.family} | {way.mode} | {solver.removesuffix('Scheduler')} | {scales} | {counts} | "
        f"{'байт в байт' if not differing(way, solver) else 'РАЗНОЕ'} |"
        for way, solver in CASES
    ]
    return "\n".join([_HEAD, *rows, "", _FOOT, ""])


_HEAD = f"""# Что сравнено с diffusers

Эту страницу пишет `tests/store/test_compared.py`: каждая строка — прогоны пайплайна diffusers и нашего графа на
крошечных случайных моделях (CPU, float32, {STEPS}–5 шагов); сравниваются байты картин и отсчёты звука.
Наш граф сравнён дважды: сразу после `ygg.from_diffusers` и после `ygg.save` → `ygg.load`. В пачке у каждого образа
свой генератор: семя, семя + 1, …

| семья | что из чего | решатель | сила указания | пачка | итог |
|---|---|---|---|---|---|"""
_FOOT = """Сила указания Flux — вложение, пачка не удваивается. Пайплайн Flux принимает FlowMatchEuler и те решатели,
что умеют потоки (`use_flow_sigmas`, `flow_prediction`, `use_dynamic_shifting`): DPMSolverMultistep,
DPMSolverSinglestep, UniPC, DEIS; из картины — только FlowMatchEuler. Пачке из картины пайплайн Flux получает список
картин: одной картине он дал бы один шум кодека на всю пачку.

Где мы нарочно поступаем иначе: при силе указания 0 и между 0 и 1 мы считаем указание по формуле, diffusers его
выключает; доля шагов считается точно (100 шагов при силе 0.29 — 29, у diffusers 28); картина со сторонами не кратными
шагу кодека дополняется и обрезается до своего размера, diffusers молча уменьшает её; `stochastic_sampling` решателя
FlowMatchEuler у нас рисует шум из семени образа, пайплайн Flux — из общего генератора."""
