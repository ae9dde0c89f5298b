"""Sizes that a codec can code, and latents as grids of patches and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from yggdrasil.contract import PortError, here

if TYPE_CHECKING:
    import torch

Side = Annotated[int, Field(ge=8, le=16384)]
"""Width or height of a picture in pixels."""


def legal_size(size: tuple[int, int], multiple: int) -> None:
    """Refuse a (width, height) that is not made of whole cells; the error names the nearest that are."""
    if any(side % multiple or side < multiple for side in size):
        near = [(max(s // multiple, 1) * multiple, -(-s // multiple) * multiple) for s in size]
        sizes = list(dict.fromkeys(f"{w}x{h}" for w, h in zip(*near, strict=True)))
        raise PortError(
            f"width and height must be multiples of {multiple}, {size[0]}x{size[1]} is not",
            where=here().path,
            mend=f"the nearest are {' and '.join(sizes)}",
        )


def to_patches(latent: torch.Tensor, patch: int) -> torch.Tensor:
    """(batch, channels, height, width) → (batch, height / patch, width / patch, channels · patch²), contiguous."""
    batch, channels, height, width = latent.shape
    cells = latent.reshape(batch, channels, height // patch, patch, width // patch, patch).permute(0, 2, 4, 1, 3, 5)
    return cells.reshape(batch, height // patch, width // patch, channels * patch * patch)


def from_patches(latent: torch.Tensor, patch: int) -> torch.Tensor:
    """The way back: (batch, rows, columns, channels · patch²) → (batch, channels, rows · patch, columns · patch)."""
    batch, rows, columns, depth = latent.shape
    channels = depth // (patch * patch)
    cells = latent.reshape(batch, rows, columns, channels, patch, patch).permute(0, 3, 1, 4, 2, 5)
    return cells.reshape(batch, channels, rows * patch, columns * patch)
