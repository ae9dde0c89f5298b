"""`step` on a world that others step too, and on one that was killed in the middle of what must not be done twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.agent.scripted import Scripted, calls, says
from tests.cli.command import ygg
from tests.levels.scripted import Conversing, scripted
from yggdrasil import World, load, save
from yggdrasil.agent.agent import Agent
from yggdrasil.cli.translations import russian
from yggdrasil.contract import Block
from yggdrasil.contract.functions import block
from yggdrasil.contract.journal_effects import may_repeat
from yggdrasil.levels.graph import Graph
from yggdrasil.ports import Text


class Killed(BaseException):
    """Stands for the end of the process."""


class Pay(Block, type="test_step_on/pay", role="Tool"):
    """Pay once."""

    repeatable: ClassVar[bool] = False
    paid: ClassVar[list[str]] = []
    dies: ClassVar[bool] = False

    def forward(self, prompt: Text = "", seed: int = 0) -> Text:
        self.paid.append(prompt)
        if self.dies:
            raise Killed
        return "receipt"


class Payer(Scripted, type="test_step_on/payer"):
    """Pay, then tell."""

    def __init__(self, **config: Any) -> None:
        super().__init__([calls(("c", "pay", {})), says("paid and told")], **config)


@pytest.fixture
def payments(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(Pay, "paid", [])
    monkeypatch.setattr(Pay, "dies", True)
    return Pay.paid


def killed(folder: Path, **parts: Any) -> None:
    save(scripted(**parts), folder)
    world = load(folder)
    assert isinstance(world, World)
    with pytest.raises(Killed):
        world.step(action="pay")
    world.close()


PLACES = {"creator": {"tools": {"paint": Pay()}}, "agent": {"development": Conversing(Agent(Payer(), [Pay()]))}}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("lang", "asks"), [("C", "it asks:"), ("ru_RU.UTF-8", "вопрос:")])
def test_what_must_not_be_done_twice_is_asked_about_at_the_command_and_answered_there(
    place: str, lang: str, asks: str, payments: list[str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", lang)
    russian.cache_clear()
    killed(tmp_path / "w", **PLACES[place])
    monkeypatch.setattr(Pay, "dies", False)
    for _ in range(2):
        assert ygg(monkeypatch, "step", "w") == 1
    told = capsys.readouterr().err
    assert asks in told and "was begun and its end is not known" in told and len(payments) == 1
    assert "yggdrasil step w --answer 'unsure_" in told
    assert ygg(monkeypatch, "step", "w", "--answer", "old receipt", "--json") == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert step["status"] == "whole" and len(payments) == 1
    assert ygg(monkeypatch, "step", "w", "--answer", "again") == 1
    assert "0 questions wait for an answer" in capsys.readouterr().err
    russian.cache_clear()


def test_again_does_it_again(
    payments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    killed(tmp_path / "w", **PLACES["creator"])
    monkeypatch.setattr(Pay, "dies", False)
    assert ygg(monkeypatch, "step", str(tmp_path / "w")) == 1
    assert ygg(monkeypatch, "step", str(tmp_path / "w"), "--answer", "again", "--json") == 0
    out = capsys.readouterr().out
    (step,) = json.loads(out[out.index("{") :])["steps"]
    assert step["artifacts"]["scene"]["text"] == "receipt" and len(payments) == 2


def test_a_step_that_expects_another_head_is_refused_with_both_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(scripted(), tmp_path / "w")
    assert ygg(monkeypatch, "step", "w", "--expect", "0", "--count", "2") == 0
    before = (tmp_path / "w" / "manifest.yaml").read_bytes()
    capsys.readouterr()
    assert ygg(monkeypatch, "step", "w", "--expect", "1", "--json") == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["type"] == "HeadMoved"
    assert (
        "stands at step 2, not at step 1" in captured.err and (tmp_path / "w" / "manifest.yaml").read_bytes() == before
    )
    assert ygg(monkeypatch, "step", "w", "--expect", "2", "--json") == 0
    assert [step["step"] for step in json.loads(capsys.readouterr().out)["steps"]] == [1, 2, 3]


def test_a_function_and_a_graph_say_whether_they_may_be_repeated() -> None:
    @block(repeatable=False)
    def pay(letter: Text) -> Text:
        """Pay."""
        return letter

    @block
    def tell(letter: Text) -> Text:
        return letter

    graph = Graph("g")
    graph.add(tell, "tell")
    assert may_repeat(tell) and not may_repeat(pay) and may_repeat(graph)
    graph.add(pay, "pay")
    assert not may_repeat(graph) and may_repeat(Agent(Scripted(), [pay]))
