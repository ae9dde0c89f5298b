"""Painting and loading beside diffusers: the same random weights, steps, seed and threads, the same bytes."""

from __future__ import annotations

import copy
import ctypes
import gc
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pairs import Row, main, timed, turns
from tests.store import tiny_flux, tiny_pipeline
from yggdrasil import from_diffusers

STEPS = 20
ASKED: dict[str, Any] = {"prompt": "a fox in snow", "negative_prompt": "rain", "guidance_scale": 7.5}
DISTILLED: dict[str, Any] = {"prompt": "a fox in snow", "guidance_scale": 3.5, "width": 16, "height": 24}
FAMILIES: dict[str, tuple[Callable[[], Any], dict[str, Any], dict[str, Any]]] = {
    "sd": (tiny_pipeline.pipeline, ASKED, {}),
    "flux": (tiny_flux.flux, DISTILLED, {"max_sequence_length": tiny_flux.WINDOW}),
}
"""Family → its tiny pipeline of diffusers, what both are asked, and what its folder tells us but not the pipeline."""


def middle_sized() -> Any:
    """Stable Diffusion with a random UNet of 18 million parameters, so that the arithmetic is what costs."""
    import diffusers
    import torch

    library: Any = diffusers
    pipe = tiny_pipeline.pipeline()
    torch.manual_seed(4)
    pipe.unet = library.UNet2DConditionModel(
        sample_size=32, in_channels=4, out_channels=4, block_out_channels=(64, 128, 256), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16, attention_head_dim=8, norm_num_groups=8,
    ).eval()  # fmt: skip
    return pipe


def both(
    pipe: Any, folder: str, steps: int, asked: dict[str, Any] = ASKED, told: dict[str, Any] | None = None
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Ours and theirs over the same saved pipeline, checked to paint the same bytes."""
    import torch

    graph = from_diffusers(tiny_pipeline.saved(pipe, Path(folder) / "pipe"))
    graph.cache = None

    def ours() -> Any:
        return graph.run(**asked, seed=5, steps=steps).image

    def theirs() -> Any:
        return pipe(
            **asked, **(told or {}), num_inference_steps=steps, generator=torch.Generator().manual_seed(5)
        ).images[0]

    assert ours().tobytes() == theirs().tobytes()
    return ours, theirs


def painted(
    name: str,
    make: Callable[[], Any],
    asked: dict[str, Any] = ASKED,
    told: dict[str, Any] | None = None,
    steps: int = STEPS,
) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        yield Row(name, timed(*both(make(), folder, steps, asked, told)), 1.0)


def peak(work: Callable[[], Any]) -> float:
    """MiB that one call takes at its highest, in a process of its own where a first call has touched the weights."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            work()
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)
            Path("/proc/self/clear_refs").write_text("5")
            before = _status("VmRSS")
            work()
            os.write(writer, str(_status("VmHWM") - before).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reader, 64)
    os.close(reader)
    os.close(writer)
    return int(told) / 1024


def _status(key: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
    return int(line.split()[1])


def memory() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        ours, theirs = both(middle_sized(), folder, 2)
        yield Row("unet-memory", turns(lambda: peak(ours), lambda: peak(theirs)), 1.0, "MiB")


def as_pipeline(graph: Any, folder: Path) -> Path:
    """The shelf's painter as a folder of diffusers: the same weights in the same dtypes, under the libraries' names."""
    import diffusers
    import torch
    import transformers

    library: Any = diffusers
    words: Any = transformers
    tokenizer = words.PreTrainedTokenizerFast(tokenizer_file=str(graph["tokenizer"].file("tokenizer")))
    pipe = library.StableDiffusionPipeline(
        vae=copy.deepcopy(graph["decode"].module).to(torch.bfloat16), text_encoder=graph["conditioner"].module,
        tokenizer=tokenizer, unet=copy.deepcopy(graph["backbone"].module).to(torch.bfloat16),
        scheduler=library.FlowMatchEulerDiscreteScheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder


def loading() -> Iterator[Row]:
    """The shelf's painter to a graph whose every module holds its weights, beside `from_pretrained` of the same."""
    import diffusers
    import torch

    from yggdrasil import load
    from yggdrasil.contract.torch_block import TorchBlock
    from yggdrasil.contract.tree import walk

    library: Any = diffusers

    with TemporaryDirectory() as name:
        folder = as_pipeline(load("painter"), Path(name) / "painter")

        def ours() -> Any:
            graph = load("painter")
            return graph, [block.worn_module() for _, block in walk(graph) if isinstance(block, TorchBlock)]

        def theirs() -> Any:
            return library.StableDiffusionPipeline.from_pretrained(
                folder, dtype=torch.float32, safety_checker=None, requires_safety_checker=False
            )

        yield Row("load-painter", timed(ours, theirs), 0.7)


def rows() -> dict[str, Callable[[], Iterator[Row]]]:
    import functools

    tiny = {f"tiny-{name}": functools.partial(painted, f"tiny-{name}", *family) for name, family in FAMILIES.items()}
    middle = {"unet": functools.partial(painted, "unet", middle_sized, steps=5), "memory": memory}
    return {**tiny, **middle, "loading": loading}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(rows())
