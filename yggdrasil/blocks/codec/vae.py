"""diffusers' autoencoders of pictures as Codec: a decoder and encoders that share one module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from yggdrasil.blocks.codec.autoencoder import Autoencoder, Family
from yggdrasil.blocks.patches import Side, from_patches, legal_size
from yggdrasil.blocks.solver.starting_noise import Count, Seed, generators_of, seeds_of
from yggdrasil.contract import here
from yggdrasil.contract.finite import NotFinite, told
from yggdrasil.contract.pictures import as_rgb
from yggdrasil.ports import Image, Images, Json, Latent

if TYPE_CHECKING:
    import torch


class Decoded(TypedDict):
    image: Image
    images: Images


class Coded(TypedDict):
    latent: Latent | None
    size: Json


class ImageDecoder(Autoencoder, type="codec/vae", role="Codec"):
    """Decode latents of shape (batch, channels, h, w) into RGB pictures; `image` is the first of `images`.

    With a `patch` over 1 the latents are (batch, rows, columns, channels · patch²). A `size` (width, height) in
    pixels is what is kept of each picture, from its left upper corner.
    """

    pure: ClassVar[bool] = True
    patch: int = 1

    def forward(self, latent: Latent, size: Json = None) -> Decoded:
        import torch
        from PIL import Image as Pictures

        with self.computing() as network:
            coder: Any = network
            factor, shift = self._scaling(coder)
            whole = from_patches(latent, self.patch) if self.patch > 1 else latent
            scaled = whole.to(self.device, self.torch_dtype) / factor
            pixels = coder.decode(scaled + shift if shift else scaled, return_dict=False)[0]
            fine: list[bool] = pixels.isfinite().flatten(1).all(1).tolist()
            array = ((pixels.float() * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu()
        if size is not None:
            array = array[:, : size[1], : size[0]]
        images = [Pictures.fromarray(one.contiguous().numpy(), "RGB") for one in array]
        if not all(fine):
            raise _unseen(images, fine, latent)
        return {"image": images[0], "images": images}


def _unseen(images: list[Any], fine: list[bool], latent: torch.Tensor) -> NotFinite:
    """The error for pictures of which NaN would have made black ones, with the others."""
    kept = [image if good else None for image, good in zip(images, fine, strict=True)]
    spoiled = not latent.isfinite().all()
    before = "the latent was so before: give the backbone the dtype float32, or take less guidance or another seed"
    mend = before if spoiled else "the codec overflowed: give it the dtype float32"
    first = next((image for image in kept if image is not None), None)
    return NotFinite(told("image", fine), {"image": first, "images": kept}, where=here().path, mend=mend)


class _PictureEncoder(Autoencoder):
    """Where a picture becomes a latent, and what is seen behind a transparent one."""

    matte: str | None = None

    def _latent(self, image: Any, generators: list[torch.Generator]) -> torch.Tensor:
        """The latent: drawn by each generator where the family codes a distribution, its mode without generators.

        The picture lies in memory as diffusers lays it, by pixels: elsewhere kernels give other last bits.
        """
        import numpy as np
        import torch

        array = torch.from_numpy((np.array(image).astype(np.float32) / 255.0)[None]).permute(0, 3, 1, 2)
        with self.computing() as network:
            coder: Any = network
            factor, shift = self._scaling(coder)
            pixels = (array * 2.0 - 1.0).to(self.device, self.torch_dtype)
            coded = coder.encode(pixels, return_dict=False)[0]
            if self.family == "AutoencoderKL":
                drawn = [coded.sample(generator) for generator in generators]
                coded = torch.cat(drawn) if drawn else coded.mode()
            coded = coded.float()
            return (coded - shift) * factor if shift else coded * factor


class Encoder(_PictureEncoder, type="codec/vae_encoder", role="Codec"):
    """Encode an RGB picture into a latent of shape (1, channels, h, w); without a picture there is no latent.

    A picture of another size than `size` (width and height in pixels) is resized to it (Lanczos), and says so.
    A picture with transparency needs a `matte`: the colour that is seen behind it, a name or #rrggbb.
    """

    pure: ClassVar[bool] = True
    size: int = 64

    def forward(self, image: Image | None = None) -> Coded:
        if image is None:
            return {"latent": None, "size": None}
        whole = resized(as_rgb(image, self.matte, here().path), (self.size, self.size))
        return {"latent": self._latent(whole, []), "size": None}


class SamplingEncoder(_PictureEncoder, type="codec/vae_sampler", role="Codec"):
    """Encode an RGB picture of any size into latents of shape (count, channels, h, w); without one there are none.

    An AutoencoderKL codes a distribution: image k of a batch is what the generator of its seed (`seed` + k) draws
    first, on the CPU. A picture whose sides are no multiples of `multiple` is padded by its last rows and columns,
    and `size` tells the decoder what to keep; asked for a `width` or `height`, it is resized to that, and says so.
    A picture with transparency needs a `matte`: the colour that is seen behind it, a name or #rrggbb.
    """

    pure: ClassVar[bool] = True
    only_with: ClassVar[Mapping[str, str]] = {"width": "image", "height": "image"}
    family: Family = "AutoencoderKL"
    multiple: int = 8

    def forward(
        self,
        image: Image | None = None,
        seed: Seed = 0,
        count: Count = 1,
        width: Side | None = None,
        height: Side | None = None,
    ) -> Coded:
        if image is None:
            return {"latent": None, "size": None}
        whole = as_rgb(image, self.matte, here().path)
        if width or height:
            asked = (width or whole.width, height or whole.height)
            legal_size(asked, self.multiple)
            whole = resized(whole, asked)
        padded = self._padded(whole)
        size = None if padded is whole else list(whole.size)
        return {"latent": self._latent(padded, generators_of(seeds_of(seed, count))), "size": size}

    def _padded(self, image: Any) -> Any:
        import numpy as np
        from PIL import Image as Pictures

        right, below = -image.width % self.multiple, -image.height % self.multiple
        if not right and not below:
            return image
        return Pictures.fromarray(np.pad(np.asarray(image), ((0, below), (0, right), (0, 0)), mode="edge"))


def resized(image: Any, size: tuple[int, int]) -> Any:
    """The picture at a size (Lanczos); a change of size is told."""
    from PIL import Image as Pictures

    if image.size == size:
        return image
    here().note(f"the picture of {image.size[0]}×{image.size[1]} was resized to {size[0]}×{size[1]}")
    return image.resize(size, Pictures.Resampling.LANCZOS)
