"""Notes outlive the conversation, belong to one owner, and a plan is kept in the session and told as progress."""

from __future__ import annotations

from pathlib import Path

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from yggdrasil.testing import ScriptedModel, check_block


def test_what_one_conversation_keeps_another_finds(tmp_path: Path) -> None:
    at = tmp_path / "notes.db"
    keeps = calls(("1", "keep_note", {"note": "Anna is afraid of dogs."}))
    first = ygg.Agent(ScriptedModel([keeps, says("I shall remember.")]), ygg.notes(at, whose="anna"))
    first.session("monday", tmp_path / "chats").run("I fear dogs.")
    model = ScriptedModel([calls(("1", "find_notes", {"words": "dog"})), says("No dogs then.")])
    second = ygg.Agent(model, ygg.notes(at, whose="anna"))
    assert second.session("friday", tmp_path / "chats").run("A walk?").response == "No dogs then."
    assert model.seen[-1]["messages"][-1]["content"] == "Anna is afraid of dogs."


def test_notes_are_their_owners_found_by_words_of_any_form_and_may_be_replaced(tmp_path: Path) -> None:
    keep, find = ygg.notes(tmp_path / "a" / "notes.db", whose="bo")
    for note in ("Лодка Бо стоит у северного причала.", "Bo sails on Mondays.", "Bo has a sail and a boat."):
        assert keep.run(note).text == keep.run(note).text == "kept"
    assert find.run("у лодки").text == "Лодка Бо стоит у северного причала."
    assert find.run("boat with sails").text.splitlines() == ["Bo has a sail and a boat.", "Bo sails on Mondays."]
    assert keep.run("Bo sails on Fridays.", "Bo sails on Mondays.").text == "kept"
    assert find.run().text.splitlines()[0] == "Bo sails on Fridays." and "Mondays" not in find.run().text
    assert "no note 'x'" in keep.run("", "x").text
    other = ygg.notes(tmp_path / "a" / "notes.db", whose="anna")[1]
    assert other.run("boat").text == other.run().text == "nothing was kept about that"


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("no notes, but a text that is long enough to be read " * 50)
    with pytest.raises(ygg.NotStored, match="the notes: file is not a database"):
        ygg.notes(tmp_path / "notes.db")[1].run()


def test_note_tools_are_blocks_like_any(tmp_path: Path) -> None:
    check_block(ygg.notes(tmp_path / "notes.db")[1], {"words": "boat"})


def test_a_plan_is_kept_in_its_session_and_told_as_progress(tmp_path: Path) -> None:
    plan = [{"step": "catch", "state": "done"}, {"step": "cook", "state": "doing"}]
    turns = [calls(("1", "to_do", {"steps": plan})), calls(("2", "to_do", {})), says("Soon.")]
    model = ScriptedModel(turns)
    agent = ygg.Agent(model, [ygg.ToDo()])
    told = [event.data for event in agent.stream("Dinner.") if event.kind == "progress"]
    assert told[0] == {"done": 1, "of": 2, "unit": "steps"}
    assert model.seen[-1]["messages"][-1]["content"] == "[done] catch\n[doing] cook"
    with ygg.session():
        assert ygg.ToDo().run().text == "there is no plan yet"
    assert "state" in str(model.seen[0]["tools"])
    ygg.save(ygg.Agent(Scripted(), [ygg.ToDo()]), tmp_path / "a")
    assert ygg.load(tmp_path / "a", ygg.Agent).toolbox.find("to_do").block.type_name == "to_do"
