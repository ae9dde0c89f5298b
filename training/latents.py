"""Scenes as the painter learns them: `python -m training.latents --shards 9` makes them ahead, shard by shard."""

import argparse
import json
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.places import TOOLS, kept
from training.scenes import PAINTER, example
from yggdrasil.plugins.draw.canvas import SIDE
from yggdrasil.plugins.draw.compose import Placed

SHARD = 4096
GRID = 16


class Shard(NamedTuple):
    """N scenes: latents (N, 8, GRID, GRID) float16, things' cells (N, GRID, GRID) bool, and which caption is whose.

    `texts` (captions, 20, 384) float16 holds each caption once, the empty one first; `caption` (N,) points into it.
    """

    latents: NDArray[np.float16]
    things: NDArray[np.bool_]
    texts: NDArray[np.float16]
    caption: NDArray[np.int64]


def shard(number: int, size: int = SHARD) -> Shard:
    """The scenes of the seeds number · size …, out of the cache where they were made before."""
    return kept(Shard, f"latents/{size}-{number:04}", lambda: _made(range(number * size, (number + 1) * size)))


def _made(seeds: range) -> Shard:
    from yggdrasil import load

    painter: Any = load(TOOLS / "painter")
    examples = [example(PAINTER, seed) for seed in seeds]
    told = list(dict.fromkeys(["", *(one.captions.english for one in examples)]))
    at = {text: number for number, text in enumerate(told)}
    return Shard(
        encode(painter, np.stack([np.asarray(one.composed.picture) for one in examples])),
        np.stack([cells(one.composed.things) for one in examples]),
        embed(painter, told),
        np.array([at[one.captions.english] for one in examples]),
    )


def encode(painter: Any, pictures: NDArray[np.uint8], batch: int = 64) -> NDArray[np.float16]:
    """Pictures (N, 64, 64, 3) as latents (N, 8, GRID, GRID), scaled as the painter's nodes scale them."""
    import torch

    coder = painter["encode"].module
    found = []
    with torch.inference_mode():
        for at in range(0, len(pictures), batch):
            pixels = torch.from_numpy(pictures[at : at + batch]).permute(0, 3, 1, 2).float() / 127.5 - 1
            found.append(coder.encode(pixels, return_dict=False)[0] * coder.config.scaling_factor)
    return torch.cat(found).half().numpy()


def embed(painter: Any, texts: list[str], batch: int = 64) -> NDArray[np.float16]:
    """Texts as the painter's conditioner hands them on, (N, window, width); long ones are cut, as they are there."""
    import torch

    with warnings.catch_warnings(action="ignore"):
        tokens = [painter["tokenizer"].run(text=text) for text in texts]
    encoder = painter["conditioner"].module
    found = []
    with torch.inference_mode():
        for at in range(0, len(texts), batch):
            some = tokens[at : at + batch]
            ids, mask = (torch.cat([t[name] for t in some]) for name in ("token_ids", "attention_mask"))
            found.append(encoder(input_ids=ids, attention_mask=mask).last_hidden_state)
    return torch.cat(found).half().numpy()


def cells(things: list[Placed]) -> NDArray[np.bool_]:
    """Which cells of the latent things stand on."""
    covered = np.zeros((GRID, GRID), bool)
    step = SIDE // GRID
    for one in things:
        top, left = max(0, one.top) // step, max(0, one.left) // step
        covered[top : -(-(one.top + one.height) // step), left : -(-(one.left + one.width) // step)] = True
    return covered


def main() -> None:
    """Make the shards that are not there yet."""
    told = argparse.ArgumentParser(description=main.__doc__)
    told.add_argument("--shards", type=int, default=9)
    told.add_argument("--first", type=int, default=0)
    asked = told.parse_args()
    for number in range(asked.first, asked.shards):
        made = shard(number)
        print(json.dumps({"shard": number, "scenes": len(made.latents), "captions": len(made.texts)}), flush=True)


if __name__ == "__main__":
    main()
