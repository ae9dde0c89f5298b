"""Half characters from models, tools, stages and users: no agent, world or command is ever stuck with them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.agent.scripted import Effect, Scripted, calls, says
from tests.cli.command import ygg
from tests.levels.scripted import scripted
from yggdrasil import save
from yggdrasil.agent.agent import Agent
from yggdrasil.contract import Block, YggError, here
from yggdrasil.ports import Json, Text

HALF = "x\ud83d"


class Cut(Block, type="test_halves/cut", role="Tool"):
    """Answer half."""

    def forward(self, letter: Text = "") -> Text:
        return HALF


class Raises(Block, type="test_halves/raises", role="Tool"):
    """Fail in half."""

    def forward(self) -> Text:
        raise ValueError(HALF)


class Plans(Block, type="test_halves/plans"):
    """Write half, and do what must not be done twice."""

    def forward(self, step: Json) -> Json:
        return {"text": HALF, HALF: here().once("cut", {}, lambda: {"half": HALF})}


class Model(Scripted, type="test_halves/model", init=False):
    """A scripted one."""


@pytest.mark.parametrize(
    ("tool", "turn"),
    [
        (Cut(), calls(("c", "cut", {}))),
        (Raises(), calls(("c", "raises", {}))),
        (Effect(), calls(("c", "effect", {"letter": HALF}))),
        (Effect(), calls(("c", "effect", '{"letter": "\\ud83d"}'))),
        (Effect(), calls((HALF, f"effect{HALF}", {"letter": "a"}))),
        (Cut(), says(HALF)),
    ],
    ids=["result", "error", "argument", "escaped", "names", "words"],
)
def test_an_agent_goes_on_and_is_saved(tool: Block, turn: Any, tmp_path: Path) -> None:
    agent = Agent(Model([turn, says("done")]), [tool])
    for _ in range(2):
        assert agent.run("Go on.").status["state"] == "done"
    json.dumps(agent.memory.state(), ensure_ascii=False).encode()
    save(agent, tmp_path / "agent")


@pytest.mark.parametrize("role", ["development", "author"])
def test_a_world_keeps_what_a_stage_wrote_in_whole_characters(role: str, tmp_path: Path) -> None:
    stages: dict[str, Any] = {role: Plans()}
    with closing(scripted(tmp_path, **stages)) as world:
        assert "x\ufffd" in world.step().chronicle
        written = world.step().state["intent" if role == "development" else "chronicle"]
        assert written["x\ufffd"] == {"half": "x\ufffd"}
        world.replay()


def test_what_a_user_names_in_halves_is_refused_by_an_error_of_ours_and_nothing_changes(tmp_path: Path) -> None:
    with closing(scripted(tmp_path)) as world:
        world.step()
        before = world.show()
        for act in (
            lambda: world.fork(1, HALF), lambda: world.branch(HALF), lambda: world.note(HALF),
            lambda: world.answer(HALF, HALF), lambda: world.step(action=HALF),
            lambda: world.step(state={"intent": {"text": HALF}}), lambda: world.delete_branch(HALF),
        ):  # fmt: skip
            with pytest.raises(YggError, match=r"half a character.*\\ud83d"):
                act()
        assert world.show() == before and world.step().step == 2


@pytest.mark.parametrize(
    "words",
    [
        ["step", "w", "--action", "caf\udce9"], ["replay", "w", "--branch", "\udcff"],
        ["fork", "w", "--at", "1", "--name", "\udcff"], ["new", "\udcff"], ["new", "a", "--name", "\udcff"],
        ["new", "a", "--style", "\udcff"], ["show", "\udcff"], ["run", "./\udcff"],
    ],
    ids=lambda words: ascii(" ".join(words)),
)  # fmt: skip
def test_a_command_with_bytes_that_are_no_text_says_so_in_one_line(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(scripted(tmp_path / "home")) as world:
        world.step()
        save(world, tmp_path / "w")
    assert ygg(monkeypatch, *words) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert (
        told.startswith("error: ")
        and "Unicode" not in told.replace("Unicode text", "")
        and "YGGDRASIL_DEBUG" not in told
    )
