"""G2: pictures of every mode are read as they are: transparency, turn, range."""

from __future__ import annotations

import io
from typing import Any

import numpy
import pytest
from PIL import Image

from yggdrasil.contract import ArtifactError, ConfigError, PortError, values
from yggdrasil.contract.clips import VideoClip
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
    shares = numpy.asarray(read) / 255
    assert read.mode == "RGB" and shares.shape == (3, 4, 3)
    assert numpy.abs(shares - 0.5).max() <= 1 / 255


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


def _told(mode: str, **info: Any) -> Any:
    image = Image.effect_noise((4, 3), 60).convert(mode)
    image.info.update(info)
    return image


def _turned() -> Any:
    exif = Image.Exif()
    exif[0x0112] = 6
    return _told("RGB", exif=exif.tobytes())


@pytest.mark.parametrize(
    "image",
    [_told("P"), _told("P", transparency=b"\0" * 128), _told("P", transparency=3), _told("L", transparency=7),
     _told("RGB", dpi=(72, 72), text="привет", n=3), _told("RGB", icc_profile=b"abc"), _turned(),
     _told("L", exif=b"Exif\0\0II*\0")],
)  # fmt: skip
def test_the_digest_is_of_what_is_kept_pixels_and_mode(image: Any) -> None:
    data, media_type = values.encode(image)
    assert values.digest(values.decode(data, media_type)) == values.digest(image) == values.digest(values.copied(image))
    bare = image.copy()
    bare.info = {name: bare.info[name] for name in ("transparency", "exif") if name in bare.info}
    assert values.digest(bare) == values.digest(image)
    film = VideoClip([image, image], 5)
    assert values.digest(values.decode(*values.encode(film))) == values.digest(film)


def test_a_picture_that_was_taken_on_its_side_is_kept_upright() -> None:
    assert values.decode(*values.encode(_turned())).size == (3, 4)


def test_a_picture_without_pixels_is_refused() -> None:
    for image in (Image.new("RGB", (0, 4)), VideoClip([Image.new("L", (4, 0))], 5)):
        with pytest.raises(ArtifactError, match=r"0×4 pixels|1 frames"):
            values.encode(image)
