"""Worlds and stages are saved and loaded by the same two verbs as everything, and live on alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.levels.scripted import Develop, Remembering, Tell, calls, scripted
from yggdrasil.contract import Block, ConfigError, Event, listening
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.errors import YggError
from yggdrasil.levels.stage.answer import BlockError
from yggdrasil.levels.stage.stage import Stage, StageError
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json, Text
from yggdrasil.state import StateError
from yggdrasil.store.load import load
from yggdrasil.store.save import save


def told(world: World) -> list[Any]:
    return [(s.step, s.chronicle, s.pictures[0]["sha256"], s.record.digest) for s in world.history()]


def test_a_world_saved_loaded_and_stepped_equals_the_world_stepped(tmp_path: Path) -> None:
    straight = scripted(name="Ярослав", development=Remembering())
    list(straight.steps(count=4))
    world = scripted(name="Ярослав", development=Remembering())
    world.step()
    save(world, tmp_path / "home")
    assert world.home == tmp_path / "home"
    world.step()
    world.close()
    loaded = load(tmp_path / "home")
    assert isinstance(loaded, World) and loaded.name == "Ярослав" and loaded.home == tmp_path / "home"
    loaded.step()
    save(loaded, tmp_path / "copy")
    assert loaded.home == tmp_path / "home"
    copied = load(tmp_path / "copy")
    assert isinstance(copied, World)
    copied.step()
    loaded.step()
    assert told(copied) == told(loaded) == told(straight)
    assert copied.content() == straight.content()


def test_a_loaded_world_forks_from_before_its_agents_knew_anything(tmp_path: Path) -> None:
    world = scripted(development=Remembering())
    save(world, tmp_path / "home")
    list(world.steps(count=3))
    save(world, tmp_path / "home")
    world.close()
    loaded = load(tmp_path / "home")
    assert isinstance(loaded, World)
    assert loaded.fork(at=0, name="anew").step().intent["text"] == "step 1"
    assert loaded.step().intent["text"] == "step 1, step 2, step 3, step 4"


def test_a_world_saved_before_it_lived_lives_where_it_was_saved(tmp_path: Path) -> None:
    save(scripted(), tmp_path / "home")
    loaded = load(tmp_path / "home")
    assert isinstance(loaded, World)
    loaded.step()
    again = load(tmp_path / "home")
    assert isinstance(again, World) and len(again.history()) == 1


def test_a_save_never_writes_over_another_world(tmp_path: Path) -> None:
    first, second = scripted(), scripted(wish="another")
    for world in (first, second):
        world.step()
    save(first, tmp_path / "home")
    with pytest.raises(LogError, match="another world lives here"):
        save(second, tmp_path / "home")
    assert len(first.history()) == 1 and first.show()["wish"] == "a fjord"


def test_a_dropped_step_is_remembered_by_nobody() -> None:
    class Blind(Block):
        def forward(self, artifacts: Json) -> Json:
            return {}

    world = scripted(development=Remembering(), philosopher=Blind())
    assert [s.intent["text"] for s in world.steps(count=3)] == ["step 1", "step 2", "step 3"]
    assert {s.status for s in world.history()} == {"dropped"}


def test_a_stage_is_finished_only_after_it_is_durable() -> None:
    world = scripted(name="w")
    seen: list[tuple[str, list[str]]] = []

    def listen(event: Event) -> None:
        if event.kind == "finished" and event.path.count("/") == 1:
            waiting = world.unfinished()
            ran = [s.name for s in waiting.stages if s.status == "ran"] if waiting else ["all"]
            seen.append((event.path, ran))

    with listening(listen, inline=True):
        world.step()
    assert [path for path, _ in seen] == [
        "w/development", "w/architect", "w/creator", "w/philosopher", "w/author", "w/update",
    ]  # fmt: skip
    assert all(path.split("/")[1] in ran or ran == ["all"] for path, ran in seen)


def test_a_stage_runs_alone_and_survives_saving(tmp_path: Path) -> None:
    stage = Stage(Tell(), plays="author")
    state = {"intent": {"text": "a"}, "perception": {"scene": {"text": "b"}}}
    inputs: dict[str, Any] = {"state": state, "context": {"step": 3}}
    before = stage.run(**inputs)
    save(stage, tmp_path / "stage")
    after = load(tmp_path / "stage").run(**inputs)
    assert before == after and after.value == {"text": "3: a, and b."}


class Greedy(Block, type="test/greedy"):
    """Want what no stage has."""

    def forward(self, weather_report: int) -> Json:
        return {}


class Wrong(Block, type="test/wrong"):
    """Give what no plan is."""

    def forward(self, intent: Json) -> Json:
        return {"scene": "just a word"}


def test_a_body_that_does_not_fit_is_told_so() -> None:
    with pytest.raises(StageError, match="needs 'weather_report'"):
        scripted(author=Greedy()).step()
    world = scripted(architect=Wrong())
    with pytest.raises(BlockError, match=r"plan\.scene"):
        world.step()
    waiting = world.unfinished()
    assert waiting is not None and waiting.stages[-1].status == "failed"
    with pytest.raises(ConfigError, match="needs a body"):
        Stage(plays="author")
    with pytest.raises(ConfigError, match="the world has no philosopher, author"):
        World(development=Develop())
    with pytest.raises(ConfigError, match="plays author"):
        scripted(update=Stage(Tell(), plays="author"))


def test_one_writer_may_be_one_block_at_several_places() -> None:
    both = Remembering()
    world = scripted(development=both)
    world.step()
    assert world.children()["development"].children()["body"] is both
    assert calls.names[-1] == "update"


@pytest.mark.parametrize("seed", [2**53, 2**60, 2**62])
def test_a_world_of_a_large_seed_is_saved_and_goes_on_alike(seed: int, tmp_path: Path) -> None:
    alone = scripted(seed=seed)
    wanted = [step.record.digest for step in alone.steps(count=2)]
    world = scripted(seed=seed)
    first = world.step().record.digest
    save(world, tmp_path / "w")
    world.close()
    again = load(tmp_path / "w")
    assert isinstance(again, World) and again.seed == seed
    assert [first, again.step().record.digest] == wanted
    assert len(again.replay().steps) == 2


class Odd(Block, type="test_saved/odd"):
    """Decide something that no log holds, until it is told to be plain."""

    odd: ClassVar[Any] = None

    def forward(self, step: Json, action: Text | None = None) -> Json:
        return {"text": "an owl comes", "weights": {"owl": [1, self.odd]}}


@pytest.mark.parametrize("odd", [float("nan"), np.float32("inf"), {1}, b"x", object(), Path("x"), np.arange(2)])
def test_n46_what_a_stage_gives_that_no_log_holds_is_refused_by_its_place_and_the_step_can_go_on(
    odd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Odd, "odd", odd)
    world = scripted(development=Odd())
    with pytest.raises(YggError, match=r"(intent|value)\.weights\.owl\.1.* (is|holds) .*give text") as refused:
        world.step()
    assert refused.value.where.startswith("world/development")
    monkeypatch.setattr(Odd, "odd", np.int64(7))
    assert world.step().intent["weights"] == {"owl": [1, 7]}
    world.replay()
    with pytest.raises(StateError, match=r"intent\.odd: is "):
        world.step(state={"intent": {"text": "a", "odd": odd}})
    assert world.step().step == 2


def test_n46_an_operation_that_no_log_holds_changes_nothing_and_is_told() -> None:
    class Wrong(Block):
        """Change the world by a set."""

        def forward(self, chronicle: Json) -> Json:
            return [{"op": "add_fact", "text": {1}}]

    with pytest.raises(BlockError, match=r"operations\.0\.text is set"):
        scripted(update=Wrong()).step()
