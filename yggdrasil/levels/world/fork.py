"""Leaving a branch: after a whole step, or at a question that a step asked."""

from __future__ import annotations

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.errors import CycleError, LogError
from yggdrasil.engine.cycle.journal import questions, share_question
from yggdrasil.engine.cycle.log import Log
from yggdrasil.levels.world.life import Life


def fork(log: Log, parent: str, at: int, name: str, variant: str, question: str | None) -> None:
    """Make the branch `name`. Raises LogError for a step that is not whole, or a name that is taken.

    One transaction, which needs no lock of the world: what it reads is finished, so no step changes it.
    """
    with log.database.transaction():
        branch = log.branches[parent]
        log.step(branch, at)
        if question is None:
            log.branches.fork(branch, at, name, variant)
        else:
            _at_question(log, branch, at, name, variant, question)


def _at_question(log: Log, branch: Branch, at: int, name: str, variant: str, question: str) -> None:
    asked = {q["id"]: q for q in questions(log.database, branch, at + 1)}
    if question not in asked:
        raise CycleError(f"step {at + 1} has not asked {question!r}", where=name, mend=did_you_mean(question, asked))
    call = asked[question]["call"]
    record = log.open_step(branch) or log.step(branch, at + 1)
    made = log.branches.fork(branch, at, name, variant, (asked[question]["position"], call))
    log.share_open(made, record)
    share_question(log.database, made, call)


def forget(life: Life, name: str, standing: str) -> None:
    """Forget a branch. Raises LogError for the one that the world stands on."""
    branch = life.log.branches[name]
    if name == standing:
        mend = f"stand on another first: world.branch('other').delete_branch({name!r})"
        raise LogError(f"the world stands on branch {name!r}", where=str(life.home), mend=mend)
    life.log.branches.delete(branch)
    life.forget_cached()
