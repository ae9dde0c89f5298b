"""What starting costs: the help beside a bare program of typer and rich, the import beside an empty program."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pairs import Row, main, turns

BARE = """
import typer
from rich.console import Console

app = typer.Typer()
console = Console()


@app.command()
def one(name: str = "x") -> None:
    console.print(name)


@app.command()
def two(name: str = "x") -> None:
    console.print(name)


app()
"""


def children(command: list[str]) -> float:
    """CPU seconds of a program, as the system counted them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def helped() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        ours = [str(Path(sys.executable).parent / "yggdrasil"), "--help"]
        pairs = turns(lambda: children(ours), lambda: children([sys.executable, str(bare), "--help"]))
        yield Row("help", pairs, 1.0, over=0.1)


def imported() -> Iterator[Row]:
    ours, empty = ([sys.executable, "-c", code] for code in ("import yggdrasil", "pass"))
    yield Row("import", turns(lambda: children(ours), lambda: children(empty)), 1.0, over=0.15)


if __name__ == "__main__":
    main({"help": helped, "import": imported})
