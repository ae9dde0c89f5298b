"""A tool's pictures become artifacts, each once, also those of a batch; what is read back keeps its transparency."""

from typing import Any, TypedDict

import pytest
from PIL import Image as Pictures

from yggdrasil.contract import ArtifactError, Block, here
from yggdrasil.contract.context import Here, standing
from yggdrasil.contract.tools import inward, outward
from yggdrasil.ports import Image, Images, Json


class Painted(TypedDict):
    image: Image
    images: Images
    seeds: Json


class Paint(Block):
    def forward(self, image: Image) -> Painted:
        return {"image": image, "images": [image], "seeds": [0]}


def test_pictures_of_a_batch_are_artifacts_each_once() -> None:
    red, blue = (Pictures.new("RGBA", (1, 1), colour) for colour in ((255, 0, 0, 9), (0, 0, 255, 255)))
    ports = Paint().outputs
    with standing(Here()):
        one = outward(ports, {"image": red, "images": [red], "seeds": [0]})
        two = outward(ports, {"image": red, "images": [red, blue], "seeds": [0, 1]})
        assert set(one) == {"image", "seeds"} and set(two) == {"images", "seeds"}
        assert two["images"][0]["sha256"] == one["image"]["sha256"]
        read: Any = inward(Paint().inputs, {"image": one["image"]})["image"]
        assert read.mode == "RGBA" and read.getpixel((0, 0)) == (255, 0, 0, 9)
        with pytest.raises(ArtifactError, match="is no picture"):
            inward(Paint().inputs, {"image": here().artifacts.put(b"text", "text/plain").sha256})
