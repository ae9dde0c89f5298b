"""A life that is lost is an error; a read-only place is read; what is unsure asks; a fork asks for itself."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

import yggdrasil as ygg
from tests.levels.scripted import calls, scripted
from yggdrasil.agent.ask_person import ask
from yggdrasil.contract import Block, ManifestError, Paused, here
from yggdrasil.engine.cycle.errors import LogError, LogNotStored, ReadOnlyPlace
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Json, Text
from yggdrasil.store.load import load
from yggdrasil.store.save import save


def files(folder: Path) -> dict[str, str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def lived(folder: Path) -> Path:
    world = scripted()
    list(world.steps(count=2))
    save(world, folder)
    world.close()
    return folder


def _stepped(folder: Path) -> Any:
    return scripted(folder).step()


def _loaded(folder: Path) -> Any:
    return load(folder)


@pytest.mark.parametrize("use", [_stepped, _loaded], ids=["by its home", "by its manifest"])
@pytest.mark.parametrize("loss", ["emptied", "gone"])
def test_a_log_that_is_gone_or_empty_is_no_new_world(loss: str, use: Callable[[Path], Any], tmp_path: Path) -> None:
    folder = lived(tmp_path / "w")
    log = folder / "world.db"
    log.write_bytes(b"") if loss == "emptied" else log.unlink()
    before = files(folder)
    with pytest.raises(LogError, match=f"is {'empty' if loss == 'emptied' else 'gone'}, though a world lived here"):
        use(folder)
    assert files(folder) == before


def test_a_manifest_alone_says_that_a_life_belongs_to_it(tmp_path: Path) -> None:
    folder = lived(tmp_path / "w")
    (tmp_path / "alone").mkdir()
    shutil.copy(folder / "manifest.yaml", tmp_path / "alone")
    with pytest.raises(LogError, match="take `founding` out"):
        load(tmp_path / "alone")
    text = (folder / "manifest.yaml").read_text()
    kept = [line for line in text.splitlines() if not line.strip().startswith("founding:")]
    (tmp_path / "alone" / "manifest.yaml").write_text("\n".join(kept))
    anew = load(tmp_path / "alone")
    assert isinstance(anew, World) and anew.step().step == 1


def test_a_world_saved_before_its_founding_names_none_and_is_loaded(tmp_path: Path) -> None:
    save(scripted(), tmp_path / "w")
    world = load(tmp_path / "w")
    assert isinstance(world, World) and world.founding() == "" and world.step().step == 1


def test_a_log_that_is_no_file_or_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x" / "world.db").mkdir(parents=True)
    with pytest.raises(LogError, match="is no file") as error:
        scripted(tmp_path / "x").history()
    assert not isinstance(error.value, LogNotStored)
    folder, real = lived(tmp_path / "w"), shutil.copyfile

    def refused(source: Any, target: Any) -> Any:
        if Path(source).name == "world.db":
            raise PermissionError(13, "Permission denied")
        return real(source, target)

    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(shutil, "copyfile", refused)
    with pytest.raises(LogError, match=r"cannot be read .Permission denied.*the right to read it"):
        scripted(folder).history()


def test_a_world_in_a_read_only_place_is_read_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lived(tmp_path / "w")
    world = load(folder)
    assert isinstance(world, World)
    shown = world.show()
    world.close()
    before = files(folder)
    monkeypatch.setattr("yggdrasil.engine.cycle.database.is_writable", lambda path: False)
    world = load(folder)
    assert isinstance(world, World)
    assert world.show() == shown and len(world.history()) == 2 and len(world.replay().steps) == 2
    assert world.verify() == {"branches": {"main": 2}}
    changes: list[Callable[[], Any]] = [
        world.step, world.found, world.give_up, world.prune, lambda: world.note("x"), lambda: world.fork(1, "other"),
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(ReadOnlyPlace, match="is read-only: what lives there can be read"):
            change()
    world.close()
    assert files(folder) == before


def test_n47_without_a_place_for_a_copy_a_reader_is_told_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lived(tmp_path / "w")
    monkeypatch.setattr("yggdrasil.engine.cycle.database.is_writable", lambda path: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(LogError, match=r"no room \(No such file.*let TMPDIR name") as refused:
        scripted(folder).history()
    assert refused.value.where == str(folder / "world.db")


class Pays(Block, type="test/pays"):
    """Pay before planning; killed between the act and its record, if told so."""

    paid: ClassVar[list[str]] = []
    dies: ClassVar[list[type[BaseException]]] = []
    repeat: bool = False

    def forward(self, intent: Json) -> Json:
        def pay() -> str:
            self.paid.append("coin")
            if self.dies:
                raise self.dies.pop()
            return "receipt"

        paid = here().once("pay", {}, pay, repeat=self.repeat)
        return {"paints": [{"prompt": str(paid), "slot": "scene"}]}


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(("answer", "coins", "plan"), [("old receipt", 1, "old receipt"), ("again", 2, "receipt")])
def test_an_act_whose_end_is_not_known_is_asked_about(answer: str, coins: int, plan: str, tmp_path: Path) -> None:
    Pays.paid, Pays.dies = [], [Killed]
    world = scripted(tmp_path / "w", architect=Pays())
    with pytest.raises(Killed):
        world.step()
    world.close()
    world = scripted(tmp_path / "w", architect=Pays())
    for _ in range(2):
        with pytest.raises(Paused, match="pay was begun and its end is not known"):
            world.step()
    (question,) = world.questions()
    assert Pays.paid == ["coin"]
    world.answer(question["id"], answer)
    assert world.step().plan["scene"]["arguments"]["prompt"] == plan and len(Pays.paid) == coins
    world.replay()


def test_an_act_that_failed_by_itself_or_may_be_repeated_asks_nothing(tmp_path: Path) -> None:
    for repeat, death in ((False, RuntimeError), (True, Killed)):
        Pays.paid, Pays.dies = [], [death]
        world = scripted(tmp_path / str(repeat), architect=Pays(repeat=repeat))
        with pytest.raises(death):
            world.step()
        assert world.step().status == "whole" and Pays.paid == ["coin", "coin"] and world.questions() == []


class First(Block, type="test/begins"):
    """Begin."""

    def forward(self, intent: Json) -> Text:
        calls.names.append("a")
        return intent["text"]


class Asks(Block, type="test/asks_colour"):
    """Ask a person for the colour."""

    def forward(self, text: Text) -> Text:
        calls.names.append("b")
        return f"{text} in {ask('Which colour?')}"


class Last(Block, type="test/last"):
    """Plan."""

    def forward(self, text: Text) -> Json:
        calls.names.append("c")
        return {"paints": [{"prompt": text, "slot": "scene"}]}


def planned_by_graph(home: Path) -> World:
    graph = ygg.Graph("plan").add(First(), "a").add(Asks(), "b").add(Last(), "c")
    return scripted(home, architect=graph.connect("a.text", "b.text").connect("b.text", "c.text"))


@pytest.mark.parametrize("variant", ["", None], ids=["the parent's variant", "a variant of its own"])
def test_n20_a_fork_at_a_question_asks_for_itself(variant: str | None, tmp_path: Path) -> None:
    world = planned_by_graph(tmp_path / "w")
    world.found()
    with pytest.raises(Paused):
        world.step()
    (question,) = world.questions()
    world.answer(question["id"], "red")
    assert world.step().plan["scene"]["arguments"]["prompt"] == "event 1 in red"
    fork = world.fork(at=0, name="x", variant=variant, question=question["id"])
    with pytest.raises(Paused) as pause:
        fork.step()
    asked = [each for each in fork.questions() if not each["answered"]]
    assert pause.value.id in [each["id"] for each in asked], "the id that is told can be answered"
    fork.answer(pause.value.id, "blue")
    calls.names.clear()
    assert fork.step().plan["scene"]["arguments"]["prompt"] == "event 1 in blue"
    assert "b" in calls.names and "c" in calls.names
    assert world.history()[0].plan["scene"]["arguments"]["prompt"] == "event 1 in red"
    for each in (world, fork):
        each.replay()


def test_a_template_is_no_lost_life(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        load(tmp_path)
    assert not list(tmp_path.iterdir())
