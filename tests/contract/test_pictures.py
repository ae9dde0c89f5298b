"""G2: pictures of every mode are read as they are: transparency, turn, range."""

from __future__ import annotations

import io
from typing import Any

import numpy
import pytest
from PIL import Image

from yggdrasil.contract import ArtifactError, ConfigError, PortError
from yggdrasil.contract.pictures import as_rgb, read_picture, upright


def stored(image: Any, kind: str = "PNG", **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def pixel(image: Any, x: int = 0) -> Any:
    return image.getpixel((x, 0))


def test_g2_a_an_indexed_picture_keeps_its_transparency() -> None:
    indexed = Image.new("P", (2, 1))
    indexed.putpalette([255, 0, 0, 0, 0, 255])
    indexed.putdata([0, 1])
    read = read_picture(stored(indexed, transparency=b"\x00\xff"))
    assert read.mode == "RGBA" and [pixel(read, x)[3] for x in (0, 1)] == [0, 255]
    assert pixel(read, 1)[:3] == (0, 0, 255)


def test_g2_b_a_photo_stands_upright_once() -> None:
    photo = Image.new("RGB", (40, 20))
    photo.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6
    read = read_picture(stored(photo, "JPEG", exif=exif, quality=100))
    assert read.size == (20, 40) and read.mode == "RGB"
    again = read_picture(stored(read, "JPEG", quality=100))
    assert again.size == (20, 40) and 0x0112 not in again.getexif()
    assert read_picture(stored(again)).size == (20, 40)


def test_g2_c_grey_of_16_bits_keeps_its_range() -> None:
    grey = Image.fromarray(numpy.full((3, 4), 32768, dtype=numpy.uint16))
    read = read_picture(stored(grey))
    values = numpy.asarray(read) / 255
    assert read.mode == "RGB" and values.shape == (3, 4, 3)
    assert numpy.abs(values - 0.5).max() <= 1 / 255


def test_g2_d_transparency_needs_a_matte() -> None:
    half = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
    red = pixel(as_rgb(read_picture(stored(half)), "black"))
    assert abs(red[0] - 128) <= 1 and red[1:] == (0, 0)
    over_white = pixel(as_rgb(half, "#ffffff"))
    assert over_white[0] == 255 and abs(over_white[1] - 127) <= 1
    with pytest.raises(PortError, match=r"alpha.*matte='black'"):
        as_rgb(half, None)
    with pytest.raises(ConfigError, match="'blak' is no colour"):
        as_rgb(half, "blak")
    assert as_rgb(Image.new("RGBA", (1, 1), (1, 2, 3, 255)), None).getpixel((0, 0)) == (1, 2, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "P", "I", "I;16"])
def test_every_mode_becomes_rgb_or_rgba(mode: str) -> None:
    assert upright(Image.new(mode, (2, 3))).mode in ("RGB", "RGBA")


def test_what_is_no_picture_or_has_no_range_is_told() -> None:
    with pytest.raises(ArtifactError, match="is no picture"):
        read_picture(b"no picture")
    with pytest.raises(PortError, match=r"mode F.*no known range"):
        upright(Image.new("F", (1, 1)))
    with pytest.raises(PortError, match=r"mode I.*no known range"):
        upright(Image.new("I", (1, 1), 70000))
