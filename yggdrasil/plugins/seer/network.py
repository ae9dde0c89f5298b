"""The seer's network: a ResNet with a map of what stands where and one head for place, time and weather."""

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from yggdrasil.contract.libraries import IMPORTING

with IMPORTING:
    from transformers import ResNetBackbone, ResNetConfig

if TYPE_CHECKING:
    from torch import Tensor


class Logits(NamedTuple):
    """`what`: (batch, things and then "nothing", "unclear", rows, columns); the rest: (batch, classes)."""

    what: "Tensor"
    place: "Tensor"
    time: "Tensor"
    weather: "Tensor"


class SeerNetwork(nn.Module):
    """Pixels in −1 … 1, shape (batch, 3, height, width) → Logits."""

    def __init__(
        self,
        classes: tuple[int, int, int, int],
        *,
        embedding_size: int,
        hidden_sizes: tuple[int, ...],
        depths: tuple[int, ...],
        head_size: int,
        resolution: int,
    ) -> None:
        super().__init__()
        what, *scene = classes
        self.resolution = resolution
        self.scene = scene
        config = {
            "embedding_size": embedding_size,
            "hidden_sizes": list(hidden_sizes),
            "depths": list(depths),
            "layer_type": "basic",
            "out_features": ["stage2", "stage3", "stage4"],
        }
        self.backbone = ResNetBackbone(ResNetConfig.from_dict(config))
        features = sum(hidden_sizes[1:])
        self.what = nn.Sequential(
            nn.Conv2d(features, head_size, 1),
            nn.GroupNorm(16, head_size),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Conv2d(head_size, what, 1),
        )
        self.where = nn.Linear(features, sum(scene))

    def forward(self, pixels: "Tensor") -> Logits:
        sized = F.interpolate(pixels, size=(self.resolution, self.resolution), mode="bilinear", align_corners=False)
        fine, middle, coarse = self.backbone(sized).feature_maps[-3:]
        grid = fine.shape[-2:]
        joined = torch.cat([fine, *(F.interpolate(one, size=grid, mode="bilinear") for one in (middle, coarse))], 1)
        pooled = torch.cat([f.mean((2, 3)) for f in (fine, middle, coarse)], 1)
        place, time, weather = self.where(pooled).split(self.scene, 1)
        return Logits(self.what(joined), place, time, weather)
