"""A sound is what its class says, whatever it was made of, and comes back the same."""

from typing import Any

import numpy
import pytest
import torch

from yggdrasil.contract import PortError, values
from yggdrasil.contract.kinds import AudioClip

WAVE = [[0.5, -1.0, 0.25, 0.0], [1.0, 0.0, -0.5, 0.125]]
GIVEN: dict[str, Any] = {
    "list": WAVE,
    **{f"numpy {name}": numpy.array(WAVE, name) for name in ("f2", "f4", ">f4", "f8")},
    **{str(dtype): torch.tensor(WAVE, dtype=dtype) for dtype in (torch.bfloat16, torch.float16, torch.float64)},
    "with a gradient": torch.tensor(WAVE, requires_grad=True),
    "turned": numpy.ascontiguousarray(numpy.array(WAVE, "f4").T).T,
}


@pytest.mark.parametrize("given", GIVEN)
def test_samples_of_every_float_type_become_float32_and_come_back_the_same(given: str) -> None:
    clip = AudioClip(GIVEN[given], 16000)
    assert clip.samples.dtype == numpy.float32 and clip.samples.tolist() == WAVE
    assert (
        values.digest(values.decode(*values.encode(clip))) == values.digest(clip) == values.digest(values.copied(clip))
    )


@pytest.mark.parametrize(
    ("dtype", "whole"), [("i1", [-128, 64]), ("i2", [-32768, 16384]), ("i4", [-(2**31), 2**30]), ("u1", [0, 192])]
)
def test_whole_samples_are_divided_by_their_range_once(dtype: str, whole: list[int]) -> None:
    clip = AudioClip(numpy.array([whole], dtype), 8000)
    assert clip.samples.tolist() == [[-1.0, 0.5]] and clip.samples.dtype == numpy.float32
    back = values.decode(*values.encode(clip))
    assert back.samples.tolist() == [[-1.0, 0.5]] and values.digest(back) == values.digest(clip)


@pytest.mark.parametrize(
    "samples", [numpy.ones(7, "f4"), torch.ones(7, dtype=torch.int16), [0.5], [], numpy.zeros((2, 0))]
)
def test_one_channel_and_an_empty_sound_come_back_the_same(samples: Any) -> None:
    clip = AudioClip(samples, 8000)
    assert clip.samples.ndim == 2
    assert values.digest(values.decode(*values.encode(clip))) == values.digest(clip)


@pytest.mark.parametrize("rate", [22050.0, numpy.int64(22050), numpy.float32(22050), torch.tensor(22050)])
def test_a_whole_rate_of_any_type_is_an_int(rate: Any) -> None:
    clip = AudioClip([0.0], rate)
    assert type(clip.rate) is int and values.decode(*values.encode(clip)).rate == 22050


@pytest.mark.parametrize("rate", [44100.5, 0, -1, True, "8000", None, float("nan"), float("inf"), 2**30, 2**33])
def test_a_rate_that_no_file_tells_is_refused(rate: Any) -> None:
    with pytest.raises(PortError, match=r"a sound at .* Hz. give a whole number of Hz from 1 to 1073741823"):
        AudioClip([0.0], rate)


@pytest.mark.parametrize(
    "samples",
    [numpy.array(1.0), numpy.zeros((1, 2, 3)), numpy.zeros((0, 4)), numpy.zeros(3, "i8"), numpy.zeros(3, "u2"),
     numpy.zeros(3, bool), numpy.zeros(3, "c8"), torch.zeros(3, dtype=torch.complex64), ["a"],
     [[0.0], [0.0, 1.0]], None],
)  # fmt: skip
def test_samples_that_mean_no_sound_are_refused_with_those_that_do(samples: Any) -> None:
    with pytest.raises(PortError, match=r"a sound of|no array"):
        AudioClip(samples, 8000)
