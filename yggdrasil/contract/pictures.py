"""Pictures of every mode, as every block reads them: upright, 8 bits a channel, transparency never lost in silence."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.errors import ArtifactError, ConfigError, PortError, YggError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 64 << 20
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""Decoders that strangers' bytes may reach; the others that Pillow has are rarely read by anybody."""


def read_picture(data: bytes, where: str = "") -> Image:
    """The picture in `data`: RGB, or RGBA where a pixel of it is not opaque; turned as its EXIF tag says.

    Raises ArtifactError if it is none, or has over 64 megapixels.
    """
    return upright(open_picture(data, where), where)


def open_picture(data: bytes, where: str = "") -> Image:
    """The picture in `data` as it is written there. Raises ArtifactError if it is none, or too large."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise ArtifactError("has more than 64 megapixels", where=where, mend="make it smaller")
        image.load()
        image.getexif()
        return image.copy() if getattr(image, "is_animated", False) else image
    except YggError:
        raise
    except Exception as error:  # a decoder may fail in any way on broken bytes; what it says may tell of memory
        mend = "give a PNG, JPEG or WebP"
        raise ArtifactError(f"is no picture ({type(error).__name__})", where=where, mend=mend) from None


def upright(image: Image, where: str = "") -> Image:
    """The picture in RGB, or in RGBA where a pixel is not opaque, turned as its EXIF tag says (the tag is taken off).

    Grey of 16 bits keeps its range: 32768 of 65535 becomes 128 of 255. Raises PortError for values without a range.
    """
    from PIL import ImageOps

    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith(("I", "F")):
        turned = _eight_bits(turned, where)
    if turned.has_transparency_data:
        clear = turned.convert("RGBA")
        lowest: Any = clear.getchannel("A").getextrema()
        return clear if lowest[0] < 255 else clear.convert("RGB")
    return turned if turned.mode == "RGB" else turned.convert("RGB")


def as_rgb(image: Image, matte: str | None, where: str = "") -> Image:
    """The picture upright in RGB, its transparency laid over the colour `matte` (a name, or #rrggbb).

    Raises PortError for a picture with alpha where no matte is declared, ConfigError for a matte that is no colour.
    """
    from PIL import Image as Pictures

    whole = upright(image, where)
    if whole.mode == "RGB":
        return whole
    if matte is None:
        mend = "declare what lies behind it: matte='black', 'white' or '#rrggbb' in the block's settings"
        raise PortError("the picture has an alpha channel, and nothing says what is behind it", where=where, mend=mend)
    return Pictures.alpha_composite(Pictures.new("RGBA", whole.size, _colour(matte, where)), whole).convert("RGB")


def _colour(matte: str, where: str) -> tuple[int, ...]:
    from PIL import ImageColor

    try:
        return (*ImageColor.getrgb(matte)[:3], 255)
    except ValueError:
        raise ConfigError(f"matte {matte!r} is no colour", where=where, mend="use a name or #rrggbb") from None


def _eight_bits(image: Image, where: str) -> Image:
    """Grey of 16 bits at the range of 8."""
    import numpy
    from PIL import Image as Pictures

    values: Any = numpy.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        mend = "give 8 or 16 bits a channel"
        raise PortError(f"the picture's values (mode {image.mode}) have no known range", where=where, mend=mend)
    return Pictures.fromarray((values / 257).round().astype(numpy.uint8))
