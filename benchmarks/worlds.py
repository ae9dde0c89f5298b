"""What a world costs without its models: a durable step first, early and late, its bytes, opening a long life."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pairs import Row, main, seconds, timed, turns
from tests.levels.scripted import scripted

AGES = (10, 100, 1000)
_ENDING = "world.content(); world.questions()"
_IMPORTS = "import tests.levels.scripted as s, yggdrasil.engine.cycle.world_cycle; "


_FIRSTS = 11
_FIRST = """
import time, pathlib
import tests.levels.scripted as s
world = s.scripted(pathlib.Path({home!r}))
began = time.process_time()
world.step()
print(time.process_time() - began)
"""


def size(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())


def grown(folder: Path) -> tuple[dict[int, Path], dict[int, int]]:
    """One life copied at each age, and how many bytes it took there."""
    world, homes, sizes = scripted(folder / "life"), {}, {}
    for before, age in pairwise((0, *AGES)):
        for _ in range(age - before):
            world.step()
        world.close()
        homes[age] = folder / f"at{age}"
        shutil.copytree(folder / "life", homes[age])
        sizes[age] = size(homes[age])
    return homes, sizes


def stepped() -> Iterator[Row]:
    """A step at 100 and at 1000 beside one at 10 and, with the disk, beside 12 ms; and the bytes that a step adds."""
    with TemporaryDirectory() as name:
        homes, sizes = grown(Path(name))
        worlds = {age: scripted(home) for age, home in homes.items()}
        for age in AGES[1:]:
            yield Row(f"step-at-{age}", timed(worlds[age].step, worlds[AGES[0]].step, 31), 1.1)
            pairs = timed(worlds[age].step, lambda: None, clock=time.perf_counter)
            yield Row(f"step-durable-{age}", tuple((ours, 0.012) for ours, _ in pairs), 1.0)
        early, late = ((sizes[b] - sizes[a]) / (b - a) for a, b in pairwise(AGES))
        yield Row("step-bytes", ((late, early),), 1.1, "B")


def begun() -> Iterator[Row]:
    """The first step of a process beside 150 ms, with all that it imports."""
    with TemporaryDirectory() as name:
        yield Row("first-step", tuple((_first(Path(name)), 0.15) for _ in range(_FIRSTS)), 1.0)


def _first(folder: Path) -> float:
    """CPU seconds of the first step of a new world in a new process."""
    with TemporaryDirectory(dir=folder) as home:
        command = [sys.executable, "-c", _FIRST.format(home=home)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def opened() -> Iterator[Row]:
    """A process that opens a world of 1000 steps, beside one that only imports the same; 0.3 s may lie between."""
    with TemporaryDirectory() as name:
        homes, _ = grown(Path(name))
        work = f"{_IMPORTS}world = s.scripted(__import__('pathlib').Path({str(homes[1000])!r})); {_ENDING}"

        def run(code: str) -> float:
            return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True), time.perf_counter)

        yield Row("open-1000", turns(lambda: run(work), lambda: run(_IMPORTS)), 1.0, over=0.3)


if __name__ == "__main__":
    main({"step": stepped, "first": begun, "open": opened})
