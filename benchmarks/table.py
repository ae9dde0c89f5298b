"""Runs every benchmark in a process of its own and writes the table of docs/benchmarks.md anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import diffusion

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- begin -->", "<!-- end -->"
SCRIPTS: dict[str, list[str]] = {
    "nodes": ["diffusers", "langgraph", "cached"],
    "diffusion": list(diffusion.rows()),
    "language": ["loading"],
    "worlds": ["step", "first", "open"],
    "told": ["told"],
    "durable_turn": ["turn-10", "turn-200"],
    "starting": ["help", "import"],
}
VERDICTS = {"holds": "держится", "short": "не держится"}
HEAD = "| строка | мы | сравнение | отношение | 95% интервал | цель | итог |\n|---|---|---|---|---|---|---|"


def rows() -> list[str]:
    """The lines of all benchmarks, each shown as it comes."""
    found: list[str] = []
    for script, names in SCRIPTS.items():
        for name in names:
            command = [sys.executable, "-m", f"benchmarks.{script}", name]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            lines = [line for line in done.stdout.splitlines() if line.endswith(tuple(VERDICTS))]
            if not lines:
                sys.exit(f"{script} {name} gave no row:\n{done.stderr[-2000:]}")
            print(*lines, sep="\n", flush=True)
            found += lines
    return found


def table(lines: list[str]) -> str:
    """Lines `NAME ours peer ratio [low, high] goal verdict` as a table."""
    made: list[str] = [HEAD]
    for line in lines:
        name, ours, peer, ratio, low, high, goal, verdict = line.split()
        interval = f"{low[1:-1]} … {high[:-1]}"
        made.append(f"| `{name}` | {ours} | {peer} | {ratio} | {interval} | {goal} | {VERDICTS[verdict]} |")
    return "\n".join(made)


def write(lines: list[str]) -> None:
    """Put the table between the markers of the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(lines)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    found = rows()
    write(found)
    sys.exit(1 if any(line.endswith("short") for line in found) else 0)
