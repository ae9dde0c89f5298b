"""The upscaler gives clean large pictures, the same bytes each time, without seams, and refuses what it would spoil."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

import yggdrasil as ygg
from yggdrasil.contract import Cancelled, FileRef, MissingFile, PortError
from yggdrasil.contract.digest import digest_file
from yggdrasil.plugins.upscale.block import Upscaler
from yggdrasil.plugins.upscale.network import CompactNetwork

WEIGHTS = Path(__file__).parents[3] / "tools" / "upscaler" / "weights" / "model.safetensors"


def upscaler(**settings: Any) -> Upscaler:
    block = Upscaler(**settings)
    block.files["weights"] = FileRef(digest_file(WEIGHTS), WEIGHTS)
    return block


def tiny(**settings: Any) -> Upscaler:
    """A network of two layers that doubles, with weights drawn here."""
    block = Upscaler(features=4, depth=1, scale=2, **settings)
    torch.manual_seed(3)
    block.module = CompactNetwork(features=4, depth=1, scale=2)
    return block


def drawn(width: int = 48, height: int = 48, scale: int = 1) -> Image.Image:
    """A yellow disc with a dark bar on blue, `scale` times as large, drawn sixteen times larger and averaged."""
    fine = 16 * scale
    image = Image.new("RGB", (width * fine, height * fine), (40, 90, 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8 * fine, 6 * fine, 36 * fine, 34 * fine), fill=(250, 200, 40))
    draw.line((4 * fine, 44 * fine, 44 * fine, 20 * fine), fill=(30, 20, 20), width=3 * fine)
    return image.reduce(16)


def far(one: Image.Image, other: Image.Image) -> NDArray[Any]:
    return np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int))


def test_a_painted_picture_comes_nearer_to_what_was_meant_than_by_resizing() -> None:
    soft = np.asarray(drawn().filter(ImageFilter.GaussianBlur(1)))
    rough = (soft + np.random.default_rng(0).normal(0, 6, soft.shape)).clip(0, 255).round().astype(np.uint8)
    small, meant = Image.fromarray(rough), drawn(scale=4)
    large = upscaler().run(image=small).image
    assert large.size == (192, 192) and large.mode == "RGB"
    assert far(large, meant).mean() < 0.7 * far(small.resize(large.size, Image.Resampling.LANCZOS), meant).mean()


def test_the_same_picture_gives_the_same_bytes() -> None:
    first = upscaler().run(image=drawn()).image
    assert upscaler().run(image=drawn()).image.tobytes() == first.tobytes()


def test_no_tile_shows() -> None:
    picture = drawn(70, 41)
    whole, cut = upscaler(tile=128).run(image=picture).image, upscaler(tile=16).run(image=picture).image
    assert cut.size == (280, 164)
    assert far(whole, cut).max() <= 1


def test_the_network_computes_what_its_formula_says() -> None:
    block, picture = tiny(), drawn(20, 12)
    pixels = torch.from_numpy(np.pad(np.asarray(picture), ((3, 3), (3, 3), (0, 0)), mode="edge").copy())
    layers: Any = block.module.body
    first, slope, middle, bend, last = layers
    x = pixels.permute(2, 0, 1)[None] / 255
    y = last(torch.nn.functional.prelu(middle(torch.nn.functional.prelu(first(x), slope.weight)), bend.weight))
    shuffled = y.reshape(1, 3, 2, 2, *y.shape[-2:]).permute(0, 1, 4, 2, 5, 3).reshape(1, 3, 36, 52)
    wanted = (shuffled + x.repeat_interleave(2, 2).repeat_interleave(2, 3)).clamp(0, 1)[0, :, 6:-6, 6:-6]
    found = torch.from_numpy(np.asarray(block.run(image=picture).image).copy()).permute(2, 0, 1) / 255
    assert (found - wanted).abs().max() <= 0.51 / 255


def test_a_batch_is_its_pictures_one_by_one() -> None:
    block, pictures = tiny(), [drawn(20, 12), drawn(9, 30)]
    out = block.run(image=pictures[0], images=pictures)
    assert [one.size for one in out.images] == [(40, 24), (18, 60)]
    assert [one.tobytes() for one in out.images] == [block.run(image=one).image.tobytes() for one in pictures]
    assert out.image.tobytes() == out.images[0].tobytes()
    with pytest.raises(PortError, match="not the first"):
        block.run(image=pictures[1], images=pictures)


def test_it_saves_whole(tmp_path: Path) -> None:
    block = tiny(tile=16)
    ygg.save(block, tmp_path / "up", standalone=True)
    again = ygg.load(tmp_path / "up")
    assert again.config() == {"features": 4, "depth": 1, "scale": 2, "tile": 16}
    assert again.run(image=drawn()).image.tobytes() == block.run(image=drawn()).image.tobytes()


def test_transparency_is_refused_until_it_is_said_what_lies_behind() -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    with pytest.raises(PortError, match="alpha"):
        tiny().run(image=clear)
    assert tiny(matte="white").run(image=clear).image.tobytes() == tiny().run(
        image=Image.new("RGB", (8, 8), "white")
    ).image.tobytes()  # fmt: skip


@pytest.mark.parametrize("size", [(0, 8), (2049, 2048)])
def test_a_picture_that_cannot_be_enlarged_is_refused_before_anything_is_computed(size: tuple[int, int]) -> None:
    with pytest.raises(PortError, match="from 1 to 4194304 pixels"):
        Upscaler().run(image=Image.new("RGB", size))


def test_missing_weights_are_said() -> None:
    with pytest.raises(MissingFile, match="'weights' of 'upscale/compact'"):
        Upscaler().run(image=drawn())


def test_a_closed_stream_stops_between_tiles() -> None:
    block, ran, met, go = tiny(tile=16), [], threading.Event(), threading.Event()

    def gate(*_: object) -> None:
        ran.append(1)
        met.set()
        go.wait(5)

    block.module.register_forward_pre_hook(gate)
    stream = block.stream(image=drawn(64, 64))
    assert met.wait(5)
    threading.Timer(0.05, go.set).start()
    stream.close()
    with pytest.raises(Cancelled):
        _ = stream.outputs
    assert len(ran) == 1, "of sixteen tiles"


def test_every_tile_is_told() -> None:
    stream = tiny(tile=16).stream(image=drawn(40, 20))
    assert [(e.data["done"], e.data["of"]) for e in stream if e.kind == "progress"] == [(n, 6) for n in range(7)]
