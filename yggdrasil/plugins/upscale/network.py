"""Real-ESRGAN's compact network (SRVGGNetCompact): convolutions at the small size, one pixel shuffle at the end."""

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class CompactNetwork(nn.Module):
    """RGB in 0 … 1, shape (batch, 3, height, width) → (batch, 3, scale · height, scale · width), not clamped.

    It learns what is added to the nearest-neighbour enlargement. Tensors are named as Real-ESRGAN names them.
    """

    def __init__(self, *, features: int, depth: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = []
        for channels in (3, *[features] * depth):
            layers += [nn.Conv2d(channels, features, 3, padding=1), nn.PReLU(features)]
        self.body = nn.Sequential(*layers, nn.Conv2d(features, 3 * scale * scale, 3, padding=1))

    def forward(self, pixels: "Tensor") -> "Tensor":
        return F.pixel_shuffle(self.body(pixels), self.scale) + F.interpolate(pixels, scale_factor=float(self.scale))
