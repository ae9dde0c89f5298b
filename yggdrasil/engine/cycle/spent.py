"""What the steps of a branch took: tokens and money, as the stages of the log say beside what they wrote."""

from __future__ import annotations

from typing import Any

from yggdrasil.contract.spending import Spent
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.log import Log

BESIDE = "spent"
"""Under this name it stands beside what a stage wrote."""
_SUMS = f"SUM(json_extract(beside, '$.{BESIDE}.tokens')), SUM(json_extract(beside, '$.{BESIDE}.cost'))"


def beside(spent: Spent) -> dict[str, Any]:
    """What a stage keeps of what it took; nothing if it was free."""
    return {BESIDE: spent.to_json()} if spent.tokens or spent.cost else {}


def spent_in(log: Log, branch: Branch, low: int, high: int) -> Spent:
    """What the steps from `low` to `high` took together, the unfinished one too."""
    total = Spent()
    for part in log.branches.parts(branch, low, high):
        sql = f"SELECT {_SUMS} FROM stages WHERE branch = ? AND step BETWEEN ? AND ? AND position < ?"
        tokens, cost = log.database.one(sql, part.branch, part.low, part.high, part.before) or (0, 0.0)
        total.prompt += int(tokens or 0)
        total.cost += float(cost or 0.0)
    return total
