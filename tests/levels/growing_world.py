"""A world that grows in a process of its own, says durably what was acknowledged to it, and is killed from outside."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.levels.scripted import Change, Develop, Plan, Tell, scripted
from tests.waiting import until
from yggdrasil.contract import Block, Event, here, listening
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Image, Json, Text

STAGES = ["development", "architect", "creator", "philosopher", "author", "update"]


class Told:
    """Lines that outlast the process: what was done, and what was said to be done."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def tell(self, *words: object) -> None:
        while True:
            with suppress(OSError):
                os.write(self._file, (json.dumps(words) + "\n").encode())
                return


_told: list[Told] = []
_branch: list[str] = [""]


def effect(stage: str, step: Any) -> None:
    """An effect on the outside: said when it is done, and again when the journal has acknowledged it."""
    name = f"{_branch[0]}:{here().path}:{step}"
    here().once("effect", {"of": stage, "step": step}, lambda: _told[0].tell("did", name))
    _told[0].tell("acknowledged", name)


class D(Develop, type="growing/development"):
    def forward(self, step: Json, world: Json, story: Json, past: Json, action: Text | None = None) -> Json:
        effect("development", [step, len(story)])
        return {"text": f"event {step}", "kind": "event"}


class A(Plan, type="growing/architect"):
    def forward(self, intent: Json) -> Json:
        effect("architect", intent["text"])
        return {"paints": [{"prompt": f"{intent['text']} {n}", "slot": f"s{n}"} for n in range(2)]}


class P(Block, type="growing/paint", role="Tool"):
    def forward(self, prompt: Text, seed: int = 0) -> Image:
        from PIL import Image as Pictures

        effect("paint", prompt)
        return Pictures.new("RGB", (16, 16), (seed % 256, seed // 256 % 256, len(prompt)))


class T(Tell, type="growing/tell"):
    def forward(self, intent: Json, perception: Json, step: Json) -> Json:
        effect("author", step)
        return {"text": f"{step}: {intent['text']}, {perception['s0']['text']}"}


class U(Change, type="growing/change"):
    def forward(self, chronicle: Json) -> Json:
        effect("update", chronicle["text"])
        return [{"op": "add_fact", "text": chronicle["text"]}]


def growing(home: Path) -> World:
    return scripted(home, {"paint": P()}, author=T(), update=U(), development=D(), architect=A())


def grow(home: Path, told: Path, steps: int) -> None:
    """Step a world, now and then a new branch of it, and tell of each end; `steps` 0 is for ever."""
    _told[:] = [Told(told)]
    world = growing(home)
    world.found()
    _told[0].tell("ready")
    step = 0
    while not steps or step < steps:
        done = _step(world)
        step += 1
        if done % 3 == 0:
            name = f"after {done}"
            if name not in world.branches():
                branch = world.fork(at=done, name=name)
                _told[0].tell("forked", name, done)
                _step(branch)


def _step(world: World) -> int:
    _branch[0] = world.branch_name

    def hear(event: Event) -> None:
        stage = event.path.rpartition("/")[2]
        if event.kind == "finished" and stage in STAGES and event.path.count("/") == 1:
            running = world.unfinished()
            number = running.step if running else world.history()[-1].step
            _told[0].tell("finished", world.branch_name, number, stage)

    with listening(hear, inline=True):
        step = world.step()
    _told[0].tell("whole", world.branch_name, step.step, step.record.digest)
    return step.step


def killed_after(home: Path, told: Path, seconds: float) -> bool:
    """Let a world grow and kill it by SIGKILL `seconds` after it is open; False if it had ended by itself."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.levels.growing_world"])
    before = lines(told).count(["ready"])
    process = context.Process(target=grow, args=(home, told, 0))
    process.start()
    until(lambda: lines(told).count(["ready"]) != before or not process.is_alive())
    time.sleep(seconds)
    process.kill()
    process.join(60)
    return process.exitcode == -signal.SIGKILL


def lines(told: Path) -> list[list[Any]]:
    """What was told; a line that the kill cut off is none."""
    if not told.exists():
        return []
    whole = told.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def faults(home: Path, told: Path) -> list[str]:
    """Everything that does not hold of a world after its kills; empty if all does."""
    said = lines(told)
    world = growing(home)
    try:
        return [*_files(home), *_lost(world, said), *_twice(said), *_halves(world)]
    finally:
        world.close()


def _files(home: Path) -> list[str]:
    found: list[str] = []
    if (home / "world.db").exists():
        database = sqlite3.connect(home / "world.db")
        said = database.execute("PRAGMA integrity_check").fetchall()
        database.close()
        found += [] if said == [("ok",)] else [f"world.db: {said}"]
    for path in home.glob("artifacts/??/*"):
        if not path.name.startswith(".tmp-") and hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
            found.append(f"{path} is half written")
    return found


def _lost(world: World, said: list[list[Any]]) -> list[str]:
    found: list[str] = []
    branches = world.branches()
    known: dict[str, dict[int, Any]] = {}
    for name in branches:
        branch = world.branch(name)
        waiting = branch.unfinished()
        known[name] = {s.step: s for s in [*branch.history(), *([waiting] if waiting else [])]}
    for kind, *what in said:
        if kind == "forked" and what[0] not in branches:
            found.append(f"branch {what[0]} is lost")
        if kind in ("whole", "finished"):
            step = known.get(what[0], {}).get(what[1])
            if step is None:
                found.append(f"step {what} is lost")
            elif kind == "whole" and (step.status != "whole" or step.record.digest != what[2]):
                found.append(f"step {what} is another")
            elif kind == "finished" and [s.name for s in step.stages if s.status == "ran"].count(what[2]) != 1:
                found.append(f"stage {what} is lost, or ran twice")
    return found


def _twice(said: list[list[Any]]) -> list[str]:
    done: set[str] = set()
    found: list[str] = []
    for kind, *what in said:
        if kind == "acknowledged":
            done.add(what[0])
        elif kind == "did" and what[0] in done:
            found.append(f"effect {what[0]} happened again")
    return found


def _halves(world: World) -> list[str]:
    """Steps that are not whole, and what a replay finds: digests, snapshots, each artifact by its hash."""
    found: list[str] = []
    for name in world.branches():
        branch = world.branch(name)
        history = branch.history()
        if [s.step for s in history] != list(range(1, len(history) + 1)):
            found.append(f"{name}: steps {[s.step for s in history]}")
        for step in history:
            ran = [s.name for s in step.stages if s.status == "ran"]
            if step.status != "whole" or ran != STAGES or len(step.pictures) != 2:
                found.append(f"{name}: step {step.step} is {step.status} of {ran}")
        if len(branch.content().story) != len(history):
            found.append(f"{name}: a story of {len(branch.content().story)} lines after {len(history)} steps")
        branch.replay()
    return found


def redone(told: Path) -> int:
    """Effects that were done again since the kill came before the journal had them; no program can tell those."""
    counts = Counter(what[0] for kind, *what in lines(told) if kind == "did")
    return sum(n - 1 for n in counts.values())


def kills(folder: Path, number: int, seed: int, longest: float) -> tuple[int, list[str], int]:
    """Kill one growing world `number` times at random moments; gives steps, faults, unacknowledged effects redone."""
    home, told = folder / "w", folder / "told.txt"
    moments = random.Random(seed)
    found: list[str] = []
    for _ in range(number):
        if not killed_after(home, told, moments.uniform(0, longest)):
            found.append("the world ended before it was killed")
        found += faults(home, told)
    world = growing(home)
    steps = sum(len(world.branch(name).history()) for name in world.branches())
    world.close()
    return steps, found, redone(told)
