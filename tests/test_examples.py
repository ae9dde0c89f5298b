"""Every script of examples/ says what it shows, is short, and runs; types are checked with those of the documents."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SHORT = ["--llm", "smollm2-135m"]
GIVEN = {
    "agents_only": SHORT,
    "approval": ["boat"],
    "paint_look_again": SHORT,
    "world_without_agents": ["--steps", "1"],
    "world_without_diffusion": ["--steps", "1"],
    "picture_book": ["--steps", "1"],
    "dataset": ["--steps", "1"],
    "sound_story": ["--steps", "1"],
}
"""What a script is told so that it ends soon; the rest are run as they are."""
LEFT = {
    "picture_book": "book.html", "dataset": "pictures/metadata.jsonl", "sound_story": "story.wav",
}  # fmt: skip
"""The file that a script is to leave."""
LONGEST = 80


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_it_says_what_it_shows_and_is_short(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('"""') and len(lines[0]) > 40
    assert len(lines) <= LONGEST and "ignore" not in "\n".join(lines)


def test_there_are_enough() -> None:
    assert len(EXAMPLES) >= 16


@pytest.mark.system
@pytest.mark.models
@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs(script: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", str(script), *GIVEN.get(script.stem, [])]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=400,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    assert done.stdout.strip() and "Traceback" not in done.stderr
    if left := LEFT.get(script.stem):
        assert (tmp_path / left).stat().st_size > 500
