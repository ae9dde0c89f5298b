"""Sessions of functions, agents and graphs: turns, names, other blocks, pictures, bad places."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.levels.session.talking import asking, clerk, ran, twice, write
from yggdrasil.contract import NotStored, Paused, PortError, here
from yggdrasil.contract.session import SessionError
from yggdrasil.engine.cycle.errors import CycleError, LogError, NewerLog, ReadOnlyPlace, SessionBusy, TurnOpen
from yggdrasil.levels.session.folder import sessions
from yggdrasil.levels.world.replay import ReplayError
from yggdrasil.ports import Image, Text
from yggdrasil.testing.model import ScriptedModel, says


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAN", str(tmp_path / "ran.txt"))
    monkeypatch.setenv("KILL", "")
    return tmp_path / "ran.txt"


def test_a_function_has_a_session_and_its_turns_are_kept(tmp_path: Path) -> None:
    talk = twice.session("anna", tmp_path)
    assert talk.run("a").text == "first:a second:a"
    assert talk.run(word="a").text == "first:a second:a"
    assert [turn.outputs.text for turn in twice.session("anna", tmp_path).history] == ["first:a second:a"] * 2
    assert ran() == ["first:a", "second:a"] * 2
    assert talk.verify() == {"turns": 2, "artifacts": 0}


def test_nothing_is_written_before_the_first_turn(tmp_path: Path) -> None:
    chat = twice.session("anna", tmp_path / "chats")
    assert (chat.history, chat.waiting, chat.unfinished, chat.changed, chat.verify()) == (
        [], None, None, [], {"turns": 0, "artifacts": 0},
    )  # fmt: skip
    with pytest.raises(SessionError, match="there is no session 'anna' yet"):
        chat.resume()
    with pytest.raises(PortError):
        chat.run(wrod="a")
    assert not (tmp_path / "chats").exists()


def test_an_agent_remembers_in_its_session_and_nowhere_else(tmp_path: Path) -> None:
    agent = clerk()
    anna, bob = agent.session("anna", tmp_path), agent.session("bob", tmp_path)
    assert [anna.run("go").response, anna.run("more").response, bob.run("go").response] == [
        "done", "hello again", "done",
    ]  # fmt: skip
    assert agent.memory.messages == []
    first = anna.history[0]
    assert [event["kind"] for event in first.events] == ["tool_call", "tool_result"] * 2
    assert first.when.tzinfo is not None and first.seconds > 0
    assert sessions(tmp_path) == ["anna", "bob"]


def test_a_session_streams_and_is_awaited(tmp_path: Path) -> None:
    chat: Any = clerk().session("anna", tmp_path)
    with chat.stream("go") as stream:
        told = [event.data["tool"] for event in stream if event.kind == "tool_call"]
    assert (told, stream.outputs.response) == (["write", "look"], "done")
    assert asyncio.run(chat.arun("more")).response == "hello again"
    assert len(chat.history) == 2


def test_an_answered_turn_goes_on_event_by_event_under_asyncio(tmp_path: Path) -> None:
    async def talk() -> str:
        chat = asking().session("anna", tmp_path)
        with pytest.raises(Paused):
            await chat.arun("x")
        chat.answer("yes", go_on=False)
        assert chat.unfinished is not None
        stream = chat.astream(**chat.unfinished.inputs)
        assert "finished" in [event.kind async for event in stream]
        return str((await stream.result()).done)

    assert asyncio.run(talk()) == "wrote:yes"


def test_an_unfinished_turn_is_gone_on_with_by_its_own_inputs_and_by_no_other(tmp_path: Path) -> None:
    chat = asking().session("anna", tmp_path)
    with pytest.raises(Paused):
        chat.run("May I?")
    with pytest.raises(TurnOpen, match=r"turn 1 waits for an answer to 'May I\?'.*drop\(\) leaves it out"):
        chat.run("Another thing")
    assert chat.answer("yes", go_on=False) is None
    assert chat.run("May I?").done == "wrote:yes"
    with pytest.raises(CycleError, match="no turn of 'anna' is open"):
        chat.resume()
    with pytest.raises(CycleError, match="0 questions wait"):
        chat.answer("yes")


def test_a_dropped_turn_leaves_no_memory(tmp_path: Path) -> None:
    class Fails(ScriptedModel, init=False):
        def chat(self, messages: Any, **rest: Any) -> Any:
            if messages[-1]["content"] == "bad":
                raise ValueError("no")
            return super().chat(messages, **rest)

    chat: Any = ygg.Agent(Fails([says("one"), says("two")])).session("anna", tmp_path)
    chat.run("good")
    with pytest.raises(ValueError, match="no"):
        chat.run("bad")
    assert (chat.unfinished.status, chat.unfinished.reason) == ("failed", "no")
    chat.drop()
    assert chat.run("good").response == "two"
    assert [(turn.number, turn.status) for turn in chat.history] == [(1, "whole"), (2, "dropped"), (3, "whole")]
    assert [m["content"] for m in chat.block.llm.seen[-1]["messages"]] == ["good", "one", "good"]


def test_a_cancelled_turn_goes_on(tmp_path: Path) -> None:
    begun, free = threading.Event(), threading.Event()

    @ygg.block
    def slow(word: Text) -> Text:
        """Wait until it is let go."""
        here().once("effect", {}, lambda: write.run(word=word))
        begun.set()
        free.wait(60)
        here().check()
        return word

    chat: Any = slow.session("anna", tmp_path)
    stream = chat.stream("a")
    assert begun.wait(60)
    threading.Timer(0, lambda: (stream._cancel(), free.set())).start()
    stream.close()
    assert chat.unfinished.status == "cancelled"
    assert chat.resume().text == "a"
    assert ran() == ["wrote:a"]


def test_two_threads_on_one_session_come_one_after_the_other(tmp_path: Path) -> None:
    begun, free = threading.Event(), threading.Event()

    @ygg.block
    def slow(word: Text) -> Text:
        """Wait until it is let go."""
        begun.set()
        free.wait(60)
        return word

    stream = slow.session("anna", tmp_path).stream("a")
    assert begun.wait(60)
    with pytest.raises(SessionBusy, match="the session is held by process"):
        slow.session("anna", tmp_path, wait=0.0).run("b")
    free.set()
    assert stream.outputs.text == "a"


def test_a_turn_that_would_run_its_own_session_is_refused_at_once(tmp_path: Path) -> None:
    @ygg.block
    def inner(word: Text) -> Text:
        """Talk to oneself."""
        return inner.session("anna", tmp_path).run(word).text

    with pytest.raises(SessionBusy, match="the turn that runs here"):
        inner.session("anna", tmp_path).run("a")


NAMES = ["../x", "a/b", "x" * 300, "Ёж — 🦔", "..", "\n", "CON", "a\0b", "'; DROP TABLE steps; --", "main"]


def test_a_name_is_no_path(tmp_path: Path) -> None:
    home = tmp_path / "chats"
    kept = [name for name in NAMES if name.strip()]
    for name in kept:
        twice.session(name, home).run(name.replace("\0", ""))
    assert sessions(home) == kept
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chats", "ran.txt"]
    assert {p.name for p in home.iterdir()} - {"sessions.db-wal", "sessions.db-shm"} == {"sessions.db", "locks"}
    assert twice.session("../x", home).history[0].inputs == {"word": "../x"}


@pytest.mark.parametrize("name", ["", " ", "\n", "x" * 401, 5, None, "\ud800"])
def test_what_is_no_name_is_refused_by_name(name: Any, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"session: "):
        twice.session(name, tmp_path)


def test_another_block_is_refused_unless_it_is_adopted(tmp_path: Path) -> None:
    clerk().session("anna", tmp_path).run("go")
    other = ygg.Agent(ScriptedModel([says("new")]), tools=[write])
    with pytest.raises(SessionError, match=r"held with another block than this block 'agent'.*adopt=True"):
        other.session("anna", tmp_path)
    taken = other.session("anna", tmp_path, adopt=True)
    assert taken.run("go").response == "new"
    assert taken.history[1].changed[0] == "another block: agent"
    assert other.session("anna", tmp_path).changed == []


def test_another_setting_or_model_is_taken_and_told(tmp_path: Path) -> None:
    class Other(ScriptedModel, init=False):
        """Another model."""

    clerk().session("anna", tmp_path).run("go")
    agent = clerk(instructions="Be brief.")
    agent.llm = Other([says("x")])
    chat = agent.session("anna", tmp_path)
    assert chat.changed[0] == "instructions unset → 'Be brief.'"
    assert chat.changed[1].startswith("llm: type 'ScriptedModel' → 'test_another_setting")
    chat.run("more")
    assert (len(chat.history[1].changed), chat.changed) == (2, [])


def test_pictures_that_are_given_and_made_live_in_the_folder(tmp_path: Path) -> None:
    @ygg.block
    def mirror(image: Image) -> Image:
        """Mirror a picture."""
        return image.transpose(Pictures.Transpose.FLIP_LEFT_RIGHT)

    picture = Pictures.new("RGB", (2, 1))
    picture.putpixel((0, 0), (255, 0, 0))
    made = mirror.session("anna", tmp_path).run(picture).image
    turn = mirror.session("anna", tmp_path).history[0]
    assert turn.inputs["image"].tobytes() == picture.tobytes() != made.tobytes()
    assert turn.outputs.image.tobytes() == made.tobytes()
    assert mirror.session("anna", tmp_path).verify() == {"turns": 1, "artifacts": 2}
    next((tmp_path / "artifacts").glob("??/*")).write_bytes(b"broken")
    with pytest.raises(ygg.ArtifactError):
        mirror.session("anna", tmp_path).verify()


def test_what_cannot_be_kept_is_refused_before_the_turn_begins(tmp_path: Path) -> None:
    @ygg.block
    def odd(value: Any) -> str:
        """Take anything."""
        return "x"

    chat = odd.session("anna", tmp_path)
    with pytest.raises((SessionError, PortError), match="value"):
        chat.run(object())
    assert chat.unfinished is None


def test_a_fork_shares_what_came_before_and_nothing_after(tmp_path: Path) -> None:
    chat: Any = clerk().session("anna", tmp_path)
    for prompt in ("go", "b", "c"):
        chat.run(prompt)
    side: Any = chat.fork("anna-2", at=2)
    side.run("d")
    chat.run("e")
    assert [turn.inputs["prompt"] for turn in side.history] == ["go", "b", "d"]
    assert [turn.inputs["prompt"] for turn in chat.history] == ["go", "b", "c", "e"]
    told = [m["content"] for m in side.block.llm.seen[-2]["messages"]]
    assert ("b" in told, "c" in told) == (True, False)
    chat.forget()
    assert (sessions(tmp_path), chat.history) == (["anna-2"], [])
    assert len(clerk().session("anna-2", tmp_path).history) == 3
    with pytest.raises(LogError, match="there is a branch 'anna-2' already"):
        side.fork("anna-2")


def test_a_fork_at_an_open_question_shares_the_whole_turns_and_asks_for_itself(tmp_path: Path) -> None:
    chat: Any = asking().session("anna", tmp_path)
    for prompt in ("First?", "Second?"):
        with pytest.raises(Paused):
            chat.run(prompt)
        if prompt == "First?":
            chat.answer("one")
    side: Any = chat.fork("anna-2")
    assert (side.waiting, side.unfinished, [turn.outputs.done for turn in side.history]) == (None, None, ["wrote:one"])
    with pytest.raises(CycleError, match="0 questions wait"):
        side.answer("yes")
    with pytest.raises(LogError, match="no whole step 2"):
        chat.fork("anna-3", at=2)
    with pytest.raises(Paused):
        side.run("Second?")
    assert side.waiting.id != chat.waiting.id
    assert (side.answer("no").done, chat.waiting.question, chat.answer("yes").done) == (
        "wrote:no", "Second?", "wrote:yes",
    )  # fmt: skip
    assert ran() == ["wrote:one", "wrote:no", "wrote:yes"]


def test_a_replay_tells_the_events_again_and_calls_nothing(tmp_path: Path) -> None:
    clerk().session("anna", tmp_path).run("go")
    chat: Any = clerk().session("anna", tmp_path)
    told: list[str] = []
    with ygg.listening(lambda event: told.append(event.kind), inline=True):
        turns = chat.replay()
    assert told == ["tool_call", "tool_result"] * 2
    assert ([turn.outputs.response for turn in turns], chat.block.llm.seen, ran()) == (["done"], [], ["wrote:x"])


def test_a_changed_log_is_found_by_verify(tmp_path: Path) -> None:
    clerk().session("anna", tmp_path).run("go")
    with sqlite3.connect(tmp_path / "sessions.db") as raw:
        raw.execute("UPDATE stages SET output = replace(output, 'done', 'gone') WHERE step = 1")
    with pytest.raises(ReplayError, match=r"turn 1: gives .* restore .*sessions\.db from a copy"):
        clerk().session("anna", tmp_path).verify()


def test_a_full_disk_loses_no_turn(tmp_path: Path) -> None:
    chat: Any = clerk().session("anna", tmp_path)
    chat.run("go")
    raw = chat._opened().log.database._connection
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(NotStored, match="nothing that was there is lost"):
        [chat.run(f"{number}" * 50) for number in range(1000)]
    done = len(chat.history)
    raw.execute("PRAGMA max_page_count=100000")
    assert chat.run("more").response == "hello again" if chat.unfinished is None else chat.resume()
    assert (len(chat.history), chat.verify()["turns"]) == (done + 1, done + 1)


def test_a_read_only_folder_is_read_and_refuses_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk().session("anna", tmp_path / "chats").run("go")
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "chats", copy)
    monkeypatch.setattr("yggdrasil.engine.cycle.database.is_writable", lambda path: False)
    chat: Any = clerk().session("anna", copy)
    assert [turn.inputs for turn in chat.history] == [{"prompt": "go"}]
    with pytest.raises(ReadOnlyPlace, match="what lives there can be read"):
        chat.run("more")
    with pytest.raises(ReadOnlyPlace):
        chat.forget()


def damaged(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version=99")


BROKEN = [
    (damaged, LogError, "cannot be read as a log"),
    (newer, NewerLog, "format 99"),
    (Path.unlink, LogError, "is gone"),
]


@pytest.mark.parametrize(("harm", "error", "words"), BROKEN, ids=["damaged", "newer", "gone"])
def test_a_broken_file_is_refused_and_left_as_it_is(harm: Any, error: type, words: str, tmp_path: Path) -> None:
    home = tmp_path / "chats"
    clerk().session("anna", tmp_path / "first").run("go")
    with sqlite3.connect(tmp_path / "first" / "sessions.db") as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(tmp_path / "first", home)
    harm(home / "sessions.db")
    before = sorted(p.read_bytes() for p in home.glob("*.db"))
    with pytest.raises(error, match=words):
        clerk().session("anna", home)
    assert sorted(p.read_bytes() for p in home.glob("*.db")) == before


def test_a_world_keeps_its_own_log(tmp_path: Path) -> None:
    from tests.levels.scripted import scripted

    with pytest.raises(SessionError, match="a world has a log of its own"):
        scripted(tmp_path / "w").session("anna", tmp_path)


def test_a_conversation_is_not_stored_over_and_over(tmp_path: Path) -> None:
    chat: Any = clerk().session("anna", tmp_path)
    for number in range(60):
        chat.run(f"{number} " + "word " * 40)
    rows = chat._opened().log.database.all("SELECT length(value) FROM memory")
    assert sum(length for (length,) in rows) < 4 * max(length for (length,) in rows)
