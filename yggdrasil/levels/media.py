"""Between values of large kinds and the bytes of artifacts."""

from __future__ import annotations

import io
import warnings
import wave
from typing import Any

from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.errors import ArtifactError
from yggdrasil.contract.kinds import AudioClip

MAX_PIXELS = 64 << 20
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""Decoders that strangers' bytes may reach; the others that Pillow has are rarely read by anybody."""


def store(value: Any, artifacts: ArtifactStore) -> dict[str, Any]:
    """Put a picture, a sound, a text or JSON into the store; gives `sha256`, `media_type`, `size`.

    A text also stands in the reference itself, as `text`. Raises ArtifactError for other values.
    """
    data, media_type = encoded(value)
    reference = artifacts.put(data, media_type).to_json()
    return {**reference, "text": value} if isinstance(value, str) else reference


def picture(data: bytes, where: str = "") -> Any:
    """The RGB picture (PIL) in `data`. Raises ArtifactError if it is none, or has over 64 megapixels."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise ArtifactError("has more than 64 megapixels", where=where, mend="make it smaller")
        return image.convert("RGB")
    except ArtifactError:
        raise
    except Exception as error:  # a decoder may fail in any way on broken bytes; what it says may tell of memory
        raise ArtifactError(
            f"is no picture ({type(error).__name__})", where=where, mend="give a PNG, JPEG or WebP"
        ) from None


def encoded(value: Any) -> tuple[bytes, str]:
    if isinstance(value, str):
        return value.encode(), "text/plain;charset=utf-8"
    if isinstance(value, AudioClip):
        return _wav(value), "audio/wav"
    if hasattr(value, "save") and hasattr(value, "mode"):
        buffer = io.BytesIO()
        value.save(buffer, format="PNG")
        return buffer.getvalue(), "image/png"
    if isinstance(value, dict | list):
        from yggdrasil.contract.digest import canonical

        return canonical(value), "application/json"
    raise ArtifactError(
        f"{type(value).__name__} cannot be kept as an artifact", mend="give a picture, an AudioClip, text or JSON"
    )


def _wav(clip: AudioClip) -> bytes:
    import numpy

    samples = numpy.atleast_2d(numpy.asarray(clip.samples, dtype=numpy.float32))
    frames = (numpy.clip(samples.T, -1, 1) * 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(clip.rate)
        file.writeframes(frames.tobytes())
    return buffer.getvalue()
