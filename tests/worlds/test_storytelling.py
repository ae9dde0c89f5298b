"""The default world on the real embedded models: it follows the picture, saves whole, replays without models."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil import World
from yggdrasil.contract.block import Block
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.contract.tree import walk
from yggdrasil.levels.world.stage_runner import StageRunner

pytestmark = [pytest.mark.models, pytest.mark.system]
WISH = "a norse fishing village in winter"


def in_new_process(code: str, *arguments: str) -> Any:
    """What `code` prints as JSON, run where nothing is loaded yet."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world of two steps; tests read it, or copy it first."""
    grown = World.from_template("storytelling", wish=WISH, seed=5, home=tmp_path_factory.mktemp("world"))
    for _ in grown.steps(2):
        pass
    return grown


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    return ygg.save(world, tmp_path / "copy")


def swapped(world: World, prompt: str, folder: Path) -> tuple[Any, World]:
    """A branch where the Creator's picture is another one, and the step in which it was looked at."""
    branch = world.fork(2, f"swap-{prompt}")
    picture = ygg.load("illustrate").run(prompt=prompt, seed=3).image
    path = folder / "other.png"
    picture.save(path)
    artifact = branch.artifacts.put(path.read_bytes(), "image/png")
    last = world.history()[-1]
    slot = next(iter(last.artifacts))
    entry = {**last.artifacts[slot], **artifact.to_json()}
    given = {"intent": last.intent, "plan": last.plan, "artifacts": {slot: entry}}
    return branch.step(state=given), branch


@pytest.mark.parametrize("thing", ["castle", "unicorn"])
def test_the_world_follows_the_picture_and_not_the_plan(world: World, tmp_path: Path, thing: str) -> None:
    article = "a" if thing != "owl" else "an"
    step, branch = swapped(world, f"{article} {thing} on a meadow by day", tmp_path)
    seen = next(iter(step.settled["perception"].values()))
    told = step.settled["chronicle"]
    ordered = world.history()[-1].intent["thing"]
    assert thing in seen["text"]
    assert seen["labels"]["place"]["name"] == "meadow"
    assert thing in told["text"]
    assert told["thing"] == thing
    assert ordered != thing
    assert ordered not in told["text"]
    assert thing in json.dumps(branch.content().to_json())


def test_a_world_saved_loaded_and_stepped_equals_one_that_was_only_stepped(copy: Path, world: World) -> None:
    code = (
        "import sys, json, yggdrasil as ygg; s = ygg.load(sys.argv[1]).step();"
        "print(json.dumps([s.chronicle, s.intent, [p['sha256'] for p in s.pictures]]))"
    )
    there = in_new_process(code, str(copy))
    here = world.fork(2, "straight", variant="").step()
    assert there == [here.chronicle, here.intent, [p["sha256"] for p in here.pictures]]


def test_a_stage_saved_and_loaded_in_a_new_process_gives_the_same(world: World, tmp_path: Path) -> None:
    stage = world.stages["author"]
    last = world.history()[-1]
    state = {block: last.state[block] for block in ("intent", "plan", "artifacts", "perception")}
    context = StageRunner(world, world._home.open()).context(world._own_branch(), 3, world.content())
    content = world.content().to_json()
    given: dict[str, Any] = {"state": state, "context": context, "content": content}
    (tmp_path / "in.json").write_text(json.dumps(given), encoding="utf-8")
    ygg.save(stage, tmp_path / "stage")
    code = (
        "import sys, json, yggdrasil as ygg; given = json.load(open(sys.argv[2], encoding='utf-8'));"
        "print(json.dumps(ygg.load(sys.argv[1]).run(**given).value))"
    )
    assert in_new_process(code, str(tmp_path / "stage"), str(tmp_path / "in.json")) == stage.run(**given).value


def test_a_pipeline_and_its_graphs_give_the_same_bytes_in_a_new_process(tmp_path: Path) -> None:
    item = ygg.load("illustrate")
    ygg.save(item, tmp_path / "kept", standalone=True)
    code = (
        "import sys, json, hashlib, yggdrasil as ygg;"
        "image = ygg.load(sys.argv[1]).run(prompt='a fox in the snow', seed=4).image;"
        "print(json.dumps(hashlib.sha256(image.tobytes()).hexdigest()))"
    )
    here = item.run(prompt="a fox in the snow", seed=4).image
    assert in_new_process(code, str(tmp_path / "kept")) == hashlib.sha256(here.tobytes()).hexdigest()


def test_a_world_holds_each_weight_once(world: World) -> None:
    tellers = {id(world.stages[name].body) for name in ("development", "architect", "author", "update")}
    assert len(tellers) == 1
    modules: dict[str, set[int]] = {}
    for _, block in walk(world):
        if isinstance(block, TorchBlock):
            modules.setdefault(block.files["weights"].sha256, set()).add(id(block.worn_module()))
    assert modules
    assert all(len(found) == 1 for found in modules.values())


def test_replay_is_exact_and_calls_no_model(copy: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Block, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"{self.type_name} was called")

    loaded = ygg.load(copy)
    assert isinstance(loaded, World)
    for _, block in walk(loaded):
        monkeypatch.setattr(type(block), "forward", refuse)
    replayed = loaded.replay()
    assert [step.chronicle for step in replayed.steps] == [step.chronicle for step in world.history()]
    assert replayed.content.to_json() == world.content(at=2).to_json()


def test_a_fork_leaks_nothing_either_way(world: World) -> None:
    before = world.show()["steps"]
    branch = world.fork(1, "aside")
    assert [s.to_json() for s in branch.history()] == before[:1]
    branch.step(action="A dragon burns the boats")
    assert world.show()["steps"] == before
    assert len(branch.history()) == 2
