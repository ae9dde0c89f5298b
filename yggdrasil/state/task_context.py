"""Reading a world from within a task: the digest that the task carries, and the words by which texts meet."""

from __future__ import annotations

import re
from typing import Any

from yggdrasil.contract import ConfigError, here

CONTEXT = "agent.context"
"""Under this name the context of the task that is being done stands among what a run shares."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_STEM = 5


def context() -> dict[str, Any]:
    """The context of the task that is being done. Raises ConfigError outside of one."""
    found = here().shared.get(CONTEXT)
    if found is None:
        raise ConfigError("there is no world to read", where=here().path, mend="use this tool from an agent in a world")
    return found


def stems(text: str) -> set[str]:
    """The words of three letters and more, cut to five, so that inflected forms meet."""
    return {word.lower()[:_STEM] for word in _WORD.findall(text)}
