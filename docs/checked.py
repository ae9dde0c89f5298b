"""Writes docs/checked.md: which promises of the contract each registered block was seen to keep.

    python docs/checked.py

runs every example of tests/testing/examples.py through `yggdrasil.testing.check_block`; a test compares the page.
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
свой блок, сказано в [blocks.md](blocks.md).

"""
TAIL = """
Отдельно проверяются:

"""


def page(reports: Sequence[Report]) -> str:
    """The page: a row a type, the weakest outcome of its examples."""
    rows: dict[str, Report] = {}
    for report in reports:
        rows.setdefault(report.block, report)
    apart = "".join(f"- `{name}`: {why}\n" for name, why in sorted(APART.items()))
    return HEAD + table([rows[name] for name in sorted(rows)]) + "\n" + TAIL + apart


if __name__ == "__main__":
    from tests.testing.test_checks import reports
    from yggdrasil.testing import Elsewhere

    with tempfile.TemporaryDirectory() as folder, Elsewhere(Path(folder) / "artifacts") as other:
        PAGE.write_text(page(list(reports(Path(folder), other))), encoding="utf-8")
