"""Drawings from a folder of SVG files, each checked against the folder's index and rasterised once."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

from yggdrasil.contract import MissingFile
from yggdrasil.contract.side_files import read_index, side_file
from yggdrasil.plugins.draw.svg import rasterised

RASTER = 192


class Drawings:
    """The drawings beside an `index.json` of {name: {file, sha256, set}}."""

    def __init__(self, index: Path) -> None:
        self.index = index
        self._entries = read_index(index)

    def names(self) -> list[str]:
        return list(self._entries)

    def sprite(self, name: str) -> Image.Image:
        """The drawing as RGBA without its empty margins. Raises MissingFile or ConfigError."""
        if name not in self._entries:
            raise MissingFile(f"there is no drawing {name!r}", where=str(self.index), mend="add it to the index")
        entry = self._entries[name]
        return _raster(self.index, entry.file, entry.sha256)


@lru_cache(maxsize=8)
def open_drawings(index: Path) -> Drawings:
    return Drawings(index)


@lru_cache(maxsize=512)
def _raster(index: Path, name: str, sha256: str) -> Image.Image:
    data = side_file(index, name, sha256)
    png = rasterised(data, RASTER, str(index.parent / name))
    drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    return drawn.crop(drawn.getchannel("A").getbbox())
