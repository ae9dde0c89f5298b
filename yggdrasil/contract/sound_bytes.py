"""Sound as bytes from which the same samples come back: WAV of 32-bit floats."""

from __future__ import annotations

import io
import warnings
from importlib import import_module
from typing import Any

from yggdrasil.contract.clips import AudioClip
from yggdrasil.contract.errors import ArtifactError


def encode(clip: AudioClip) -> tuple[bytes, str]:
    """WAV of 32-bit floats."""
    buffer = io.BytesIO()
    _wav_files().write(buffer, clip.rate, clip.samples.T)
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
        return AudioClip(numpy.ascontiguousarray(numpy.atleast_2d(samples.T)), rate)
    except Exception as error:  # a decoder may fail in any way on broken bytes
        raise ArtifactError(f"is no sound ({type(error).__name__})", mend="give a WAV file") from None


def _wav_files() -> Any:
    """scipy's reader and writer, which has no types."""
    return import_module("scipy.io.wavfile")


def shown(clip: AudioClip) -> str:
    return f"sound of {clip.samples.shape[-1] / clip.rate:.2f} s at {clip.rate} Hz"
