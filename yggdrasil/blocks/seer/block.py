"""The block that looks at a picture and says what is really on it."""

from typing import TYPE_CHECKING, TypedDict

from yggdrasil.blocks.seer.findings import Limits, Names, labels_of
from yggdrasil.blocks.seer.sentence import sentence
from yggdrasil.contract.pictures import as_rgb
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Image, Json, Text

if TYPE_CHECKING:
    from torch import Tensor, nn

PIXELS = 64
PLACES = (
    "meadow", "snow", "desert", "forest", "mountains", "sea", "beach", "city", "swamp", "volcanic",
    "cave", "dungeon", "room", "underwater", "space", "plain",
)  # fmt: skip
TIMES = ("day", "sunset", "night", "overcast", "none")
WEATHERS = ("none", "rain", "snowfall", "fog", "storm")


class Seen(TypedDict):
    text: Text
    labels: Json


class Seer(TorchBlock, type="seer/resnet", role="VLM"):
    """Say what a drawn picture really shows: its place, hour and weather, and which things stand where.

    `text` is one sentence, `labels` the same as data, each with its confidence. Only what is clear is named;
    the rest is called unclear. It knows drawings, not photographs. Behind what is transparent it sees `matte`.
    """

    things: tuple[str, ...]
    beside: tuple[str, ...] = ("nothing", "unclear")
    places: tuple[str, ...] = PLACES
    times: tuple[str, ...] = TIMES
    weathers: tuple[str, ...] = WEATHERS
    embedding_size: int = 32
    hidden_sizes: tuple[int, ...] = (48, 96, 192, 320)
    depths: tuple[int, ...] = (1, 2, 2, 1)
    head_size: int = 256
    resolution: int = 96
    thing_confidence: float = 0.88
    thing_margin: float = 0.5
    scene_confidence: float = 0.6
    presence: float = 0.5
    matte: str | None = "white"

    def build(self) -> "nn.Module":
        from yggdrasil.blocks.seer.network import SeerNetwork

        return SeerNetwork(
            (len(self.things) + len(self.beside), len(self.places), len(self.times), len(self.weathers)),
            embedding_size=self.embedding_size,
            hidden_sizes=self.hidden_sizes,
            depths=self.depths,
            head_size=self.head_size,
            resolution=self.resolution,
        )

    def forward(self, image: Image) -> Seen:
        import torch

        names = Names(self.things, self.places, self.times, self.weathers)
        limits = Limits(self.thing_confidence, self.thing_margin, self.scene_confidence, self.presence)
        with torch.inference_mode():
            labels = labels_of(self.module(self._pixels(image)), names, limits)
        return Seen(text=sentence(labels), labels=labels)

    def _pixels(self, image: Image) -> "Tensor":
        """The picture at the size that the network learned from, −1 … 1, shape (1, 3, PIXELS, PIXELS)."""
        import numpy as np
        import torch
        from PIL.Image import Resampling

        picture = as_rgb(image, self.matte, self.name)
        if picture.size != (PIXELS, PIXELS):
            picture = picture.resize((PIXELS, PIXELS), Resampling.BOX)
        pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None]
        return (pixels.float() / 127.5 - 1).to(self.device, self.torch_dtype)
