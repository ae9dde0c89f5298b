"""The language in which a person is spoken to: that of the locale."""

from __future__ import annotations

import os
from functools import cache


@cache
def russian() -> bool:
    """Whether the locale asks for Russian (LC_ALL, then LC_MESSAGES, then LANG)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.lower().startswith("ru")
    return False
