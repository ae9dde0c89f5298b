"""Sound as bytes from which the same samples come back: WAV of 32-bit floats."""

from __future__ import annotations

import io
import warnings
from importlib import import_module
from typing import Any

from yggdrasil.contract.clips import AudioClip
from yggdrasil.contract.errors import ArtifactError


def encode(clip: AudioClip) -> tuple[bytes, str]:
    """WAV of 32-bit floats. Raises ArtifactError for samples that are not shaped (channels, frames)."""
    import numpy

    given = clip.samples.detach().cpu() if hasattr(clip.samples, "detach") else clip.samples
    samples: Any = numpy.atleast_2d(numpy.asarray(given, dtype=numpy.float32))
    if samples.ndim != 2:
        raise ArtifactError(f"a sound of shape {samples.shape}", mend="shape its samples (channels, frames)")
    buffer = io.BytesIO()
    _wav_files().write(buffer, clip.rate, samples.T)
    return buffer.getvalue(), "audio/wav"


def decode(data: bytes) -> AudioClip:
    """The clip in a WAV of floats or whole numbers (the 16 bits of older worlds too), as float32.

    Raises ArtifactError for bytes that are none.
    """
    import numpy

    wav_files = _wav_files()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wav_files.WavFileWarning)
            rate, samples = wav_files.read(io.BytesIO(data))
    except Exception as error:  # a decoder may fail in any way on broken bytes
        raise ArtifactError(f"is no sound ({type(error).__name__})", mend="give a WAV file") from None
    if samples.dtype == numpy.uint8:
        samples = (samples.astype(numpy.float32) - 128) / 128
    elif samples.dtype.kind == "i":
        samples = samples.astype(numpy.float32) / float(1 << (8 * samples.dtype.itemsize - 1))
    return AudioClip(numpy.ascontiguousarray(numpy.atleast_2d(samples.T), dtype=numpy.float32), int(rate))


def _wav_files() -> Any:
    """scipy's reader and writer, which has no types."""
    return import_module("scipy.io.wavfile")


def shown(clip: AudioClip) -> str:
    frames = clip.samples.shape[-1] if hasattr(clip.samples, "shape") else len(clip.samples)
    return f"sound of {frames / clip.rate:.2f} s at {clip.rate} Hz"
