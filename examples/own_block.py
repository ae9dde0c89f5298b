"""A block of one's own with weights: a package declares it in one line; it is checked, trained in place, saved, loaded.

    python examples/own_block.py

In the package's pyproject.toml: [project.entry-points."yggdrasil.blocks"] with "mine/tone" = "my_package:Tone".
"""

from typing import Any

import numpy as np
import torch
from PIL import Image as Pictures
from torch import nn

import yggdrasil as ygg
from yggdrasil.ports import Image
from yggdrasil.testing import check_block


class Tone(ygg.TorchBlock, type="mine/tone", role="Tool"):
    """Move the colours of a picture by a learned matrix."""

    def build(self) -> nn.Module:
        layer = nn.Linear(3, 3)
        nn.init.eye_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    def forward(self, image: Image) -> Image:
        pixels = torch.tensor(np.asarray(image.convert("RGB")), dtype=torch.float32) / 255
        with self.computing() as module:
            toned = module(pixels).clamp(0, 1)
        return Pictures.fromarray((toned.detach().numpy() * 255).astype(np.uint8))


def main() -> None:
    grey = Pictures.new("RGB", (8, 8), (100, 100, 100))
    tone = Tone()
    tone.module = tone.build()
    step: Any = torch.optim.SGD(ygg.unfreeze(tone).values(), lr=0.5)
    for _ in range(100):
        step.zero_grad()
        loss = (tone.module(torch.full((1, 3), 0.4)) - torch.tensor([[0.6, 0.4, 0.2]])).square().mean()
        torch.autograd.backward(loss)
        step.step()
    print("learned:", tone.run(image=grey).image.getpixel((0, 0)))
    ygg.save(tone, "./tone")
    assert ygg.load("./tone").run(image=grey).image.tobytes() == tone.run(image=grey).image.tobytes()
    print(check_block(tone, {"image": grey}))


if __name__ == "__main__":
    main()
