"""A second modality through the same ports: the voice as a block, as a tool of a Creator, as the command."""

from __future__ import annotations

import io

import numpy as np
import pytest
from scipy.io import wavfile

import yggdrasil as ygg
from yggdrasil.contract import ConfigError, MemoryArtifacts, here, standing
from yggdrasil.levels.stage.creator import Creator

pytestmark = pytest.mark.models
LINE = "The wolf came down from the mountain."


def test_a_sentence_becomes_sound_and_the_same_each_time() -> None:
    first, second = (ygg.load("voice").run(text=LINE, seed=3).audio for _ in range(2))
    assert first.rate == 24000
    assert first.samples.shape[0] == 1
    assert 1.0 < first.samples.shape[1] / first.rate < 6.0
    assert 0.02 < float(np.abs(first.samples).max()) <= 1.0
    assert np.array_equal(first.samples, second.samples)


def test_a_plan_can_have_the_chronicle_read_aloud() -> None:
    artifacts = MemoryArtifacts()
    plan = {"reading": {"tool": "read", "arguments": {"text": LINE, "seed": 1}}}
    with standing(here().but(artifacts=artifacts)):
        made = Creator({"read": ygg.load("voice")}).run(plan=plan).artifacts["reading"]
    assert made["media_type"] == "audio/wav"
    rate, samples = wavfile.read(io.BytesIO(artifacts.get(made["sha256"])))
    assert rate == 24000 and len(samples) > 24000


def test_a_text_that_it_cannot_read_is_an_error() -> None:
    with pytest.raises(ConfigError, match="English"):
        ygg.load("voice").run(text="Привет, мир…")
