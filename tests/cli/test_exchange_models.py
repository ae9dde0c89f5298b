"""`step --llm`, `--painter`: a world whose model is gone is lived on with another, and its history says from where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

import yggdrasil
from tests.agent.scripted import Scripted, says
from tests.cli.command import ygg
from tests.levels.scripted import scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.contract import Block, ConfigError, FileRef
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.tree import rebuilt
from yggdrasil.engine.cycle.database import NOTES
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Image, Text
from yggdrasil.store import language_models
from yggdrasil.store.exchange_models import exchanged

DEAD = "openai:m@http://127.0.0.1:9"


class White(Block, type="test_exchange/white", role="Tool"):
    """Paint white."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        return Pictures.new("RGB", (8, 8), "white")


def tells(text: str) -> Scripted:
    """A model that tells that, whatever happened."""
    return Scripted([says(json.dumps({"sentence1": text, "sentence2": "Nobody spoke.", "mood": "calm"}))])


@pytest.fixture
def w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A world in ./w with one whole step, whose storyteller's endpoint has died since."""
    monkeypatch.chdir(tmp_path)
    agent = Agent(OpenAIModel(model="m", base_url="http://127.0.0.1:9"), limits={"steps": 3})
    world = scripted(tmp_path / "first", author=agent, genre="tale")
    telling = rebuilt(world, {id(agent.llm): tells("It began.")})
    assert isinstance(telling, World)
    telling.live_at(tmp_path / "first")
    telling.step()
    telling.close()
    yggdrasil.save(world, tmp_path / "w")
    world.close()
    return tmp_path / "w"


def stages(shown: dict[str, Any], step: int) -> list[str]:
    return [f"{row['name']} {row['status']}" for row in shown if row["step"] == step]  # pyright: ignore


def test_a_dead_model_is_exchanged_and_the_step_goes_on(
    w: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "step", "w") == 1
    monkeypatch.setattr(language_models, "language_model", lambda name: tells("Told anew."))
    capsys.readouterr()
    assert ygg(monkeypatch, "step", "w", "--llm", "another", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [s["chronicle"] for s in shown["steps"]] == ["It began. Nobody spoke.", "Told anew. Nobody spoke."]
    assert shown["notes"] == [{"step": 2, "stages": 8, "text": "llm: another"}]
    assert ygg(monkeypatch, "history", "w", "--json") == 0
    rows = stages(json.loads(capsys.readouterr().out), 2)
    assert rows[6:] == ["philosopher ran", "author failed", "world changed", "author ran", "update ran"]
    assert ygg(monkeypatch, "history", "w") == 0
    assert any(line.endswith("llm: another") for line in capsys.readouterr().out.splitlines())
    assert ygg(monkeypatch, "replay", "w") == 0 and ygg(monkeypatch, "validate", "w") == 0


def test_a_world_whose_weights_are_damaged_is_healed_by_naming_others(
    w: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = yggdrasil.load(w, World)
    brush = White()
    tube = w.parent / "tube.txt"
    tube.write_text("white")
    brush.files["tube"] = FileRef(digest_file(tube), tube)
    yggdrasil.save(brush, w.parent / "brush")
    made = exchanged(world, painter="./brush")
    world.close()
    made.live_at(w)
    yggdrasil.save(made, w)
    made.close()
    (kept,) = (w / "weights").glob("*.txt")
    for damage in (lambda: kept.write_text("black"), kept.unlink):
        damage()
        capsys.readouterr()
        assert ygg(monkeypatch, "step", "w", "--llm", DEAD) == 1
        assert kept.name in capsys.readouterr().err, "another model does not heal the painter"
    yggdrasil.save(White(), w.parent / "other")
    assert ygg(monkeypatch, "step", "w", "--painter", "./other") == 1
    assert "cannot be used" in capsys.readouterr().err, "only the storyteller's endpoint is dead still"
    yggdrasil.load(w, World).close()


def test_the_manifest_holds_the_new_models(w: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = yggdrasil.load(w)
    brush = White()
    yggdrasil.save(brush, w.parent / "brush")
    assert ygg(monkeypatch, "step", "w", "--llm", f"{DEAD}/v2", "--painter", "./brush") == 1
    after = yggdrasil.load(w)
    assert isinstance(before, World) and isinstance(after, World)
    agent = after.stages["author"].body
    assert isinstance(agent, Agent) and agent.llm.config()["base_url"].endswith("/v2")
    assert after.stages["creator"].body.children()["paint"].type_name == "test_exchange/white"
    assert after.history()[0].chronicle == "It began. Nobody spoke." and after.wish == before.wish
    step = after.unfinished()
    assert step is not None and Pictures.open(step.pictures[0]["path"]).getpixel((0, 0)) == (255, 255, 255)
    before.close()
    after.close()


@pytest.mark.parametrize(
    ("chosen", "told"),
    [(["--llm", "nonsense"], "names no language model"), (["--painter", "paintr"], "did you mean 'painter'")],
)
def test_a_model_that_is_none_changes_nothing(
    chosen: list[str], told: str, w: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = (w / "manifest.yaml").read_bytes()
    assert ygg(monkeypatch, "step", "w", *chosen) == 1
    assert told in capsys.readouterr().err
    assert (w / "manifest.yaml").read_bytes() == manifest
    world = yggdrasil.load(w)
    assert isinstance(world, World) and "notes" not in world.show() and world.unfinished() is None
    world.close()


def test_a_guided_teller_makes_room_for_the_chronicler_at_all_its_places() -> None:
    world = World.from_template("storytelling", wish="a harbour")
    made = exchanged(world, llm=DEAD)
    tellers = [made.stages[n].body for n in ("author", "update", "development", "architect")]
    assert len({id(t) for t in tellers}) == 1 and isinstance(tellers[0], Agent) and tellers[0].policy == "tools"
    assert made.stages["creator"] is world.stages["creator"] and made.config() == world.config()
    with pytest.raises(ConfigError, match="no agent tells this world"):
        exchanged(scripted(), llm=DEAD)
    world.close()
    made.close()


def test_notes_stand_where_they_were_made_on_every_branch(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.note("before all")
    world.step()
    world.fork(at=1, name="early")
    world.step()
    world.note("after two")
    late = world.fork(at=2, name="late")
    late.step()
    assert [(n["step"], n["stages"]) for n in world.show()["notes"]] == [(0, 0), (2, 9)]
    assert [(n["step"], n["stages"]) for n in late.show()["notes"]] == [(0, 0), (2, 9)]
    assert [(n["step"], n["stages"]) for n in world.branch("early").show()["notes"]] == [(0, 0), (1, 9)]
    world.close()


def test_a_log_without_notes_gets_the_table(tmp_path: Path) -> None:
    import sqlite3

    world = scripted(tmp_path / "w")
    world.step()
    world.close()
    database = sqlite3.connect(tmp_path / "w" / "world.db")
    database.execute("DROP TABLE notes")
    database.close()
    assert "notes" not in world.show() and "notes" in NOTES
    world.close()
