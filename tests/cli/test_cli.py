"""The command as a script uses it: real models, JSON on stdout, talk on stderr, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

WISH = "a norse fishing village in winter"
pytestmark = pytest.mark.models


def ygg(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from yggdrasil.cli import main; main()", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr[-2000:]
    return done


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A world of two steps grown by the command, and what it printed."""
    folder = tmp_path_factory.mktemp("cli")
    done = ygg("new", WISH, "--steps", "2", "--at", "norse", "--seed", "3", "--yes", "--json", cwd=folder)
    return folder / "norse", json.loads(done.stdout)


def test_new_prints_one_json_value_of_the_promised_shape(grown: tuple[Path, dict[str, Any]]) -> None:
    folder, shown = grown
    assert shown["wish"] == WISH
    assert [step["step"] for step in shown["steps"]] == [1, 2]
    for step in shown["steps"]:
        assert {"step", "stages", "intent", "plan", "pictures", "perception", "chronicle"} <= set(step)
        assert all({"name", "status", "reason", "seconds"} <= set(stage) for stage in step["stages"])
        assert step["chronicle"].strip().endswith(".")
        for picture in step["pictures"]:
            assert {"path", "sha256", "prompt", "seed"} <= set(picture)
            assert Path(picture["path"]).read_bytes().startswith(b"\x89PNG")
    assert {"places", "characters", "items", "facts"} <= set(shown["world"])
    assert shown["world"]["places"]
    assert shown["world"]["characters"]
    assert (folder / "manifest.yaml").exists()


def test_show_history_validate_and_replay_read_what_new_wrote(grown: tuple[Path, dict[str, Any]]) -> None:
    folder, shown = grown
    again = json.loads(ygg("show", str(folder), "--json", cwd=folder.parent).stdout)
    assert again["steps"] == shown["steps"]
    rows = json.loads(ygg("history", str(folder), "--json", cwd=folder.parent).stdout)
    ran = [row["name"] for row in rows if row["step"] == 2 and row["status"] == "ran"]
    assert ran == ["development", "architect", "creator", "philosopher", "author", "update"]
    assert json.loads(ygg("validate", str(folder), "--json", cwd=folder.parent).stdout)["valid"] is True
    replayed = json.loads(ygg("replay", str(folder), "--json", cwd=folder.parent).stdout)
    assert replayed == {"branch": "main", "steps": 2, "exact": True}


@pytest.mark.system
def test_fork_shares_what_came_before_and_grows_by_itself(grown: tuple[Path, dict[str, Any]]) -> None:
    folder, shown = grown
    ygg("fork", str(folder), "--at", "1", "--name", "ветвь", cwd=folder.parent)
    done = ygg("step", str(folder), "--branch", "ветвь", "--action", "A ship arrives", "--json", cwd=folder.parent)
    branch = json.loads(done.stdout)
    assert branch["steps"][0] == shown["steps"][0]
    assert branch["steps"][1]["chronicle"] != shown["steps"][1]["chronicle"]
    main = json.loads(ygg("show", str(folder), "--json", cwd=folder.parent).stdout)
    assert main["steps"] == shown["steps"]


def test_errors_are_one_line_on_stderr_and_one_object_on_stdout(tmp_path: Path) -> None:
    done = ygg("show", "./nowhere", "--json", cwd=tmp_path, code=1)
    assert "nowhere" in json.loads(done.stdout)["error"]["where"]
    assert "Traceback" not in done.stderr
    assert "nowhere" in done.stderr
    plain = ygg("describe", "paintr", cwd=tmp_path, code=1)
    assert plain.stdout == ""
    assert "painter" in plain.stderr
    assert ygg("new", cwd=tmp_path, code=2).stdout == ""


def test_a_name_in_any_script_survives_an_old_code_page(grown: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    del grown
    name = "Ярослав 🐉"
    old = {"PYTHONIOENCODING": "cp1251", "LC_ALL": "C"}
    ygg("template", "copy", "storytelling", "begun", cwd=tmp_path)
    manifest = tmp_path / "begun" / "manifest.yaml"
    begun = "config:\n  beginning:\n    places:\n    - name: Vik\n"
    manifest.write_text(manifest.read_text().replace("config:\n", begun, 1))
    template = ("--template", "./begun")
    done = ygg("new", WISH, "--steps", "0", "--name", name, *template, "--yes", "--json", cwd=tmp_path, env=old)
    shown = json.loads(done.stdout)
    assert shown["name"] == name
    assert json.loads(ygg("show", shown["folder"], "--json", cwd=tmp_path, env=old).stdout)["name"] == name


def test_no_colour_and_no_bars_go_into_a_pipe(grown: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = grown
    done = ygg("show", str(folder), cwd=folder.parent)
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.system
def test_run_writes_a_picture_and_the_seer_reads_it(tmp_path: Path) -> None:
    done = ygg(
        "run", "illustrate", "prompt=a castle on a meadow by day", "seed=3", "--json", "-o", "a.png", cwd=tmp_path
    )
    assert json.loads(done.stdout)["image"]["path"] == "a.png"
    seen = json.loads(ygg("run", "seer", "image=@a.png", "--json", cwd=tmp_path).stdout)
    assert "castle" in seen["text"]
    assert seen["labels"]["place"]["name"] == "meadow"


def test_help_speaks_the_language_of_the_locale(tmp_path: Path) -> None:
    assert "Вырастить новый мир" in ygg("--help", cwd=tmp_path, env={"LC_ALL": "ru_RU.UTF-8"}).stdout
    assert "Grow a new world" in ygg("--help", cwd=tmp_path, env={"LC_ALL": "C"}).stdout


def test_it_says_which_version_it_is(tmp_path: Path) -> None:
    assert ygg("--version", cwd=tmp_path).stdout.strip() == version("yggdrasill")


def test_a_reader_that_leaves_early_is_no_failure(tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'from yggdrasil.cli import main; main()' models list --json | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 141)
    assert done.stderr == ""
