"""G2 (e) and sizes that are asked for: what the codec cannot divide is padded and cropped, or refused by name."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import BERT, UNET, VAE, seeded, tokenizer
from yggdrasil.blocks.backbone.unet import UNet
from yggdrasil.blocks.codec.vae import ImageDecoder, SamplingEncoder
from yggdrasil.blocks.conditioner.encoder import TextEncoder
from yggdrasil.blocks.patches import from_patches, to_patches
from yggdrasil.blocks.solver.picture import PictureSolver
from yggdrasil.contract import PortError, listening

EIGHT = {**VAE, "encoder_block_out_channels": [8] * 4, "decoder_block_out_channels": [8] * 4}
EIGHT |= {"num_encoder_blocks": [1] * 4, "num_decoder_blocks": [1] * 4}
"""An autoencoder whose latent's cell is 8 pixels."""


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Any:
    decoder = seeded(ImageDecoder(arch=EIGHT))
    sampler = SamplingEncoder(arch=EIGHT, family="AutoencoderTiny")
    sampler.module = decoder.module
    graph = ygg.Graph("sizes")
    parts = [seeded(TextEncoder(arch=BERT)), seeded(UNet(arch=UNET)), PictureSolver(scheduler="DDIMScheduler")]
    for block in (tokenizer(tmp_path_factory.mktemp("words")), *parts, sampler, decoder):
        graph.add(block)
    graph.defaults = {"steps": 2, "strength": 0.5}
    return graph


def test_g2_e_an_odd_picture_is_repainted_at_exactly_its_size(painter: Any) -> None:
    given = Image.linear_gradient("L").resize((427, 639)).convert("RGB")
    made = painter.run(prompt="a fox", image=given).image
    assert made.size == (427, 639)


def test_g2_d_a_transparent_picture_is_not_laid_on_white_in_silence(painter: Any, tmp_path: Path) -> None:
    given = Image.new("RGBA", (16, 16), (255, 0, 0, 128))
    with pytest.raises(PortError, match=r"sizes/codec: the picture has an alpha channel"):
        painter.run(prompt="a fox", image=given)
    painter["codec"].matte = "black"
    black = painter.run(prompt="a fox", image=given).image
    assert black.tobytes() == painter.run(prompt="a fox", image=Image.new("RGB", (16, 16), (128, 0, 0))).image.tobytes()
    painter["codec"].matte = None


def test_the_padding_repeats_the_edge(painter: Any) -> None:
    padded = painter["codec"]._padded(Image.linear_gradient("L").resize((9, 7)).convert("RGB"))
    pixels = numpy.asarray(padded)
    assert padded.size == (16, 8)
    assert (pixels[:7, 9:] == pixels[:7, 8:9]).all() and (pixels[7] == pixels[6]).all()


def test_a_size_is_asked_for_and_a_wrong_one_names_the_nearest(painter: Any) -> None:
    assert painter.run(prompt="a fox", width=24, height=40).image.size == (24, 40)
    assert painter.run(prompt="a fox", width=24).image.size == (24, 512)
    for given in ({}, {"image": Image.new("RGB", (16, 16))}):
        with pytest.raises(PortError, match=r"multiples of 8, 427x639 is not.*424x632 and 432x640"):
            painter.run(prompt="a fox", width=427, height=639, **given)
    for bad in (0, -8, 7, 16385, 12.5, "wide"):
        with pytest.raises(PortError, match=r"'width'.*>= 8 and <= 16384"):
            painter.run(prompt="a fox", width=bad)


def test_a_picture_is_resized_aloud_to_the_size_that_is_asked_for(painter: Any) -> None:
    events: list[Any] = []
    with listening(events.append):
        made = painter.run(prompt="a fox", image=Image.new("RGB", (10, 20)), width=16, height=32).image
    assert made.size == (16, 32)
    assert [e.data["text"] for e in events if e.kind == "note"] == ["the picture of 10×20 was resized to 16×32"]


def test_patches_and_back() -> None:
    latent = torch.randn(2, 3, 4, 6)
    patches = to_patches(latent, 2)
    assert patches.shape == (2, 2, 3, 12) and patches.is_contiguous()
    assert torch.equal(from_patches(patches, 2), latent)
    with pytest.raises(PortError, match=r"multiples of 16, 24x32 is not.*16x32 and 32x32"):
        PictureSolver(patch=2).run(width=24, height=32)
