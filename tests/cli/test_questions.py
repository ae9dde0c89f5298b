"""`ask` and `answer`: what waits in worlds and sessions is listed and answered without loading what asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import ygg
from tests.levels.scripted import Plan, scripted
from yggdrasil import Agent, Graph, save, tool
from yggdrasil.agent.ask_person import AskPerson, ask
from yggdrasil.contract import Paused
from yggdrasil.ports import Json
from yggdrasil.testing import ScriptedModel, calls, says


class Asks(Plan, type="test_questions/architect"):
    def forward(self, intent: Json) -> Json:
        return {"paints": [{"prompt": str(ask("Which colour?")), "slot": "scene"}]}


def asking() -> Graph:
    graph = Graph("asking").add(AskPerson(), "ask").connect("self.question", "ask.question")
    return graph.connect("ask.text", "self.answer")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A world and two sessions that wait."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.chdir(tmp_path)
    world = scripted(tmp_path / "world", architect=Asks())
    with pytest.raises(Paused):
        world.step()
    world.close()
    save(asking(), tmp_path / "asking")
    for name in ("anna", "a/b"):
        with pytest.raises(Paused):
            asking().session(name, tmp_path / "chats").run(f"May {name}?")
    return tmp_path


def listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    assert ygg(monkeypatch, "ask", *more, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_everything_that_waits_below_a_path_is_listed(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = listed(monkeypatch, capsys)
    assert [(q["kind"], q["of"], q["question"]) for q in found] == [
        ("session", "anna", "May anna?"), ("session", "a/b", "May a/b?"), ("world", "main", "Which colour?"),
    ]  # fmt: skip
    assert ygg(monkeypatch, "ask", str(places / "chats")) == 0
    told = capsys.readouterr().out
    assert "it asks: May anna?" in told
    assert f"yggdrasil answer chats --id {found[0]['id']}" in told
    assert listed(monkeypatch, capsys, "asking") == []


def test_a_session_is_answered_and_gone_on_with_by_commands(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ygg(monkeypatch, "answer", "chats", "yes") == 1
    assert "2 questions wait for this answer" in capsys.readouterr().err
    assert ygg(monkeypatch, "answer", "chats", "yes", "--of", "a/b") == 0
    assert "yggdrasil run … --session a/b --at chats" in capsys.readouterr().out
    assert ygg(monkeypatch, "run", "./asking", "--session", "a/b", "--at", "chats", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"answer": "yes"}
    assert [q["of"] for q in listed(monkeypatch, capsys, "chats")] == ["anna"]


def test_a_turn_that_asks_says_how_it_is_answered(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ("run", "./asking", "question=Now?", "--session", "bob", "--at", "chats")
    assert ygg(monkeypatch, *run) == 1
    told = capsys.readouterr().err
    assert "it asks: Now?" in told
    assert "yggdrasil answer chats --id" in told
    assert ygg(monkeypatch, *run[:3], "--session", "bob") == 1
    assert "give both --session and --at" in capsys.readouterr().err


def test_a_world_is_answered_without_being_loaded_and_steps_on(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    question = listed(monkeypatch, capsys, "world")[0]["id"]
    assert ygg(monkeypatch, "answer", "world", "blue", "--id", "ask_1") == 1
    assert question in capsys.readouterr().err
    assert ygg(monkeypatch, "answer", "world", "blue", "--id", question) == 0
    assert "yggdrasil step world" in capsys.readouterr().out
    assert "blue" in str(scripted(places / "world", architect=Asks()).step().plan)


def test_a_broken_place_is_told_and_the_others_are_listed(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (places / "world" / "world.db").write_bytes(b"no database " * 500)
    assert ygg(monkeypatch, "ask", "--json") == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 2
    assert "cannot be read as a log" in err
    assert ygg(monkeypatch, "ask", "nowhere") == 1


def test_an_object_is_the_arguments_of_a_call_that_waits_and_words_elsewhere(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone: list[str] = []

    def delete(file: str) -> str:
        """Delete a file."""
        gone.append(file)
        return "deleted"

    turns = [calls(("c", "delete", {"file": "a.txt"})), says("ok")]
    chat = Agent(ScriptedModel(turns), [tool(delete, approve=True)]).session("clerk", places / "files")
    with pytest.raises(Paused):
        chat.run("Tidy up.")
    assert ygg(monkeypatch, "answer", "files", '{"file": ') == 1
    assert "the arguments are no JSON" in capsys.readouterr().err
    assert ygg(monkeypatch, "answer", "files", '{"file": "z.txt"}') == 0
    assert (chat.resume().response, gone) == ("ok", ["z.txt"])

    assert ygg(monkeypatch, "answer", "chats", '{"a": 1}', "--of", "anna") == 0
    assert asking().session("anna", places / "chats").resume().answer == '{"a": 1}'
