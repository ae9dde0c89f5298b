"""Sound and moving pictures as values: samples and frames together with their speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AudioClip:
    """Sound: float32 samples in −1 … 1, shape (channels, frames), and the rate in Hz."""

    samples: Any
    rate: int


@dataclass(frozen=True, slots=True)
class VideoClip:
    """Moving pictures: PIL images of one size and mode, in order, and how many of them are shown a second."""

    frames: list[Any]
    fps: float
