"""An SVG rasterised with nothing from outside itself: no file, no address, no font of this machine."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from yggdrasil.contract import ConfigError

MAX_BYTES = 4 << 20
_OUTSIDE = re.compile(r"url\(\s*['\"]?\s*(?!#|['\"]?\s*#)|@import", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,", re.IGNORECASE)


def rasterised(data: bytes, side: int, where: str) -> bytes:
    """The drawing as the bytes of a PNG, `side` pixels wide and high. Raises ConfigError if it asks for more."""
    import resvg_py

    problem = _problem(data)
    if problem:
        raise ConfigError(f"the drawing {problem}", where=where, mend="draw it with shapes and pictures of its own")
    try:
        text = data.decode("utf-8")
        return bytes(resvg_py.svg_to_bytes(svg_string=text, width=side, height=side, skip_system_fonts=True))
    except ValueError as error:
        raise ConfigError(f"the drawing is no SVG ({error})", where=where, mend="restore the file") from None


def _problem(data: bytes) -> str:
    """What the drawing asks of the outside, or ''."""
    if len(data) > MAX_BYTES:
        return f"is larger than {MAX_BYTES >> 20} MiB"
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"<?xml-stylesheet" in data:
        return "declares entities or names a style sheet"
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return f"is no SVG ({error})"
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.rpartition("}")[2] in ("href", "src") and not (value.strip()[:1] == "#" or _PICTURE.match(value)):
                return f"asks for {value[:80]!r}"
            if _OUTSIDE.search(value):
                return f"asks for {value[:80]!r}"
        if _OUTSIDE.search(element.text or ""):
            return f"asks for {(element.text or '').strip()[:80]!r}"
    return ""
