"""The approval example is run as a person runs it: once to ask, once to answer, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "examples" / "approval.py"


def said(folder: Path, *arguments: str) -> str:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=120).stdout


def test_what_was_asked_before_a_restart_is_answered_after_it(tmp_path: Path) -> None:
    first = said(tmp_path, "boat")
    assert first.splitlines()[:1] == ["… the price of a boat is looked up"]
    assert "Buy a boat for 1200?" in first
    assert said(tmp_path, "boat", "yes") == "… a boat is bought\na boat is bought\n"
