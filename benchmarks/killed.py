"""Kills growing worlds by SIGKILL at random moments, and says whether anything acknowledged was lost or done twice."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WORLDS = 10


def main() -> None:
    from tests.levels.growing_world import kills

    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    began, steps, found, redone = time.monotonic(), 0, list[str](), 0
    for world in range(WORLDS):
        with TemporaryDirectory() as folder:
            lived, faults, again = kills(Path(folder), number // WORLDS, seed=world, longest=0.8)
            steps, redone = steps + lived, redone + again
            found += faults
    print(
        f"{number // WORLDS * WORLDS} kills of {WORLDS} worlds, {steps} whole steps, {time.monotonic() - began:.0f} s"
    )
    print(f"effects done again because the kill came before their acknowledgement: {redone}")
    print(f"faults: {len(found)}", *found[:20], sep="\n  ")
    print("short" if found else "holds")


if __name__ == "__main__":
    main()
