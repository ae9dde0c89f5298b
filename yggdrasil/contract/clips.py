"""Sound and moving pictures as values: samples and frames together with their speed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from yggdrasil.contract.errors import ConfigError, PortError

_WIDEST = 1 << 32
"""Bytes a second that a WAV file can tell."""
_FLOATS = "give floats in −1 … 1, or whole numbers of 8, 16 or 32 bits"


@dataclass(frozen=True, slots=True)
class AudioClip:
    """Sound: float32 samples in −1 … 1, a numpy array of shape (channels, frames), and the rate in Hz.

    Arrays, tensors and lists are taken and become that at once: one channel may be given as (frames,), whole numbers
    of 8, 16 or 32 bits are divided by their range (−32768 is −1), floats of 64 bits are rounded to 32; the rate may be
    a whole float. Raises PortError for samples and rates that mean no sound.
    """

    samples: Any
    rate: int

    def __post_init__(self) -> None:
        samples = _as_floats(self.samples)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate", _as_rate(self.rate, len(samples)))

    def save(self, path: Path | str) -> None:
        """Write all of it as a `.wav` file of 32-bit floats. Raises ConfigError for a file of another ending."""
        _written(self, Path(path))


def _as_floats(given: Any) -> Any:
    import numpy

    if hasattr(given, "detach"):
        plain = given.detach().cpu()
        given = (plain.float() if plain.is_floating_point() else plain).numpy()
    try:
        samples: Any = numpy.asarray(given)
    except ValueError:
        raise PortError("samples of a sound are no array", mend=_FLOATS) from None
    if samples.ndim not in (1, 2) or len(numpy.atleast_2d(samples)) == 0:
        raise PortError(f"a sound of shape {samples.shape}", mend="shape its samples (channels, frames)")
    samples = numpy.atleast_2d(samples)
    bits = 8 * samples.dtype.itemsize
    if samples.dtype.kind == "f":
        return samples.astype(numpy.float32, copy=False)
    if samples.dtype == numpy.uint8:
        return (samples.astype(numpy.float32) - 128) / 128
    if samples.dtype.kind == "i" and bits <= 32:
        return samples.astype(numpy.float32) / numpy.float32(1 << (bits - 1))
    raise PortError(f"a sound of {samples.dtype} samples", mend=_FLOATS)


def _as_rate(given: object, channels: int) -> int:
    """The rate as a whole number."""
    try:
        rate = 0 if isinstance(given, bool | str) else int(cast(float, given))
    except (TypeError, ValueError, OverflowError):
        rate = 0
    if rate != given or not 0 < rate * channels * 4 < _WIDEST:
        mend = f"give a whole number of Hz from 1 to {_WIDEST // (4 * channels) - 1}"
        raise PortError(f"a sound at {given!r:.40} Hz", mend=mend)
    return rate


@dataclass(frozen=True, slots=True)
class VideoClip:
    """Moving pictures: PIL images of one size and mode, in order, and how many of them are shown a second."""

    frames: list[Any]
    fps: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "fps", float(self.fps))

    def save(self, path: Path | str) -> None:
        """Write every frame as an `.apng` file. Raises ConfigError for a file of another ending."""
        _written(self, Path(path))


def _written(value: Any, path: Path) -> None:
    from yggdrasil.contract.artifacts import write_durably
    from yggdrasil.contract.values import encode, suffix

    data, media_type = encode(value)
    if path.suffix.lower() != suffix(media_type):
        raise ConfigError(
            f"{path.name} is no {suffix(media_type)} file", mend=f"name it {path.stem}{suffix(media_type)}"
        )
    write_durably(path, data)
