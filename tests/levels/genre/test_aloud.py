"""A world that is heard: the chronicle, or each character's line, is a sound of the step, kept with the life."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import yggdrasil as ygg
from tests.levels.genre.capable import Capable, prose, world_of
from tests.levels.scripted import Weaving
from yggdrasil.contract import Block, ConfigError
from yggdrasil.levels.genre.of_world import speak_in, tell_in
from yggdrasil.ports import Audio, AudioClip, Text


class Beep(Block, type="test/beep", role="Codec"):
    """One sample a letter."""

    def forward(self, text: Text, seed: int = 0) -> Audio:
        if "unreadable" in text:
            raise ValueError("no such letters")
        self.read = [*getattr(self, "read", []), (text, seed)]
        return AudioClip(np.zeros((1, len(text)), "float32"), 8000)


class OnThePier(Capable):
    """Lets everything happen on the pier, and everybody there say the same."""

    def _made(self, schema: dict[str, Any], path: str) -> Any:
        return {".place": "Pier", ".says": "Row!"}.get(path) or super()._made(schema, path)


def test_the_chronicle_is_read_aloud(tmp_path: Path) -> None:
    world = world_of(Capable(), tmp_path / "w")
    speak_in(world, Beep())
    step = world.step()
    (sound,) = step.sounds
    assert sound["slot"] == "chronicle" and sound["text"] == step.chronicle
    assert Path(sound["path"]).suffix == ".wav" and step.to_json()["sounds"][0]["path"].startswith("artifacts/")
    assert world.prune() == [] and len(world.replay().steps) == 1
    world.copy_life(tmp_path / "copied")
    assert (tmp_path / "copied" / Path(sound["path"]).relative_to(world.home)).exists()


def test_it_is_saved_with_every_voice(tmp_path: Path) -> None:
    ygg.save(ygg.Aloud(Weaving(), Beep(), {"Sten": Beep()}), tmp_path / "kept")
    loaded = ygg.load(tmp_path / "kept", ygg.Aloud)
    assert set(loaded.voices) == {"voice", "Sten"} and loaded.author.type_name == "test/weaving"


def test_characters_are_heard_each_in_a_voice_of_their_own(tmp_path: Path) -> None:
    people = [{"name": name, "place": "Pier"} for name in ("Maud", "Sten")]

    beginning = {"places": [{"name": "Pier"}], "characters": people}
    world = world_of(OnThePier(), tmp_path / "w", beginning=beginning)
    tell_in(world, cast=True)
    voice, own = Beep(), Beep()
    speak_in(world, voice)
    world.author.body = ygg.Aloud(world.author.body.children()["author"], voice, {"Sten": own})
    step = world.step()
    assert {sound["slot"]: sound["text"] for sound in step.sounds} == {"Maud": "Row!", "Sten": "Row!"}
    assert [text for text, _ in voice.read] == ["Row!"] and [text for text, _ in own.read] == ["Row!"]


def test_what_a_voice_cannot_read_loses_no_step(tmp_path: Path) -> None:
    world = world_of(Capable(lambda *given: "unreadable" if given[0] == ".text" else prose(*given)), tmp_path / "w")
    speak_in(world, Beep())
    with world.stream() as stream:
        told = [str(event.data.get("text")) for event in stream if event.kind == "note"]
    assert "not read aloud: no such letters" in told
    (step,) = world.history()
    assert step.status == "whole" and step.sounds == []


def test_what_is_no_voice_is_refused() -> None:
    with pytest.raises(ConfigError, match="does a task"):
        ygg.Aloud(Beep(), Beep())
    with pytest.raises(ConfigError, match="is no voice"):
        ygg.Aloud(ygg.Agent(Capable()), Capable())
