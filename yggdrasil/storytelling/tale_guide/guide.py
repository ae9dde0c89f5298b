"""The guide `tale`: a small model tells a world's story, asked one small question at a time.

The code owns what can happen (events with openings and typed ends), the model decides by its calibrated
likelihood which places, people, things, events and ends fit the wish and the story so far, and it writes free
sentences under a grammar of whole phrases. Where none of its sentences is likely enough, a ready one out of a
closed pool is taken, chosen by the same likelihood. The texts are English; a Russian wish or action is turned
into English words first, and the words that were not understood are named in the result's `unknown`.
"""

from __future__ import annotations

from typing import Any

from yggdrasil.contract import Block, ConfigError
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.storytelling.tale_guide.architect import architect
from yggdrasil.storytelling.tale_guide.author import author
from yggdrasil.storytelling.tale_guide.develop import develop
from yggdrasil.storytelling.tale_guide.founding import found
from yggdrasil.storytelling.tale_guide.reply import reply
from yggdrasil.storytelling.tale_guide.scribe import Scribe
from yggdrasil.storytelling.tale_guide.update import update

TASKS = {
    "found": found,
    "development": develop,
    "architect": architect,
    "author": author,
    "update": update,
    "reply": reply,
}


def answer(llm: Block, task: str, context: dict[str, Any], seed: int) -> dict[str, Any]:
    """The result of a task for a context; the same model, context and seed give the same result."""
    if task not in TASKS:
        raise ConfigError(f"the guide 'tale' knows no task {task!r}", mend=did_you_mean(task, TASKS))
    return TASKS[task](Scribe(llm, context, seed, task), context)
