"""The block that looks at a picture and says what is really on it."""

from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from yggdrasil.contract.pictures import as_rgb
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.plugins import scenery
from yggdrasil.plugins.seer.findings import Found, Names, Thresholds, doubts, labels_of, standing
from yggdrasil.plugins.seer.sentence import sentence
from yggdrasil.ports import Image, Json, Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from yggdrasil.plugins.seer.network import Logits

PIXELS = 64
WINDOW = 0.45
"""The share of a picture's side that a second look sees."""
PLACES = (*scenery.GROUNDS, scenery.PLAIN)
TIMES = (*scenery.HOURS, "none")
WEATHERS = tuple(scenery.WEATHERS)


class SeerOutputs(TypedDict):
    text: Text
    labels: Json


class Seer(TorchBlock, type="seer/resnet", role="VLM"):
    """Say what a drawn picture really shows: its place, hour and weather, and which things stand where.

    `text` is one sentence, `labels` the same as data, each with its confidence. Only what is clear is named; the
    rest is called unclear, after up to `second_looks` at what is small. It knows drawings, not photographs.
    Behind what is transparent it sees `matte`.
    """

    pure: ClassVar[bool] = True
    things: tuple[str, ...]
    beside: tuple[str, ...] = ("nothing", "unclear")
    places: tuple[str, ...] = PLACES
    times: tuple[str, ...] = TIMES
    weathers: tuple[str, ...] = WEATHERS
    embedding_size: int = 32
    hidden_sizes: tuple[int, ...] = (48, 96, 192, 320)
    depths: tuple[int, ...] = (1, 2, 2, 1)
    head_size: int = 256
    resolution: int = 64
    thing_confidence: float = 0.95
    thing_margin: float = 0.5
    scene_confidence: float = 0.6
    presence: float = 0.5
    second_looks: int = 3
    matte: str | None = "white"

    def build(self) -> "nn.Module":
        from yggdrasil.plugins.seer.network import SeerNetwork

        return SeerNetwork(
            (len(self.things) + len(self.beside), len(self.places), len(self.times), len(self.weathers)),
            embedding_size=self.embedding_size,
            hidden_sizes=self.hidden_sizes,
            depths=self.depths,
            head_size=self.head_size,
            resolution=self.resolution,
        )

    def forward(self, image: Image) -> SeerOutputs:
        names = Names(self.things, self.places, self.times, self.weathers)
        limits = Thresholds(self.thing_confidence, self.thing_margin, self.scene_confidence, self.presence)
        picture = as_rgb(image, self.matte, self.name)
        with self.computing() as module:
            first = self.looked(module, self._pixels(picture))
            labels = labels_of(first, names, limits, self._closer(module, picture, first.what[0].softmax(0), limits))
        return SeerOutputs(text=sentence(labels), labels=labels)

    def looked(self, module: "nn.Module", pixels: "Tensor") -> "Logits":
        """What pictures (N, 3, height, width) in −1 … 1 show, as sure as they and their mirror images are on average.

        What only looks like something by chance seldom does both ways.
        """
        import torch

        from yggdrasil.plugins.seer.network import Logits

        both = module(torch.cat([pixels, pixels.flip(3)]))
        (what, mirrored), *scene = (one.log_softmax(1).chunk(2) for one in both)
        return Logits(torch.logaddexp(what, mirrored.flip(3)), *(torch.logaddexp(*pair) for pair in scene))

    def _closer(self, module: "nn.Module", picture: Any, chances: "Tensor", limits: Thresholds) -> list[Found]:
        """What a look at twice the size finds where something small stood unnamed; names of the first look stay."""
        count = len(self.things)
        known = {one.index for one in standing(chances, count, limits)}
        found: list[Found] = []
        for x, y in doubts(chances, count, limits, self.second_looks):
            left, top = (min(max(middle - WINDOW / 2, 0), 1 - WINDOW) for middle in (x, y))
            box = (left, top, left + WINDOW, top + WINDOW)
            window = picture.crop(tuple(round(share * side) for share, side in zip(box, picture.size * 2, strict=True)))
            seen = standing(self.looked(module, self._pixels(window)).what[0].softmax(0), count, limits)
            for one in sorted(seen, key=lambda thing: -thing.confidence):
                across, down = left + one.x * WINDOW, top + one.y * WINDOW
                if one.index not in known and max(abs(across - x), abs(down - y)) <= WINDOW / 4:
                    known.add(one.index)
                    found.append(Found(one.index, one.confidence, across, down))
                    break
        return found

    def _pixels(self, picture: Any) -> "Tensor":
        """The picture at the size that the network learned from, −1 … 1, shape (1, 3, PIXELS, PIXELS)."""
        import numpy as np
        import torch
        from PIL.Image import Resampling

        if picture.size != (PIXELS, PIXELS):
            smaller = min(picture.size) > PIXELS
            picture = picture.resize((PIXELS, PIXELS), Resampling.BOX if smaller else Resampling.BILINEAR)
        pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None]
        return (pixels.float() / 127.5 - 1).to(self.device, self.torch_dtype)
