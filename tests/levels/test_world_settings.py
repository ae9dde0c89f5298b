"""A world is as it is set now; what it hands out is a copy; a step can name where the world must stand."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_session import together
from tests.levels.scripted import Develop, calls, scripted
from yggdrasil.contract import Block
from yggdrasil.engine.cycle.errors import HeadMoved
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json, Text
from yggdrasil.store.load import load
from yggdrasil.store.save import save


class Styled(Block, type="test/styled"):
    """Tell what a stage may know of the settings."""

    def forward(self, style: Json, language: Json, wish: Json, step: Json, action: Text | None = None) -> Json:
        return {"text": f"{style} {language} {wish}"}


@pytest.mark.parametrize("style", ["", "norse"])
def test_a_setting_changed_between_steps_is_heard_at_once_and_after_loading(style: str, tmp_path: Path) -> None:
    world = scripted(tmp_path / "w", development=Styled(), style=style)
    assert world.step().intent["text"] == f"{style} en a fjord"
    world.style, world.language = "noir", "ru"
    assert world.step().intent["text"] == "noir ru a fjord"
    save(world, tmp_path / "w")
    world.close()
    again = load(tmp_path / "w")
    assert isinstance(again, World) and again.step().intent["text"] == "noir ru a fjord"
    other = again.fork(at=1, name="other")
    other.style = "pulp"
    assert other.step().intent["text"] == "pulp ru a fjord"
    assert again.step().intent["text"] == "noir ru a fjord"


class Restyles(Block, type="test/restyles"):
    """Let the story change the style."""

    def forward(self, chronicle: Json) -> Json:
        return [{"op": "set", "field": "style", "value": "cubist"}]


def test_a_style_that_the_story_changed_outlives_the_setting_it_began_with() -> None:
    world = scripted(development=Styled(), update=Restyles(), style="norse")
    assert [s.intent["text"].split()[0] for s in world.steps(count=2)] == ["norse", "cubist"]


def test_fields_that_a_world_adds_later_are_taken_from_then_on() -> None:
    world = scripted()
    world.fields = ["mood"]
    assert world.step(state={"mood": "grim"}).settled == {"mood": {"text": "grim"}}


def test_content_changed_in_place_changes_no_world(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    before = world.content().digest
    mine = world.content()
    mine.facts.append("x")
    mine.places[0].description = "elsewhere"
    mine.extra["y"] = 1
    step = world.step()
    step.state["intent"]["text"] = "changed after"
    assert world.content(at=1).digest == before and "x" not in world.content().facts
    assert world.history()[1].intent["text"] == "event 2"
    world.replay()


def test_what_a_world_was_given_stays_the_givers_own() -> None:
    beginning: dict[str, Any] = {"places": [{"name": "Fjord"}]}
    world = scripted(beginning=beginning)
    world.beginning["places"].append({"name": "Cave"})
    assert beginning == {"places": [{"name": "Fjord"}]}
    assert scripted().beginning != world.beginning


class Meddles(Develop, type="test/meddles"):
    """Change in place what it was given."""

    def forward(self, step: Json, world: Json, story: Json, past: Json, action: Text | None = None) -> Json:
        told = super().forward(step, world, story, past, action)
        world["facts"].append("meddled")
        story.append("meddled")
        return told


def test_a_stage_that_changes_what_it_was_given_changes_nothing_else() -> None:
    class Spoils(Block, type="test/spoils"):
        """Plan, and spoil the intent."""

        def forward(self, intent: Json) -> Json:
            text = intent["text"]
            intent["text"] = "spoilt"
            return {"paints": [{"prompt": f"{text} in scene", "slot": "scene"}]}

    world, plain = scripted(development=Meddles(), architect=Spoils()), scripted()
    for each in (world, plain):
        list(each.steps(count=2))
    assert world.content() == plain.content()
    assert [s.intent for s in world.history()] == [s.intent for s in plain.history()]
    world.replay()


def test_a_step_that_expects_another_head_is_refused_and_names_both() -> None:
    world = scripted()
    assert world.last_step == -1
    world.step(expect=0)
    world.step(expect=1)
    before = (world.content().digest, len(calls.names))
    with pytest.raises(HeadMoved, match="'main' stands at step 2, not at step 1") as refused:
        world.step(action="late", expect=1)
    assert (refused.value.stands, refused.value.expected) == (2, 1)
    assert (world.content().digest, len(calls.names), world.unfinished()) == (*before, None)
    assert world.last_step == 2 and world.step(expect=2).step == 3


def test_of_two_who_saw_the_same_head_one_steps_and_the_other_is_told() -> None:
    world, told = scripted(), list[str]()
    world.step()

    def step() -> None:
        try:
            world.step(expect=1)
        except HeadMoved as error:
            told.append(str(error))

    together(step, step)
    assert world.last_step == 2 and len(told) == 1


def test_a_lost_picture_is_told_and_hides_nothing_else(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    list(world.steps(count=2))
    lost, kept = (s.pictures[0] for s in world.history())
    Path(lost["path"]).unlink()
    steps = world.show()["steps"]
    assert [p.get("missing", False) for s in steps for p in s["pictures"]] == [True, False]
    assert steps[1]["pictures"][0]["path"] == Path(kept["path"]).relative_to(world.home).as_posix()
    assert str(tmp_path) not in str(world.show()) and len(world.history()) == 2
    with pytest.raises(Exception, match="is not"):
        world.replay()


def test_a_life_is_opened_once_by_many_threads(tmp_path: Path) -> None:
    world, opened = scripted(tmp_path / "w"), list[int]()
    together(*[lambda: opened.append(id(world._home.open()))] * 6)
    assert len(set(opened)) == 1


def test_readers_are_not_disturbed_while_a_step_runs(tmp_path: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Waits(Block, type="test/waits"):
        """Plan when told to."""

        def forward(self, intent: Json) -> Json:
            inside.set()
            go_on.wait()
            return {"paints": [{"prompt": intent["text"], "slot": "scene"}]}

    go_on.set()
    world = scripted(tmp_path / "w", architect=Waits())
    list(world.steps(count=12))
    before = world.show()
    go_on.clear()
    inside.clear()
    writer = threading.Thread(target=world.step)
    writer.start()
    inside.wait()
    reader = world.branch("main")
    for at in range(13):
        assert reader.content(at=at).story == world.content().story[:at]
    seen = world.show()
    assert seen.pop("unfinished")["step"] == 13 and seen == before
    fork = world.fork(at=5, name="aside")
    assert fork.content().digest == world.content(at=5).digest and len(world.replay().steps) == 12
    go_on.set()
    writer.join()
    assert world.last_step == 13


def test_content_is_read_by_many_while_old_entries_go(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    list(world.steps(count=20))
    wanted = [world.content(at=at).digest for at in range(21)]

    def read() -> None:
        for _ in range(3):
            assert [world.content(at=at).digest for at in range(21)] == wanted

    together(*[read] * 4)
