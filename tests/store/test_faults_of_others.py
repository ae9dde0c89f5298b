"""The faults that similar software had, each as a kind: what came of them there does not come of them here."""

from __future__ import annotations

import ast
import os
import pickle
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.levels.scripted import scripted
from tests.store.hostile_weights import artifacts
from yggdrasil.contract import PortError, YggError
from yggdrasil.engine.cycle.errors import LogError

SAVED = Path(__file__).resolve().parents[1] / "levels" / "saved_before"
PACKAGE = Path(__file__).resolve().parents[2] / "yggdrasil"
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}


def named(tree: ast.AST) -> set[str]:
    """Every module that is imported and every name that is called, dotted."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
        elif isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
    return found


class Marks:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (self.path,))


def test_state_that_becomes_code_a_checkpoint_is_never_read_back(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    world.close()
    shutil.copy(SAVED / "forked" / "cursor.db", tmp_path / "w" / "cursor.db")
    database = sqlite3.connect(tmp_path / "w" / "cursor.db")
    with database:
        bomb = pickle.dumps(Marks(str(tmp_path / "ran")))
        changed = database.execute("UPDATE checkpoints SET type = 'pickle', checkpoint = ?", (bomb,)).rowcount
        assert changed > 0
        columns = [row[1] for row in database.execute("PRAGMA table_info(writes)")]
        assert {"thread_id", "type", "value"} <= set(columns)
        values = [{"thread_id": "main", "type": "pickle", "value": bomb}.get(c, 0) for c in columns]
        database.execute(f"INSERT INTO writes VALUES ({', '.join('?' * len(columns))})", values)
    database.close()
    assert world.step().step == 2
    world.replay()
    assert not (tmp_path / "ran").exists()


def test_sql_by_names_a_branch_may_be_called_anything(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    world.step()
    name = "x'; DROP TABLE steps; --"
    assert world.fork(at=1, name=name).step().step == 2
    assert world.branches() == ["main", name]
    world.branch(name).replay()
    world.delete_branch(name)
    assert len(world.history()) == 1


def test_weights_and_configs_that_become_code_nothing_here_unpickles_evaluates_or_trusts() -> None:
    modules = ("pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle")
    forbidden = (*modules, "torch.load", "eval", "exec", "yaml.unsafe_load")
    for path, tree in TREES.items():
        assert not {n for n in named(tree) if n in forbidden or n.split(".")[0] in modules}, path
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg in ("trust_remote_code", "allow_pickle", "pickle_fallback"):
                assert ast.unparse(node.value) == "False", path


def test_security_by_assert_where_files_are_read_there_is_none_that_python_o_takes_away() -> None:
    reading = {p: t for p, t in TREES.items() if p.split("/")[0] in ("contract", "engine", "levels", "state", "store")}
    assert {path for path, tree in reading.items() if any(isinstance(n, ast.Assert) for n in ast.walk(tree))} == set()


def test_urls_in_messages_only_the_endpoint_and_the_hub_reach_out() -> None:
    network = {
        "urllib.request",
        "http.client",
        "requests",
        "httpx",
        "httpx2",
        "aiohttp",
        "socket",
        "openai",
        "huggingface_hub",
    }
    reach = {
        path
        for path, tree in TREES.items()
        if {n.split(".")[0] for n in named(tree)} & network or named(tree) & network
    }
    endpoints = {path for path in TREES if path.startswith("blocks/endpoint/")}
    assert reach <= {*endpoints, "store/hub.py", "engine/cycle/lock.py"}
    assert not any("urllib.request" in named(TREES[path]) for path in endpoints), "only the SDK reaches out"
    assert "socket.gethostname" in named(TREES["engine/cycle/lock.py"])
    assert {n for n in named(TREES["engine/cycle/lock.py"]) if n.startswith("socket.")} == {"socket.gethostname"}


PICTURES = {name: attack for name, attack in artifacts() if name.startswith("picture")}


@pytest.mark.parametrize("name", PICTURES)
def test_media_a_decoder_tells_no_address_and_no_more_than_its_kind(name: str, tmp_path: Path) -> None:
    with pytest.raises(YggError) as caught:
        PICTURES[name](tmp_path)
    assert "0x" not in str(caught.value) and len(str(caught.value)) < 200


def test_paths_prune_removes_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "keep").mkdir()
    victim = tmp_path / "keep" / ("ab" * 32)
    victim.write_text("victim")
    world = scripted(tmp_path / "w")
    world.step()
    (tmp_path / "w" / "artifacts" / "zz").symlink_to(tmp_path / "keep")
    world.close()
    with pytest.raises(YggError, match="is a link"):
        world.prune()
    assert victim.read_text() == "victim"


@pytest.mark.parametrize("count", [-1, 10_001, 2**63])
def test_numbers_a_world_takes_no_endless_count(count: int) -> None:
    with pytest.raises(PortError, match="count"):
        scripted().run(count=count)


@pytest.mark.parametrize("number", ["-1", "9" * 30])
@pytest.mark.parametrize(
    "command",
    [["new", "x", "--steps"], ["new", "x", "--seed"], ["step", "x", "--count"], ["fork", "x", "--name", "y", "--at"]],
)
def test_numbers_no_setting_of_the_command_line_is_unbounded(command: list[str], number: str) -> None:
    from typer.testing import CliRunner

    from yggdrasil.cli.commands import app

    done = CliRunner().invoke(app, [*command, number])
    assert done.exit_code == 2 and command[-1] in done.output


@pytest.mark.parametrize("number", [2**63, 2**200, -(2**80)])
def test_numbers_no_step_is_too_large_to_be_told(number: int) -> None:
    world = scripted()
    world.step()
    for act in (lambda: world.content(at=number), lambda: world.fork(at=number, name="x")):
        with pytest.raises(LogError):
            act()


def test_the_package_is_what_is_scanned() -> None:
    assert len(TREES) > 100 and ygg.__file__ and Path(ygg.__file__).parent == PACKAGE
