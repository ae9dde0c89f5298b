"""No test says how long something may take: on a busy machine it would fail for what is right."""

import re
from pathlib import Path

CLOCKS = re.compile(r"\b(perf_counter|process_time|thread_time|default_timer)\b|\b(time\.time|monotonic)\(\)(?! \+)")
"""A time after which something gives up, `monotonic() + seconds`, measures nothing."""
APART = {
    "tests/waiting.py": "gives up on what never comes; nobody asks it how long that took",
    "tests/system/test_fresh_clone.py": "prints how long it took, and asks nothing of that",
    "tests/testing/good.py": "a block that tells the hour, which does no harm",
    "tests/testing/bad.py": "a block whose answer hangs on the day, which check_block is to find",
    "tests/test_clocks.py": "names them",
}


def test_no_test_reads_a_clock_that_measures(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in sorted((root / "tests").rglob("*.py"))
        if path.relative_to(root).as_posix() not in APART
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if CLOCKS.search(line)
    ]
    assert found == [], "wait for an event, or count work"
