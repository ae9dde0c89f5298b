"""Drawings from a folder of SVG files, each checked against the folder's index and rasterised once."""

import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path

from PIL import Image

from yggdrasil.contract import ConfigError, MissingFile

RASTER = 192


class Drawings:
    """The drawings beside an `index.json` of {name: {file, sha256, set}}."""

    def __init__(self, index: Path) -> None:
        self.index = index
        self._entries: dict[str, dict[str, str]] = json.loads(index.read_text("utf-8"))

    def names(self) -> list[str]:
        return list(self._entries)

    def sprite(self, name: str) -> Image.Image:
        """The drawing as RGBA without its empty margins. Raises MissingFile or ConfigError."""
        if name not in self._entries:
            raise MissingFile(f"there is no drawing {name!r}", where=str(self.index), mend="add it to the index")
        entry = self._entries[name]
        return _raster(self.index.parent / entry["file"], entry["sha256"])


@lru_cache(maxsize=8)
def open_drawings(index: Path) -> Drawings:
    return Drawings(index)


@lru_cache(maxsize=512)
def _raster(path: Path, sha256: str) -> Image.Image:
    import resvg_py

    if not path.exists():
        raise MissingFile(f"the drawing {path.name} is not here", where=str(path.parent), mend="restore the folder")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ConfigError(
            f"the drawing {path.name} is not the one that the index names",
            where=str(path),
            mend="restore the file, or write its new sha256 into index.json",
        )
    png = bytes(resvg_py.svg_to_bytes(svg_string=data.decode("utf-8"), width=RASTER, height=RASTER))
    drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    return drawn.crop(drawn.getchannel("A").getbbox())
