"""The first command of the README, as a newcomer runs it: a fresh clone, an empty home, nothing set up."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(1500)]

_KEPT = ("LANG", "PIP_", "SSL_", "REQUESTS_", "PYENV", "OPENBLAS")


def test_make_world_works_the_first_time(root: Path, tmp_path: Path) -> None:
    clone, home = tmp_path / "clone", tmp_path / "home"
    subprocess.run(["git", "clone", "-q", str(root), str(clone)], check=True)
    home.mkdir()
    paths = [p for p in os.environ["PATH"].split(":") if ".venv" not in p]
    env = {k: v for k, v in os.environ.items() if k.startswith(_KEPT)} | {"HOME": str(home), "PATH": ":".join(paths)}
    python = shutil.which("python3.11", path=env["PATH"]) or shutil.which("python3", path=env["PATH"])
    began = time.monotonic()
    done = subprocess.run(
        ["make", "world", f"PYTHON={python}"], cwd=clone, env=env, capture_output=True, text=True, check=False
    )
    print(f"make world took {time.monotonic() - began:.0f} s")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    pictures = list((clone / "grown").glob("*/artifacts/??/*.png"))
    assert len(pictures) >= 3
    assert "1." in done.stdout
    assert "3." in done.stdout
