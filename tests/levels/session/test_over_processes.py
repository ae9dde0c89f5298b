"""A session outlives its process: effects happen once, questions wait, memory goes on."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.levels.session.talking import GIVEN, clerk, main, ran, session
from yggdrasil.contract import Paused
from yggdrasil.engine.cycle.errors import SessionBusy


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = str(tmp_path / "ran.txt")
    monkeypatch.setenv("RAN", file)
    monkeypatch.setenv("KILL", "")
    return file


def elsewhere(folder: Path, what: str, kill: str = "") -> int | None:
    """One turn in another process; gives how that ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.levels.session.talking"])
    process = context.Process(target=main, args=(folder, os.environ["RAN"], what, kill))
    process.start()
    process.join(120)
    return process.exitcode


def test_killed_inside_a_tool_an_agent_goes_on_and_no_tool_runs_twice(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, "clerk", "look") == -signal.SIGKILL
    chat = session(tmp_path, "clerk")
    assert (chat.unfinished.status, chat.history, chat.waiting) == ("cut", [], None)
    assert chat.resume().response == "done"
    assert ran() == ["wrote:x"]
    assert [turn.inputs for turn in chat.history] == [{"prompt": "go"}]
    again = session(tmp_path, "clerk")
    assert again.run("and now?").response == "hello again"
    assert len(again.block.llm.seen[-1]["messages"]) == 7


def test_a_call_that_may_not_be_repeated_is_asked_about_after_a_kill(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, "payer", "pay") == -signal.SIGKILL
    chat = session(tmp_path, "payer")
    with pytest.raises(Paused, match=r"was begun and its end is not known \(arguments=\{.*bob"):
        chat.resume()
    assert (chat.waiting.place, chat.waiting.id[:7]) == ("agent", "unsure_")
    assert session(tmp_path, "payer").answer("paid bob").response == "it is paid"
    assert ran() == ["paid:bob"]


def test_effects_of_a_function_happen_once_over_a_kill(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, "twice", "second") == -signal.SIGKILL
    assert session(tmp_path, "twice").resume().text == "first:w second:w"
    assert ran() == ["first:w", "second:w"]


def test_a_question_of_a_graph_is_answered_by_another_process(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, "asking") == 1
    chat = session(tmp_path, "asking")
    assert (chat.waiting.question, chat.waiting.place, chat.unfinished.status) == ("May I?", "asking/ask", "paused")
    with pytest.raises(Paused):
        chat.run(GIVEN["asking"])
    assert chat.answer("yes").done == "wrote:yes"
    assert (ran(), chat.waiting, chat.unfinished) == (["wrote:yes"], None, None)


def hold(folder: Path, held: Any, free: Any) -> None:
    chat: Any = clerk().session("anna", folder)
    home, branch = chat._there()
    with home.writing(branch, 5):
        held.set()
        free.wait(60)


def test_two_processes_on_one_session_come_one_after_the_other(tmp_path: Path) -> None:
    session(tmp_path, "clerk").run("go")
    context = multiprocessing.get_context("forkserver")
    held, free = context.Event(), context.Event()
    process = context.Process(target=hold, args=(tmp_path, held, free))
    process.start()
    assert held.wait(60)
    with pytest.raises(SessionBusy, match=f"the session is held by process {process.pid}"):
        session(tmp_path, "clerk", wait=0.0).run("again")
    assert clerk().session("bob", tmp_path, wait=0.0).run("go").response == "done"
    free.set()
    assert session(tmp_path, "clerk").run("again").response == "hello again"
    process.join(60)
    assert process.exitcode == 0
