"""Writes docs/checked.md: which promises of the contract each registered block was seen to keep.

    python docs/checked.py [shelf]

runs every example of tests/testing/examples.py through `yggdrasil.testing.check_block`, with `shelf` every item of the
shelf, which takes minutes and its models; tests compare the page (of the shelf: `make test-system`).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.testing.examples import APART
from yggdrasil.testing import Report
from yggdrasil.testing.report import table

PAGE = Path(__file__).resolve().parent / "checked.md"
HEAD = """# Что проверено у каждого блока

Таблицу пишет `python docs/checked.py`: каждый зарегистрированный тип проходит `yggdrasil.testing.check_block`.
`+` — обещание выполнено, `·` — к этому блоку не относится (например, у значения нет вида вне графа). Как проверить
свой блок, сказано в [testing.md](testing.md).

"""
TAIL = """
Отдельно проверяются:

"""
WHY = """
Почему стоит `·`:

"""
SHELF = """
## Полка

Каждая вещь полки целиком, со своими настоящими весами, кроме миров и агента `chronicler`: их здесь ведёт модель,
которая пробует каждую схему, а с настоящими весами — свои тесты. Таблицу пишет `python docs/checked.py shelf`, а
сверяет `make test-system`.

"""


def page(reports: Sequence[Report], shelf: str) -> str:
    """The page: a row a type; `shelf` is the table of the shelf's items, which another run makes."""
    rows: dict[str, Report] = {}
    for report in reports:
        rows.setdefault(report.block, report)
    found = [rows[name] for name in sorted(rows)]
    apart = "".join(f"- `{name}`: {why}\n" for name, why in sorted(APART.items()))
    return HEAD + table(found) + "\n" + WHY + _reasons(found) + TAIL + apart + SHELF + shelf


def _reasons(reports: Sequence[Report]) -> str:
    """A line for each reason that a promise was not asked for, with the types that it is true of."""
    asked: dict[tuple[str, str], list[str]] = {}
    for report in reports:
        for outcome in report.outcomes:
            if outcome.status == "not asked":
                asked.setdefault((outcome.promise, outcome.why), []).append(f"`{report.block}`")
    return "".join(f"- {promise}: {why}: {', '.join(names)}\n" for (promise, why), names in sorted(asked.items()))


def shelf_table(reports: Sequence[Report]) -> str:
    """The table of the shelf's items, in the order of their names."""
    return table(sorted(reports, key=lambda report: report.block)) + "\n"


def of_shelf(written: str) -> str:
    """The table of the shelf's items as the page has it."""
    return written.partition(SHELF)[2]


def write(shelf: bool) -> None:
    """Make the page anew: the types, or the shelf's items."""
    from tests.system.test_shelf_checked import shelf_reports
    from tests.testing.test_checks import reports
    from yggdrasil.testing import Elsewhere

    before = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, Elsewhere(Path(folder) / "artifacts") as other:
        if shelf:
            told = before.partition(SHELF)[0] + SHELF + shelf_table(list(shelf_reports(other)))
        else:
            told = page(list(reports(Path(folder), other)), of_shelf(before))
    PAGE.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1:] == ["shelf"])
