"""The block that makes a picture larger, tile by tile, so that a large one needs no more memory than a small one."""

from typing import TYPE_CHECKING, Annotated, TypedDict

from pydantic import Field

from yggdrasil.contract import PortError, here
from yggdrasil.contract.pictures import MAX_PIXELS, as_rgb
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Image, Images

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from torch import Tensor, nn


class Enlarged(TypedDict):
    image: Image
    images: Images


class Upscaler(TorchBlock, type="upscale/compact", role="Tool"):
    """Make a drawn picture `scale` times as wide and as high: edges become clean lines, nothing new is drawn.

    RGB, 8 bits a channel; behind what is transparent it sees `matte`. A batch goes to `images`, with its first picture
    as `image`, as painters give them; each is computed by itself. A picture is cut into squares of `tile` pixels, each
    with as much around it as the network can see, so that no seams show: beside the pictures, memory depends on `tile`
    alone. Raises PortError for a picture without pixels, or one that would become larger than any block reads.
    """

    features: Annotated[int, Field(ge=1)] = 64
    depth: Annotated[int, Field(ge=1)] = 16
    scale: Annotated[int, Field(ge=1, le=8)] = 4
    tile: Annotated[int, Field(ge=16)] = 128
    matte: str | None = None

    def build(self) -> "nn.Module":
        from yggdrasil.plugins.upscale.network import CompactNetwork

        return CompactNetwork(features=self.features, depth=self.depth, scale=self.scale)

    def identity(self) -> list[object]:
        return ["real-esrgan/compact", self.features, self.depth, self.scale]

    def forward(self, image: Image, images: Images | None = None) -> Enlarged:
        batch = [self._readable(one) for one in images or [image]]
        if images and self._readable(image).tobytes() != batch[0].tobytes():
            mend = "connect both outputs of one painter, or give `image` alone"
            raise PortError("`image` is not the first of `images`", where=here().path or self.name, mend=mend)
        tiles = [self._tiles(one.size) for one in batch]
        total, done = sum(len(boxes) for boxes in tiles), 0
        large: list[Picture] = []
        for one, boxes in zip(batch, tiles, strict=True):
            large.append(self._enlarged(one, boxes, done, total))
            done += len(boxes)
        here().progress(done, total, "tiles")
        return {"image": large[0], "images": large}

    def _readable(self, image: "Picture") -> "Picture":
        where = here().path or self.name
        most = MAX_PIXELS // self.scale**2
        if not 0 < image.width * image.height <= most:
            what = f"a picture of {image.width}×{image.height} cannot become {self.scale} times as large"
            raise PortError(what, where=where, mend=f"it may have from 1 to {most} pixels")
        return as_rgb(image, self.matte, where)

    def _tiles(self, size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
        """Left, top, right, bottom of each square, row by row."""
        width, height = size
        return [
            (x, y, min(x + self.tile, width), min(y + self.tile, height))
            for y in range(0, height, self.tile)
            for x in range(0, width, self.tile)
        ]

    def _enlarged(self, image: "Picture", boxes: list[tuple[int, int, int, int]], done: int, of: int) -> "Picture":
        import numpy as np
        import torch
        from PIL import Image as Pictures

        seen = self.depth + 2
        pixels = np.pad(np.asarray(image), ((seen, seen), (seen, seen), (0, 0)), mode="edge")
        large = Pictures.new("RGB", (image.width * self.scale, image.height * self.scale))
        for number, (left, top, right, bottom) in enumerate(boxes):
            here().progress(done + number, of, "tiles")
            window = pixels[top : bottom + 2 * seen, left : right + 2 * seen]
            with self.computing() as module:
                array = self._network(module, torch.from_numpy(window.copy()), seen * self.scale)
            large.paste(Pictures.fromarray(array.numpy(), "RGB"), (left * self.scale, top * self.scale))
        return large

    def _network(self, module: "nn.Module", window: "Tensor", margin: int) -> "Tensor":
        """uint8 (height, width, 3) → the same enlarged, without `margin` on each side."""
        import torch

        small = window.permute(2, 0, 1)[None].to(self.device, self.torch_dtype) / 255
        large = module(small)[0, :, margin:-margin, margin:-margin]
        return (large.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu()
