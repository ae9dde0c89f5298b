"""What is given and would do nothing, or asked for and is not there, is said with what to do."""

import copy
from pathlib import Path

import pytest
from PIL import Image

import yggdrasil as ygg
from yggdrasil.cli.targets import open_block
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.ports import Text


class Loud(ygg.Block, type="test_what_is_heard/loud"):
    """Say it louder."""

    mark: str = "!"

    def forward(self, text: Text) -> Text:
        return text + self.mark


def test_strength_needs_an_image() -> None:
    painter = ygg.load("painter", ygg.Graph)
    with pytest.raises(ygg.PortError, match=r"'strength' does nothing here: only solver .*image"):
        painter.run(prompt="a fox", steps=2, strength=0.3)
    painter.run(prompt="a fox", steps=2, strength=painter.inputs["strength"].default)
    painter.run(prompt="a fox", steps=4, strength=0.5, image=Image.new("RGB", (64, 64)))


def test_an_image_without_who_encodes_it_names_the_encoder() -> None:
    own = ygg.Graph("own")
    for name, part in copy.copy(ygg.load("painter", ygg.Graph)).children().items():
        if name != "encode":
            own.add(part, name)
    with pytest.raises(ygg.PortError, match="'image'") as raised:
        own.run(prompt="a fox", steps=1, image=Image.new("RGB", (64, 64)))
    assert raised.value.mend == "add a Codec encoder"


def test_an_installed_type_runs_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(open_block("test_what_is_heard/loud").run(text="a").values()) == ["a!"]
    with pytest.raises(ygg.YggError, match="no such folder"):
        open_block("test_what_is_heard/lout")


def test_the_branch_that_a_world_stands_on_is_not_forgotten() -> None:
    world = ygg.World(
        development=Loud(), architect=Loud(), creator=Loud(), philosopher=Loud(), author=Loud(), wish="calm"
    )
    world.found()
    with pytest.raises(LogError, match=r"stands on branch 'main'.*stand on another first"):
        world.delete_branch("main")
    assert world.branches() == ["main"]
