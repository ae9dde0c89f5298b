"""Sets of drawings by one hand each: which are whose, under which licence, and how they come here."""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache as once
from pathlib import Path
from typing import NamedTuple

from training.places import TOOLS, cache
from yggdrasil.contract import MissingFile
from yggdrasil.plugins.draw.drawings import Drawings, open_drawings
from yggdrasil.plugins.draw.vocabulary import vocabulary


class Style(NamedTuple):
    """An npm package @iconify-json/NAME at one version, and whose drawings it holds."""

    version: str
    licence: str
    author: str


STYLES: dict[str, Style] = {
    "noto": Style("1.2.9", "Apache-2.0", "Google Inc"),
    "noto-v1": Style("1.2.5", "Apache-2.0", "Google Inc"),
    "fxemoji": Style("1.2.2", "Apache-2.0", "Mozilla"),
    "openmoji": Style("1.2.29", "CC-BY-SA-4.0", "OpenMoji"),
    "emojione-v1": Style("1.2.3", "CC-BY-SA-4.0", "Emoji One"),
    "streamline-emojis": Style("1.2.4", "CC-BY-4.0", "Streamline"),
    "twemoji": Style("1.2.5", "CC-BY-4.0", "Twitter"),
    "fluent-emoji-flat": Style("1.2.6", "MIT", "Microsoft Corporation"),
    "emojione": Style("1.2.3", "CC-BY-4.0", "Emoji One"),
}
SHELF = "shelf"
"""The drawings of tools/illustrate: Fluent Emoji, nine of Noto."""
SEER_STYLES = (SHELF, "noto", "noto-v1", "fxemoji", "streamline-emojis")
JUDGE_STYLES = ("twemoji", "fluent-emoji-flat", "emojione", "openmoji", "emojione-v1")
"""The two under CC BY-SA are the judge's alone: what users get was learned from free licences without that string."""
HELD_OUT = "twemoji"
"""What the seer is tried on and never learns from; the judge learns from none of the seer's styles."""


@once
def drawings(style: str) -> Drawings:
    """The drawings of a style that the vocabulary names, downloaded on first use."""
    if style == SHELF:
        return open_drawings(TOOLS / "illustrate" / "drawings" / "index.json")
    if style not in STYLES:
        raise MissingFile(f"there is no style {style!r}", where="training.styles", mend=f"use one of {list(STYLES)}")
    folder = cache() / "drawings" / f"{style}-{STYLES[style].version}"
    if not (folder / "index.json").exists():
        unpack(json.loads(_packed(style)), folder, style)
    return open_drawings(folder / "index.json")


def _packed(style: str) -> str:
    """The icons.json of the style's npm package."""
    package = f"@iconify-json/{style}@{STYLES[style].version}"
    npm = shutil.which("npm")
    if npm is None:
        raise MissingFile("npm is not here", where=package, mend="install npm (Debian: apt-get install npm)")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([npm, "pack", "--silent", package], cwd=folder, capture_output=True, text=True)
        found = list(Path(folder).glob("*.tgz"))
        if not found:
            raise MissingFile(f"npm gave nothing: {done.stderr[-400:]}", where=package, mend="try once more")
        with tarfile.open(found[0]) as archive:
            member = archive.extractfile("package/icons.json")
            assert member is not None
            return member.read().decode("utf-8")


def unpack(icons: dict, folder: Path, style: str) -> None:
    """Write the drawings that the vocabulary names as SVG files with an index, the index last."""
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, dict[str, str]] = {}
    for name in vocabulary():
        icon = icons["icons"].get(icons.get("aliases", {}).get(name, {}).get("parent", name))
        if icon is None:
            continue
        wide, high = (icon.get(side, icons.get(side, 16)) for side in ("width", "height"))
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {wide} {high}"
        xml = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        drawn = f'<svg {xml} width="{wide}" height="{high}" viewBox="{box}">{icon["body"]}</svg>'.encode()
        (folder / f"{name}.svg").write_bytes(drawn)
        index[name] = {"file": f"{name}.svg", "sha256": hashlib.sha256(drawn).hexdigest(), "set": style}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
