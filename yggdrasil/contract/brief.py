"""Values on one line as Python would write them, large ones by what they are."""

from __future__ import annotations

import reprlib
from typing import Any, cast

from yggdrasil.contract.values import form_of, shown

_LONGEST, _MOST = 120, 4
_SHORT = reprlib.Repr()
_SHORT.maxdict = 8


def shown_briefly(value: Any) -> str:
    """A few words; of a list of large values the first few."""
    if form_of(value) is not None:
        return f"<{shown(value)}>"
    if isinstance(value, list):
        parts = cast(list[Any], value)
        if any(form_of(part) is not None for part in parts):
            return f"[{', '.join(map(shown_briefly, parts[:_MOST]))}{', …' * (len(parts) > _MOST)}]"
    text = _SHORT.repr(cast(object, value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
