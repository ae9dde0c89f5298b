"""The three ways to install carry the shelf: each grows a world from an empty folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.models


def _copy_of(root: Path, target: Path) -> Path:
    """The files that git knows or would add, as a fresh clone holds them."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, check=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target / name)
    return target


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    return _copy_of(root, tmp_path_factory.mktemp("sources"))


def _environment(folder: Path) -> Path:
    """A new environment that sees the packages of this one, but not its yggdrasil."""
    venv.create(folder, with_pip=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "parent.pth").write_text(str(next(Path(sys.prefix).glob("lib/python*/site-packages"))) + "\n")
    return folder / "bin"


def _pip(bin_folder: Path, *arguments: str) -> None:
    command = [str(bin_folder / "python"), "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, *arguments], check=True, timeout=240)


@pytest.mark.system
@pytest.mark.parametrize("way", ["wheel", "folder", "editable"])
def test_an_install_grows_a_world_from_an_empty_folder(way: str, sources: Path, tmp_path: Path) -> None:
    bin_folder = _environment(tmp_path / "env")
    if way == "wheel":
        build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(sources)]
        subprocess.run(build, check=True, capture_output=True, timeout=240)
        _pip(bin_folder, str(next(tmp_path.glob("*.whl"))))
    elif way == "folder":
        _pip(bin_folder, str(sources))
    else:
        _pip(bin_folder, "-e", str(sources))
    empty = tmp_path / "empty"
    empty.mkdir()
    where = "import yggdrasil; print(yggdrasil.__file__)"
    found = subprocess.run(
        [str(bin_folder / "python"), "-c", where], cwd=empty, capture_output=True, text=True, check=True
    )
    assert str(sources if way == "editable" else tmp_path) in found.stdout
    command = [
        str(bin_folder / "yggdrasil"),
        "new",
        "a desert caravan city",
        "--steps",
        "1",
        "--at",
        "w",
        "--yes",
        "--json",
    ]
    done = subprocess.run(
        command, cwd=empty, capture_output=True, text=True, env={**os.environ}, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    shown = json.loads(done.stdout)
    assert shown["steps"][0]["chronicle"]
    assert shown["steps"][0]["pictures"]
