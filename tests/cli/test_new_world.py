"""`new`: a world that cannot be founded leaves nothing; one that fails later is kept, and how to go on is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import ygg
from tests.levels.scripted import Develop, Paint, scripted
from yggdrasil.cli import world_commands
from yggdrasil.cli.translations import russian
from yggdrasil.contract import Block, ConfigError
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Image, Json, Text
from yggdrasil.store.load import load
from yggdrasil.store.save import save

DEAD = "openai:m@http://127.0.0.1:9"


class Late(Block, type="test_founding/late", role="Tool"):
    """A painter that fails."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        raise ConfigError("the brush is dry", mend="wet it")


class Choosy(Develop, type="test_founding/choosy"):
    """Fail at some words."""

    def forward(self, step: Json, world: Json, story: Json, past: Json, action: Text | None = None) -> Json:
        if action == "{who}":
            raise KeyError("who")
        return super().forward(step, world, story, past, action)


@pytest.mark.parametrize("at", [[], ["--at", "w"], ["--at", "deep/er/w"]])
def test_a_dead_endpoint_leaves_nothing(
    at: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ygg(monkeypatch, "new", "a wish", "--llm", DEAD, "--steps", "1", *at) == 1
    assert "no world was founded, and nothing is left of it" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_lay_in_the_folder_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "mine.txt").write_text("mine")
    assert ygg(monkeypatch, "new", "a wish", "--llm", DEAD, "--at", str(tmp_path / "w")) == 1
    assert [p.name for p in (tmp_path / "w").iterdir()] == ["mine.txt"]
    monkeypatch.setattr(world_commands, "from_template", lambda name, /, **chosen: scripted(wish=chosen["wish"]))
    assert ygg(monkeypatch, "new", "a wish", "--steps", "1", "--at", str(tmp_path / "w"), "--json") == 0
    assert [s["step"] for s in json.loads(capsys.readouterr().out)["steps"]] == [1]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_founded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert ygg(monkeypatch, "new", "a wish", "--at", str(tmp_path / "file" / "w")) == 1
    assert "file: is a file, not a folder" in capsys.readouterr().err


def test_a_step_that_fails_keeps_the_world_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def made(name: str, /, **chosen: Any) -> Any:
        return scripted(wish=chosen["wish"], tools={"paint": Late()})

    monkeypatch.setattr(world_commands, "from_template", made)
    assert ygg(monkeypatch, "new", "a wish", "--steps", "1") == 1
    captured = capsys.readouterr()
    assert "what was finished is kept; go on: yggdrasil step 'grown/a wish'" in captured.err
    assert "no world was founded" not in captured.err and captured.out == ""
    monkeypatch.setattr(Late, "forward", Paint.forward)
    assert ygg(monkeypatch, "step", "grown/a wish", "--json") == 0
    assert [s["status"] for s in json.loads(capsys.readouterr().out)["steps"]] == ["whole"]


@pytest.mark.parametrize(("lang", "told"), [("C", "without this step"), ("ru_RU.UTF-8", "без этого шага")])
def test_a_stage_that_fails_twice_in_the_same_way_offers_ways_that_lead_on(
    lang: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", lang)
    russian.cache_clear()
    save(scripted(development=Choosy()), tmp_path / "w")
    said: list[str] = []
    for _ in range(2):
        assert ygg(monkeypatch, "step", "w", "--action", "{who}") == 1
        said.append(capsys.readouterr().err)
    assert told not in said[0] and told in said[1] and "yggdrasil step w --give-up --action" in said[1]
    assert ygg(monkeypatch, "show", "w") == 0
    assert told in capsys.readouterr().out
    assert ygg(monkeypatch, "step", "w", "--give-up", "--action", "other words", "--json") == 0
    given_up, whole = json.loads(capsys.readouterr().out)["steps"]
    assert (given_up["action"], given_up["status"]) == ("{who}", "dropped")
    assert whole["status"] == "whole" and "other words" in whole["chronicle"]
    russian.cache_clear()


@pytest.mark.parametrize("seed", [2**53 - 1, 2**53, 2**60, 2**62])
def test_n46_each_seed_that_new_takes_can_be_kept_and_gone_on_with(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(scripted(), tmp_path / "template")
    chosen = ["--template", "./template", "--seed", str(seed), "--at", "w", "--json"]
    assert ygg(monkeypatch, "new", "a wish", *chosen, "--steps", "1") == 0
    assert ygg(monkeypatch, "step", "w") == 0 and ygg(monkeypatch, "validate", "w") == 0
    assert ygg(monkeypatch, "replay", "w") == 0
    world = load(tmp_path / "w")
    assert isinstance(world, World) and world.seed == seed
    alone = scripted(wish="a wish", seed=seed)
    digests = [[p["sha256"] for p in step.pictures] for step in alone.steps(count=2)]
    assert [[p["sha256"] for p in step.pictures] for step in world.history()] == digests
    capsys.readouterr()


@pytest.mark.parametrize(("seed", "bound"), [(2**62 + 1, 2**62), (2**63, 2**62), (10**30, 2**62), (-1, 0)])
def test_n46_a_seed_that_cannot_be_kept_is_refused_with_its_bound_before_anything_is_done(
    seed: int, bound: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ygg(monkeypatch, "new", "a wish", "--seed", str(seed)) == 2
    told = capsys.readouterr().err
    assert "--seed" in told and str(bound) in told and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("code", "told"), [("rus", "did you mean 'ru'?"), ("de", "known here: en, ru")])
def test_a_language_that_is_none_is_refused_with_those_that_are(
    code: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ygg(monkeypatch, "new", "a wish", "--language", code) == 1
    captured = capsys.readouterr()
    assert told in captured.err and repr(code) in captured.err and list(tmp_path.iterdir()) == []


@pytest.mark.system
@pytest.mark.models
def test_what_the_storyteller_cannot_do_is_said_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = ["--language", "ru", "--style", "абвгдейка", "--steps", "0", "--yes"]
    assert ygg(monkeypatch, "new", "a fishing village", *chosen) == 0
    err = capsys.readouterr().err
    assert "not understood in the style: абвгдейка" in err
    assert "this storyteller writes English only" in err
