"""Edits by hand are a branch's own, whole or absent, and taken back exactly; a step done again stands beside."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import yggdrasil
from tests.levels.scripted import Fragile, calls, scripted
from yggdrasil.contract import Block
from yggdrasil.engine.cycle.errors import CycleError, LogError
from yggdrasil.levels.world.edits import EditError
from yggdrasil.levels.world.replay import ReplayError
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json, Text
from yggdrasil.state.operations import AddFact, OperationError, UnknownName

FOX = {"op": "add_fact", "text": "The fox is red."}
NAMES = st.sampled_from(["Olaf", "Mara", "Sten"])
EDITS = st.one_of(
    st.fixed_dictionaries({"op": st.just("add_character"), "name": NAMES, "place": st.sampled_from(["Fjord", ""])}),
    st.fixed_dictionaries({"op": st.just("add_fact"), "text": NAMES, "known_by": st.none() | st.just(["Olaf"])}),
    st.fixed_dictionaries({"op": st.just("remove"), "kind": st.just("character"), "name": NAMES}),
    st.fixed_dictionaries({"op": st.just("learn"), "character": NAMES, "fact": NAMES}),
    st.fixed_dictionaries({"op": st.just("append_story"), "text": NAMES, "summary": NAMES}),
    st.fixed_dictionaries({"op": st.just("add"), "kind": st.just("creature"), "name": NAMES}),
    st.fixed_dictionaries({"op": st.just("remove"), "kind": st.just("place"), "name": st.just("Fjord")}),
    st.just({"op": "unwrite"}),
)
DEEDS = st.one_of(
    st.tuples(st.just("edit"), st.lists(EDITS, min_size=1, max_size=2)),
    st.just(("undo", None)), st.just(("step", None)), st.just(("again", None)), st.tuples(st.just("turn"), NAMES),
)  # fmt: skip


class Quick:
    """A world on its branches, and what each branch was when it was last touched."""

    def __init__(self) -> None:
        self.world = scripted()
        self.world.found()
        self.here = self.world
        self.known = {"main": self._now()}

    def _now(self) -> tuple[int, str]:
        return self.here.last_step, self.here.content().digest

    def do(self, deed: str, given: Any) -> None:
        getattr(self, deed)(given)
        self.known[self.here.branch_name] = self._now()
        for name, (last, digest) in self.known.items():
            other = self.world.branch(name)
            assert (other.last_step, other.content().digest) == (last, digest), "a sibling has changed"

    def edit(self, operations: list[dict[str, Any]]) -> None:
        last, before = self._now()
        try:
            made = self.here.edit(*operations)
        except (OperationError, EditError):
            assert self._now() == (last, before)
            return
        assert made.number == last + 1 == self.here.last_step
        assert self.here.content(at=last).digest == before

    def undo(self, _: Any) -> None:
        standing = self._standing()
        if not standing:
            with pytest.raises(EditError, match="no edit"):
                self.here.undo()
            return
        try:
            undone = self.here.undo()
        except EditError:
            assert self.here.last_step > standing[-1], "nothing came after it"
            return
        assert undone.number == standing[-1]
        if self.here.last_step == undone.number + 1:
            assert self.here.content().digest == self.here.content(at=undone.number - 1).digest

    def _standing(self) -> list[int]:
        edits = {step.step: step.edit for step in self.here.history() if step.status == "edited"}
        undone = {edit["undoes"] for edit in edits.values() if "undoes" in edit}
        return [number for number, edit in edits.items() if "undoes" not in edit and number not in undone]

    def step(self, _: Any) -> None:
        self.here.step()

    def again(self, _: Any) -> None:
        lived = [step for step in self.here.history() if step.status == "whole"]
        if lived:
            before = self.here.content(at=lived[-1].step - 1).digest
            self.here = self.here.again(lived[-1].step)
            assert self.here.content(at=lived[-1].step - 1).digest == before
            assert self.here.history()[-1].pictures[0]["sha256"] != lived[-1].pictures[0]["sha256"]

    def turn(self, name: str) -> None:
        branches = self.world.branches()
        self.here = self.world.branch(branches[len(name) % len(branches)])


@settings(max_examples=15, deadline=None)
@given(st.lists(DEEDS, min_size=3, max_size=8))
def test_whatever_is_done_siblings_stay_and_replay_is_exact(deeds: list[tuple[str, Any]]) -> None:
    quick = Quick()
    try:
        for deed, given_ in deeds:
            quick.do(deed, given_)
        for name in quick.world.branches():
            branch = quick.world.branch(name)
            assert branch.replay().digest == branch.content().digest
    finally:
        quick.world.close()


class Founder(Block, type="test_world_edits/founder"):
    """Think up a world with a creature, a secret, and names of nobody."""

    def forward(self, task: Json, wish: Text = "") -> Json:
        return {
            "places": [{"name": "Hut"}],
            "characters": [{"name": "Mara", "place": "Hut", "looks": "tall", "goals": ["to leave"]}],
            "facts": ["Mara lies.", "It rains."],
            "known_by": {"Mara lies.": ["Mara", "Nobody"], "No fact": ["Mara"]},
            "entities": {"creature": [{"name": "Roc", "place": "Nowhere", "fields": {"eggs": 2}}]},
        }


def test_a_founding_thinks_up_kinds_of_its_own_and_keeps_given_secrets(tmp_path: Path) -> None:
    secret = {"facts": ["The cook did it."], "known_by": {"The cook did it.": []}}
    world = scripted(tmp_path / "w", development=Founder(), beginning=secret)
    founded = world.found()
    assert founded.known_by == {"The cook did it.": [], "Mara lies.": ["Mara"]}
    assert founded.known_to("Mara") == ["Mara lies.", "It rains."] and "The cook did it." in founded.facts
    assert founded.entities["creature"][0].place == "" and founded.characters[0].goals == ["to leave"]
    world.close()


def test_a_world_with_all_of_it_is_saved_loaded_forked_and_replayed(tmp_path: Path) -> None:
    beginning = {
        "places": [{"name": "Fjord"}], "characters": [{"name": "Olaf", "voice": "low"}, {"name": "Mara"}],
        "facts": ["Mara lies."], "known_by": {"Mara lies.": ["Olaf"]},
        "entities": {"ship": [{"name": "Argo", "place": "Fjord"}]}, "story": ["It rains."], "summaries": {"0": "rain"},
    }  # fmt: skip
    world = scripted(beginning=beginning)
    world.step()
    yggdrasil.save(world, tmp_path / "w")
    digest = world.content().digest
    world.close()
    kept = yggdrasil.load(tmp_path / "w", World)
    assert kept.content().digest == digest == kept.replay().digest
    other = kept.fork(at=1, name="other")
    other.edit({"op": "learn", "character": "Mara", "fact": "Mara lies."})
    assert other.content().known_to("Mara")[0] == "Mara lies." != kept.content().known_to("Mara")[0]
    assert kept.verify() == {"branches": {"main": 1, "other": 2}}


def test_an_edit_stands_between_two_steps_and_belongs_to_its_branch(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    early = world.fork(at=1, name="early")
    made = world.edit(FOX, AddFact(text="Olaf hides a key.", known_by=["Olaf"]))
    assert made.number == 2 and world.last_step == 2
    assert "The fox is red." not in world.content(at=1).facts and "The fox is red." in world.content(at=2).facts
    late = world.fork(at=2, name="late")
    world.step()
    assert calls.seen["development"]["world"]["known_by"] == {"Olaf hides a key.": ["Olaf"]}
    assert len(calls.seen["development"]["story"]) == 1 and len(calls.seen["development"]["past"]) == 1
    assert "The fox is red." in late.content().facts and "The fox is red." not in early.content().facts
    assert [step.status for step in world.history()] == ["whole", "edited", "whole"]
    assert world.history()[1].to_json()["edit"] == {"operations": made.to_json()["operations"]}
    world.close()
    reopened = scripted(tmp_path / "w")
    assert reopened.verify() == {"branches": {"main": 3, "early": 1, "late": 2}}
    assert reopened.branch("late").undo().number == 2 and "The fox is red." in reopened.content().facts
    json.dumps(reopened.show())


def test_an_edit_that_fails_changes_nothing() -> None:
    world = scripted()
    with pytest.raises(LogError, match="not founded"):
        world.edit(FOX)
    world.found()
    with pytest.raises(UnknownName, match="Olaf"):
        world.edit(FOX, {"op": "learn", "character": "Olav", "fact": "The fox is red."})
    with pytest.raises(EditError, match="without operations"):
        world.edit()
    dangling = {"op": "insert", "kind": "character", "at": 0, "record": {"name": "Ghost", "place": "Nowhere"}}
    world.edit(dangling)
    with pytest.raises(EditError, match="taken back exactly"):
        world.edit({"op": "add_place", "name": "Nowhere"})
    assert world.content().facts == [] and world.last_step == 1


def test_an_edit_waits_for_the_step_that_is_open() -> None:
    world = scripted(tools={"paint": Fragile()})
    world.found()
    Fragile.fails = True
    try:
        with pytest.raises(CycleError):
            world.step()
    finally:
        Fragile.fails = False
    with pytest.raises(EditError, match="step 1 is not finished"):
        world.edit(FOX)
    with pytest.raises(EditError, match="step 1 is not finished"):
        world.undo()
    world.step()
    assert world.edit(FOX).number == 2


def test_undo_goes_back_edit_by_edit_and_through_steps_where_nothing_rests_on_them() -> None:
    world = scripted()
    world.found()
    with pytest.raises(EditError, match="no edit to take back"):
        world.undo()
    founded = world.content().digest
    world.edit(FOX)
    world.edit({"op": "append_story", "text": "A line."})
    assert world.undo().number == 2 and world.undo().to_json() == {"number": 1, "operations": [FOX]}
    assert world.content().digest == founded and world.last_step == 4
    with pytest.raises(EditError, match="no edit"):
        world.undo()
    world.edit(FOX)
    world.step()
    assert world.undo().number == 5
    assert len(world.content().facts) == 1 and "The fox is red." not in world.content().facts
    world.edit({"op": "append_story", "text": "A line."})
    world.step()
    with pytest.raises(EditError, match="fork at 7"):
        world.undo()


def test_an_edit_that_was_tampered_with_is_found(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.found()
    world.edit(FOX)
    life = world._home.open()  # pyright: ignore[reportPrivateUsage]
    life.log.database.write("UPDATE operations SET operations = replace(operations, 'red', 'grey')")
    with pytest.raises(ReplayError, match="step 1"):
        world.replay()


def test_a_long_row_of_edits_is_snapshotted_and_read_again(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.found()
    for number in range(12):
        world.edit({"op": "add_fact", "text": f"{number} " + "long " * 120})
    world.close()
    again = scripted(tmp_path / "w")
    log = again._home.open().log  # pyright: ignore[reportPrivateUsage]
    assert len(log.snapshots.snapshot_steps(log.branches["main"])) > 1
    assert len(again.content().facts) == 12 and again.replay().digest == again.content().digest


def test_a_step_done_again_has_its_action_and_other_seeds() -> None:
    world = scripted()
    list(world.steps(count=2, action="Olaf sails."))
    world.edit(FOX)
    other = world.again(1)
    assert isinstance(other, World) and other.branch_name == "step-1-take-2" and other.last_step == 1
    assert other.history()[0].action == "Olaf sails."
    assert other.history()[0].pictures[0]["sha256"] != world.history()[0].pictures[0]["sha256"]
    assert world.again(1).branch_name == "step-1-take-3" and world.again(2, name="windy").last_step == 2
    assert world.branches() == ["main", "step-1-take-2", "step-1-take-3", "windy"]
    with pytest.raises(CycleError, match="3 is an edit, no step"):
        world.again(3)
    with pytest.raises(CycleError, match="0 is the founding"):
        world.again(0)
    with pytest.raises(LogError, match="no whole step 9"):
        world.again(9)


def test_many_who_do_a_step_again_at_once_have_a_branch_each() -> None:
    world, together = scripted(), threading.Barrier(8)
    world.step()

    def do(_: int) -> str:
        together.wait(30)
        return world.again(1).branch_name

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(do, range(8)))
    assert sorted(names) == sorted(world.branches()[1:]) == [f"step-1-take-{n}" for n in range(2, 10)]
    assert len({world.branch(name).history()[0].pictures[0]["sha256"] for name in names}) == 8


def test_a_difference_says_where_branches_part_and_in_what() -> None:
    world = scripted()
    world.step()
    storm = world.fork(at=1, name="storm")
    world.edit(FOX, {"op": "add", "kind": "creature", "name": "Fox", "fields": {"fur": "red"}})
    storm.edit(
        {"op": "add", "kind": "creature", "name": "Fox", "fields": {"fur": "grey"}},
        {"op": "move", "character": "Olaf", "place": ""},
        {"op": "set", "field": "weather", "value": "storm"},
        {"op": "set", "field": "extra.hp", "value": [1, {"of": 2}]},
        {"op": "known", "fact": world.content().facts[0], "by": ["Olaf"]},
    )
    world.step()
    storm.step(action="A storm comes.")
    found = world.diff("main", "storm")
    assert (found.parted, found.ends) == (1, (3, 3))
    plain = found.to_json()
    assert plain["world"]["weather"] == {"a": "", "b": "storm"}
    assert plain["things"]["creature"]["changed"] == {"Fox": {"fur": {"a": "red", "b": "grey"}}}
    assert plain["things"]["character"]["changed"] == {"Olaf": {"place": {"a": "Fjord", "b": ""}}}
    assert "The fox is red." in found.facts.a and "The fox is red." not in found.facts.b
    assert found.facts.changed[world.content().facts[0]]["known_by"].b == ["Olaf"]
    assert [(told.step, told.b) for told in found.prose] == [(3, storm.history()[-1].chronicle)]
    shas = [branch.history()[-1].pictures[0]["sha256"] for branch in (world, storm)]
    assert [(p.step, p.slot, p.a, p.b) for p in found.pictures] == [(3, "scene", *shas)]
    assert json.loads(json.dumps(plain)) == plain
    assert plain["world"]["extra.hp"] == {"a": None, "b": [1, {"of": 2}]} and "extra.hp: — | 1, of: 2" in str(found)
    assert "main | storm: part after step 1" in str(found) and "creature Fox, fur: red | grey" in str(found)
    assert "nothing differs" in str(world.diff("main", "main"))
    assert world.diff("storm", "main").to_json()["facts"]["b"] == found.facts.a
    with pytest.raises(LogError, match="storm"):
        world.diff("main", "strom")
