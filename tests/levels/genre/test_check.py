"""A template that was edited wrongly says where, what and how to mend it, all of it at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.levels.genre.capable import STORYTELLING
from yggdrasil.cli.template_commands import checked
from yggdrasil.levels.genre.check import faults_of

FAULTS = {
    "an unknown key": ("length: paragraph", "lenght: paragraph", "lenght"),
    "no such length": ("length: paragraph", "length: parragraph", "length"),
    "an unknown guide": ("guide: tale", "guide: tail", "guide"),
    "a hole that nothing fills": ("{wish}", "{whish}", "system"),
    "an unknown stage": ("  author:\n", "  writer:\n", "stages.writer"),
    "an empty ask": ("  update:\n    ask: |", "  update:\n    ask: ''\n    more: |", "stages.update.ask"),
    "an answer that the world cannot read": ("text: text — the story", "story: text", "stages.author.answer"),
    "an unknown kind": ("thing: line? ", "thing: lien? ", "stages.development.answer.thing"),
    "a condition that is nothing": ("      seen: |", "      sean: |", "stages.author.also.sean"),
    "letters that are none": ("letters: 300", "letters: many", "lengths.line.letters"),
    "a kind that every world has": ("stages:\n", "entities: {item: {many: things}}\nstages:\n", "entities.item"),
    "a hole of a small model's words": ("one picture of it", "one {picture} of it", "brief.stages.architect.ask"),
    "a small model's answer": ("thing: name — the", "thing: thing — the", "brief.stages.development.answer.thing"),
    "broken YAML": ("format: 1", "format: [1", "genre.yaml"),
}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STORYTELLING, tmp_path / "mine"))


def edited(folder: Path, old: str, new: str) -> Path:
    path = folder / "genre.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_place(mine: Path, name: str) -> None:
    old, new, place = FAULTS[name]
    found = faults_of(edited(mine, old, new))[1]
    assert any(place in fault.where and fault.what for fault in found), found


def test_all_faults_are_said_at_once(mine: Path) -> None:
    within = ("no such length", "an unknown guide", "an unknown kind", "a condition that is nothing")
    for name in within:
        edited(mine, *FAULTS[name][:2])
    faults, _ = checked(mine)
    assert len(faults) == len(within)
    assert all(fault["mend"] for fault in faults)


def test_a_sound_template_shows_what_is_asked(mine: Path) -> None:
    faults, asked = checked(mine)
    assert not faults
    assert list(asked) == ["found", "development", "architect", "author", "update"]
    edited(mine, "You are Development.", "You are the wind.")
    assert checked(mine)[1]["development"]["ask"].startswith("You are the wind.")


def test_a_template_without_its_file_says_so(mine: Path) -> None:
    (mine / "genre.yaml").unlink()
    (fault, *_), _ = checked(mine)
    assert "genre.yaml" in fault["where"]


def test_the_command_copies_and_checks(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "yggdrasil", *words], capture_output=True, text=True, check=False)

    folder = tmp_path / "own"
    assert run("template", "copy", "storytelling", str(folder)).returncode == 0
    assert "is there already" in run("template", "copy", "storytelling", str(folder)).stderr
    edited(folder, *FAULTS["an unknown guide"][:2])
    done = run("template", "check", str(folder))
    assert done.returncode == 1 and "guide" in done.stdout and "tale" in done.stdout
