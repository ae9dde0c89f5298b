"""Forks share and do not leak, history is whole, replay is exact, bytes grow by news (cases W1, F1, F2, I1)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

from tests.counted import calls_of
from tests.levels.scripted import Asking, Develop, Paint, Remembering, See, calls, scripted
from yggdrasil.agent.ask_person import ask
from yggdrasil.contract import Block, Paused, here, listening
from yggdrasil.engine.cycle.errors import CycleError, LogError, NewerLog
from yggdrasil.levels.stage.philosopher import Philosopher
from yggdrasil.levels.stage.update import PlainUpdate
from yggdrasil.levels.world.replay import ReplayError
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Image, Json, Text
from yggdrasil.state.names import folder_name


class Hurt(Block, type="test/hurt"):
    """Turn 1 of case W1: variant A hurts and finds a key, variant B only waits."""

    variant: str = "A"

    def forward(self, world: Json, intent: Json) -> Json:
        extra = world["extra"]
        calls.seen["update"] = extra
        if intent["text"] == "A":
            return [
                {"op": "set", "field": "extra.hp", "value": extra["hp"] - 3},
                {"op": "set", "field": "extra.clock", "value": extra["clock"] + 1},
                {"op": "set", "field": "extra.inv", "value": [*extra["inv"], "key"]},
            ]
        return [{"op": "set", "field": "extra.clock", "value": extra["clock"] + 2}]


def test_w1_variants_of_a_turn_do_not_leak() -> None:
    beginning = {"extra": {"hp": 10, "clock": 8, "inv": ["lamp"]}}
    root = scripted(update=Hurt(), beginning=beginning)
    root.found()
    before = root.content().digest
    a = root.fork(at=0, name="A")
    a.step(action="A")
    b = root.fork(at=0, name="B")
    b.step(action="B")
    assert calls.seen["development"]["world"]["extra"] == {"hp": 10, "clock": 8, "inv": ["lamp"]}
    assert b.content().extra == {"hp": 10, "clock": 10, "inv": ["lamp"]}
    ran = len(calls.names)
    assert root.branch("A").content().extra == {"hp": 7, "clock": 9, "inv": ["lamp", "key"]}
    assert len(calls.names) == ran
    again = root.fork(at=0, name="B again", variant="B")
    again.step(action="B")
    assert again.content().digest == b.content().digest
    assert again.history()[0].pictures[0]["sha256"] == b.history()[0].pictures[0]["sha256"]
    root.delete_branch("A")
    assert root.branches() == ["main", "B", "B again"]
    assert b.content().extra["clock"] == 10 and root.content().digest == before and root.history() == []
    b.replay()
    with pytest.raises(LogError, match="no branch 'A'"):
        root.branch("A")


def test_memory_of_agents_forks_with_the_world(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", development=Remembering())
    list(world.steps(count=3))
    fork = world.fork(at=2, name="other")
    assert fork.step(action="else").intent["text"] == "step 1, step 2, else"
    assert world.step().intent["text"] == "step 1, step 2, step 3, step 4"
    assert fork.step().intent["text"] == "step 1, step 2, else, step 4"
    world.close()
    reopened = scripted(tmp_path / "w", development=Remembering())
    assert reopened.step().intent["text"].endswith("step 4, step 5")
    assert reopened.branch("other").step().intent["text"].endswith("else, step 4, step 5")


def test_forks_of_forks_outlive_what_they_came_from() -> None:
    world = scripted()
    list(world.steps(count=2))
    middle = world.fork(at=1, name="middle")
    list(middle.steps(count=2))
    leaf = middle.fork(at=2, name="leaf")
    leaf.step()
    before = [s.chronicle for s in leaf.history()]
    world.delete_branch("middle")
    world.fork(at=0, name="middle").step(action="fresh")
    assert [s.chronicle for s in leaf.history()] == before and len(before) == 3
    assert leaf.replay().steps[-1].step == 3
    world.delete_branch("leaf")
    database = sqlite3.connect(world.home / "world.db")
    assert database.execute("SELECT COUNT(*) FROM branches").fetchone() == (2,)
    database.close()


def test_the_same_variant_goes_on_alike_and_another_does_not() -> None:
    world = scripted()
    list(world.steps(count=3))
    same, other = world.fork(1, "same", variant=""), world.fork(1, "other")
    for fork in (same, other):
        list(fork.steps(2))
    shas = [[s.pictures[0]["sha256"] for s in w.history()] for w in (world, same, other)]
    assert shas[0] == shas[1] and shas[0][:1] == shas[2][:1] and shas[0] != shas[2]


def test_a_world_moved_and_stepped_equals_the_world_stepped(tmp_path: Path) -> None:
    straight, moved = scripted(), scripted()
    list(straight.steps(count=3))
    moved.step()
    moved.live_at(tmp_path / "home")
    moved.step()
    moved.close()
    reopened = scripted(tmp_path / "home")
    reopened.step()
    reopened.copy_life(tmp_path / "copy")
    copied = scripted(tmp_path / "copy")
    for world in (reopened, copied):
        assert world.content() == straight.content()
        mine = [(s.chronicle, s.pictures[0]["sha256"], s.record.digest) for s in world.history()]
        assert mine == [(s.chronicle, s.pictures[0]["sha256"], s.record.digest) for s in straight.history()]


class Raising(Block, type="test/raising"):
    """Raise, whatever is asked."""

    def forward(self, task: Json = None, image: Image | None = None, state: Json = None) -> Json:
        raise AssertionError("a model was called")


def test_replay_calls_no_model_and_is_exact(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    list(world.steps(count=5))
    world.close()
    dead: dict[str, Any] = {name: Raising() for name in world.stages}
    replayed = scripted(tmp_path / "w", **dead)
    events: list[Any] = []
    with listening(events.append):
        told = replayed.replay()
    assert [s.step for s in told.steps] == [1, 2, 3, 4, 5] and told.digest == world.content().digest
    assert told.artifacts == len({s.pictures[0]["sha256"] for s in told.steps})
    assert sum(e.kind == "started" and e.path == "creator" for e in events) == 5


def test_replay_refuses_a_changed_picture_and_a_changed_log(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    path = Path(world.step().pictures[0]["path"])
    bytes_before = path.read_bytes()
    path.write_bytes(b"x")
    with pytest.raises(Exception, match="have changed on disk"):
        world.replay()
    path.write_bytes(bytes_before)
    world.replay()
    database = sqlite3.connect(tmp_path / "w" / "world.db")
    database.execute("UPDATE stages SET output = '{\"text\":\"lie\"}' WHERE name = 'author' AND status = 'ran'")
    database.commit()
    database.close()
    with pytest.raises(ReplayError, match="step 1"):
        world.replay()


class BigOnce(Block, type="test/big"):
    """One picture of 1 MiB at the first turn, a word after it."""

    def forward(self, plan: Json, step: Json = None) -> Json:
        if "first" not in plan["scene"]["arguments"]["prompt"]:
            return {"scene": {"media_type": "text/plain", "text": "again"}}
        import random

        data = random.Random(1).randbytes(1 << 20)
        return {"scene": here().artifacts.put(data, "application/octet-stream").to_json()}


class Kib(Block, type="test/kib"):
    """A chronicle of 1 KiB."""

    def forward(self, step: Json) -> Json:
        return {"text": (f"{step} " * 1024)[:1024]}


class First(Block, type="test/first"):
    """Say whether it is the first turn."""

    def forward(self, step: Json) -> Json:
        return {"text": "first" if step == 1 else "later"}


def size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def work(world: World, act: Callable[[], object]) -> tuple[int, int]:
    """How much `act` does, whatever the machine: calls of functions here, and hundreds of SQLite's own steps."""
    steps = [0]

    def stepped() -> int:
        steps[0] += 1
        return 0

    connection = world._home.open().log.database._connection
    connection.set_progress_handler(stepped, 100)
    try:
        return calls_of(act), steps[0]
    finally:
        connection.set_progress_handler(None, 0)


def test_f2_bytes_grow_by_what_is_new(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", development=First(), creator=BigOnce(), author=Kib(), update=PlainUpdate())
    list(world.steps(count=19))
    young = work(world, world.step)
    list(world.steps(count=179))
    old = work(world, world.step)
    world.close()
    stored = size(tmp_path / "w")
    assert stored < 3 * (200 * 1024 + (1 << 20)) + 200 * 2048
    assert old[0] < 2 * young[0] and old[1] < 2 * young[1], (young, old)
    assert [len(world.content(at=k).story) for k in (0, 1, 57, 100, 200)] == [0, 1, 57, 100, 200]
    fork = world.fork(at=100, name="fork")
    list(fork.steps(count=10))
    assert len(fork.content().story) == 110 and len(world.content().story) == 200
    world.close()
    grown = size(tmp_path / "w") - stored
    assert grown < 10 * 3 * (1024 + 4096) + 64 * 1024
    again = scripted(tmp_path / "w")
    assert len(again.content().story) == 200
    stray = again._home.open().artifacts.put(b"stray", "text/plain")
    assert again.prune() == [stray.sha256]
    assert len(list(again._home.open().artifacts.names())) == 1
    again.replay()


def test_f1_effects_happen_once_around_questions(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", creator=Asking(), development=Develop())
    with pytest.raises(Paused, match="Which colour"):
        world.step()
    (question,) = world.questions()
    one = question["id"]
    assert question["ask"] == "Which colour?" and not question["answered"]
    with pytest.raises(LogError, match="nobody asks"):
        world.answer("ask_0000000000000000", "an answer to what was not asked yet")
    assert world.answer(one, "red") is True
    world.close()
    ran = list(calls.names)
    world = scripted(tmp_path / "w", creator=Asking())
    calls.names.extend(ran)
    with pytest.raises(Paused, match="Which size"):
        world.step()
    other = world.fork(at=0, name="other", question=one)
    assert other.answer(one, "blue")
    with pytest.raises(Paused, match="Which size"):
        other.step()
    assert other.answer(other.questions()[-1]["id"], "small")
    assert other.step().artifacts["scene"]["text"] == "blue small"
    two = world.questions()[-1]["id"]
    assert world.answer(two, "large")
    assert not world.answer(two, "large")
    with pytest.raises(CycleError, match="answered already"):
        world.answer(one, "green")
    step = world.step()
    assert step.artifacts["scene"]["text"] == "red large"
    assert [s.status for s in step.stages[5:8]] == ["paused", "paused", "ran"]
    assert not world.answer(two, "large")
    effects = [n for n in calls.names if n in ("E", "F")]
    assert effects == ["E", "F", "F"] and calls.names.count("development") == 1
    assert other.content().story != world.content().story
    other.replay()
    world.replay()


def test_an_answer_goes_to_the_tool_that_asked_and_not_to_the_slot_that_it_makes(tmp_path: Path) -> None:
    class Careful(Block, type="test_world_history/careful", role="Tool"):
        """Ask before painting."""

        def forward(self, prompt: Text, seed: int = 0) -> Text:
            return f"painted in {ask('Which colour?')}"

    world = scripted(tmp_path / "w", tools={"paint": Careful()})
    with pytest.raises(Paused, match="Which colour"):
        world.step()
    (question,) = world.questions()
    assert world.answer(question["id"], "red")
    step = world.step()
    assert step.artifacts["scene"]["text"] == "painted in red" and step.state.get("failures") in (None, {})
    world.replay()


def test_f1_answers_find_their_questions_in_any_order(tmp_path: Path) -> None:
    ids: list[str] = []
    for home in ("known", "ahead"):
        world = scripted(tmp_path / home, creator=Asking(), development=Develop())
        with pytest.raises(Paused, match="Which colour"):
            world.step()
        (first,) = world.questions()
        if ids:
            assert first["id"] == ids[0]
            break
        world.answer(first["id"], "red")
        with pytest.raises(Paused, match="Which size"):
            world.step()
        ids += [first["id"], world.questions()[-1]["id"]]
    assert world.answer(ids[1], "large", ahead=True) and not world.answer(ids[1], "large", ahead=True)
    with pytest.raises(CycleError, match="answered already"):
        world.answer(ids[1], "small", ahead=True)
    assert len(world.questions()) == 1
    world.close()
    world = scripted(tmp_path / "ahead", creator=Asking(), development=Develop())
    assert world.answer(ids[0], "red")
    assert world.step().artifacts["scene"]["text"] == "red large"
    assert calls.names.count("F") == 1
    world.replay()


def test_a_newer_log_is_refused_by_numbers(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    world.close()
    database = sqlite3.connect(tmp_path / "w" / "world.db")
    database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(NewerLog, match="format 99, this version reads up to 2") as error:
        world.history()
    assert (error.value.found, error.value.highest) == (99, 2) and error.value.path.endswith("world.db")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "world.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(LogError, match="cannot be read"):
        scripted(tmp_path / "x").history()


def test_the_scheduler_stores_nothing_and_reads_nothing_of_an_earlier_one(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    world.close()
    assert not list((tmp_path / "w").glob("cursor*"))
    (tmp_path / "w" / "cursor.db").write_bytes(b"nonsense" * 1000)
    assert world.step().step == 2 and world.replay()
    assert (tmp_path / "w" / "cursor.db").read_bytes() == b"nonsense" * 1000


def test_a_step_takes_at_most_half_the_statements_of_the_version_before(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    list(world.steps(count=3))
    said: list[str] = []
    connection = world._home.open().log.database._connection
    connection.set_trace_callback(said.append)
    world.step()
    connection.set_trace_callback(None)
    assert len(said) <= 74 // 2, "\n".join(said)
    assert sum(statement == "COMMIT" for statement in said) == 9, "the beginning, six stages, two calls: each durable"
    assert world.replay().steps[-1].step == 4


def test_i1_world_names_are_kept_as_written(tmp_path: Path) -> None:
    names = ["Замок 21:9", "CON", "a. ", "Ярослав 🐉", "й", "Ä" * 200, "A", "a"]
    for name in names:
        world = scripted(tmp_path / folder_name(name), name=name)
        world.found()
        assert world.show()["name"] == name
        world.close()
    assert len(list(tmp_path.iterdir())) == len(names)


def test_opening_a_long_world_takes_a_bounded_amount_of_work(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    world.close()
    database = sqlite3.connect(tmp_path / "w" / "world.db")
    columns = "position, name, status, reason, seconds, block, output, beside, inputs"
    for step in range(2, 1001):
        database.execute(
            "INSERT INTO steps SELECT branch, ?, status, action, given, digest, started FROM steps WHERE step = 1",
            (step,),
        )
        database.execute(
            f"INSERT INTO stages(branch, step, {columns}) SELECT branch, ?, {columns} FROM stages WHERE step = 1",
            (step,),
        )
        operations = json.dumps([{"op": "append_story", "text": f"line {step}"}])
        database.execute("INSERT INTO operations VALUES (1, ?, 8, ?, '[]')", (step, operations))
    database.commit()
    database.close()
    world = scripted(tmp_path / "w")
    read = work(world, world.content)
    assert len(world.content().story) == 1000
    assert read[0] < 100_000 and read[1] < 1_000, read
    assert world.step().step == 1001


def test_tools_may_take_the_picture_of_an_earlier_slot() -> None:
    from yggdrasil.levels.stage.creator import Creator

    class Tint(Block, role="Tool"):
        def forward(self, image: Image, prompt: Text = "") -> Image:
            return Pictures.new("RGB", image.size, (image.tobytes()[0], 255, 0))

    plan = {
        "scene": {"tool": "paint", "arguments": {"prompt": "p", "seed": 5}},
        "tinted": {"tool": "tint", "arguments": {"image": "scene"}},
        "wrong": {"tool": "tnit", "arguments": {}},
    }
    made = Creator({"paint": Paint(), "tint": Tint()}).run(plan=plan)
    assert set(made.artifacts) == {"scene", "tinted"} and "did you mean 'tint'" in made.failures["wrong"]["message"]
    assert Philosopher(See()).run(artifacts={"poem": {"text": "words"}}).perception["poem"]["text"] == "words"


@pytest.mark.parametrize("wrong", [{1}, "1", 1.0, True, None, [0]])
def test_a_step_or_branch_that_is_no_number_or_name_is_refused_by_what_it_is(wrong: Any) -> None:
    world = scripted()
    world.step()
    with pytest.raises(LogError, match="has no whole step"):
        world.fork(at=wrong, name="elsewhere")
    if not isinstance(wrong, str):
        with pytest.raises(LogError, match="has no branch"):
            world.branch(wrong)
    assert world.branches() == ["main"]
