"""Hostile logs of worlds: values of other kinds, strange tables, broken pages."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yggdrasil as ygg
from tests.levels.scripted import scripted
from tests.store.hostile_weights import Attack
from yggdrasil.levels.world.world import World


def logs() -> Iterator[tuple[str, Attack]]:
    bad = ["not json", "[" * 100_000, "7", "[1]", '{"scene": 7}', '{"artifacts": {"scene": []}}', "null", '{"a":1e999}']
    for value in bad:
        for table, column in (
            ("stages", "output"),
            ("stages", "beside"),
            ("steps", "given"),
            ("operations", "operations"),
            ("snapshots", "content"),
            ("memory", "value"),
            ("calls", "result"),
        ):
            yield f"{table}.{column} = {value[:30]}", log(f"UPDATE {table} SET {column} = ?", value)
    for statement in (
        "UPDATE stages SET status = 'evil'",
        "UPDATE stages SET position = 'x'",
        "UPDATE stages SET position = 99",
        "UPDATE stages SET seconds = 'x'",
        "UPDATE stages SET name = x'00'",
        "UPDATE steps SET step = 7 WHERE step = 1",
        "UPDATE branches SET parent = 1",
        "UPDATE branches SET at_step = 'x'",
        "UPDATE branches SET open_position = 'x', parent = 0",
        "UPDATE branches SET variant = x'ff'",
        "DELETE FROM steps",
        "DELETE FROM snapshots",
        "DELETE FROM branches",
        "DROP TABLE stages",
        "DROP TABLE memory",
        "CREATE TRIGGER t AFTER INSERT ON steps BEGIN DELETE FROM stages; END",
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE steps RENAME COLUMN given TO x",
        "PRAGMA user_version=99",
        "PRAGMA user_version=-1",
        "UPDATE steps SET status = 'open'",
    ):
        yield f"log {statement[:40]}", log(statement)
    for at in (0, 100, 4096, 9000):
        yield f"world.db garbage at {at}", lambda f, a=at: _garbage(f, "world.db", a)


@cache
def _template() -> Path:
    """One life for all attacks, each of which gets a copy."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    world = scripted(folder / "w")
    list(world.steps(count=2))
    world.fork(at=1, name="other").step()
    world.close()
    return folder / "w"


def lived(folder: Path) -> Path:
    """The home of a world that lived, below `folder`."""
    return Path(shutil.copytree(_template(), folder / "w"))


def log(statement: str, *values: Any) -> Attack:
    def attack(folder: Path) -> Any:
        home = lived(folder)
        database = sqlite3.connect(home / "world.db")
        with database:
            database.execute(statement, values)
        database.close()
        return use(home)

    return attack


def _garbage(folder: Path, name: str, at: int) -> Any:
    home = lived(folder)
    with (home / name).open("r+b") as broken:
        broken.seek(at)
        broken.write(b"\xff\x13" * 700)
    return use(home)


def use(home: Path) -> Any:
    """Everything that is done with a world: read it whole, replay it, step it."""
    world = scripted(home, wait=0.2)
    problem: Exception | None = None
    for act in (_show, _replays, World.step, lambda w: w.branch("other").step(), World.prune):
        try:
            act(world)
        except ygg.YggError as error:
            problem = error
    world.close()
    if problem is not None:
        raise problem


def _show(world: World) -> Any:
    return [world.branch(name).show() for name in world.branches()]


def _replays(world: World) -> Any:
    return [world.branch(name).replay() for name in world.branches()]
