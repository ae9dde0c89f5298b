"""A talk of 500 turns with a tool that may not run twice, killed 20 times: says what was lost or done twice."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    from tests.levels.session.long_talk import killed

    turns, kills = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (500, 20)
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        faults = killed(Path(folder), turns, kills, seed=0)
        size = sum(path.stat().st_size for path in (Path(folder) / "chats").glob("*.db"))
    print(f"{turns} turns, {kills} kills, {time.monotonic() - began:.0f} s, {size // 1024} KiB")
    print(f"faults: {len(faults)}", *faults, sep="\n  ")
    print("short" if faults else "holds")


if __name__ == "__main__":
    main()
