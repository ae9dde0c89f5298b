"""Between values of large kinds and the bytes of artifacts."""

from __future__ import annotations

import io
import wave
from typing import Any

from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.errors import ArtifactError
from yggdrasil.contract.kinds import AudioClip


def store(value: Any, artifacts: ArtifactStore) -> dict[str, Any]:
    """Put a picture, a sound, a text or JSON into the store; gives `sha256`, `media_type`, `size`.

    A text also stands in the reference itself, as `text`. Raises ArtifactError for other values.
    """
    data, media_type = encoded(value)
    reference = artifacts.put(data, media_type).to_json()
    return {**reference, "text": value} if isinstance(value, str) else reference


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


def told(artifact: dict[str, Any]) -> dict[str, Any]:
    """What the event of a stored artifact says of it."""
    known = {name: artifact[name] for name in ("sha256", "size") if artifact.get(name) is not None}
    return {"media_type": artifact.get("media_type", ""), **known}
