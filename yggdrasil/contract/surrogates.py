"""Half characters: a pair that came in two is joined, a half that stays alone becomes U+FFFD and can be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, cast

_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED = "\\ud"
_LONG = 8
_WHOLE = frozenset((int, float, bool, type(None)))
_FIRST_HALVES = range(0xD800, 0xDC00)


def whole(text: str) -> str:
    """The text with each pair of halves as the character that it means, and U+FFFD for a half without its other."""
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def halved(value: Any) -> bool:
    """Whether a JSON value holds half a character anywhere, or a pair of halves that is one."""
    if isinstance(value, str):
        return not value.isascii() and _HALF.search(value) is not None
    if isinstance(value, dict):
        known = cast("dict[Any, Any]", value)
        return _any_halved(known) or _any_halved(known.values())
    if not isinstance(value, list):
        return False
    parts = cast("list[Any]", value)
    talk = len(parts) >= _LONG and isinstance(parts[0], dict)
    return not (talk and _is_plain(parts)) and _any_halved(parts)


def _is_plain(parts: list[Any]) -> bool:
    """Whether a long list, such as a conversation, surely holds none, as one look at its JSON tells."""
    try:
        return _ESCAPED not in json.dumps(parts)
    except (TypeError, ValueError, RecursionError):
        return False


def _any_halved(parts: Iterable[Any]) -> bool:
    for part in parts:
        kind: type[Any] = part.__class__
        if kind is str:
            if not part.isascii() and _HALF.search(part):
                return True
        elif kind not in _WHOLE and halved(part):
            return True
    return False


def lost(value: Any) -> str:
    """The first text of a JSON value that holds half a character without its other, in ASCII; '' if none does."""
    if isinstance(value, str):
        return ascii(value)[:80] if whole(value).count("\ufffd") > value.count("\ufffd") else ""
    parts: list[Any] = cast("list[Any]", value) if isinstance(value, list) else []
    if isinstance(value, dict):
        parts = [part for pair in cast("dict[Any, Any]", value).items() for part in pair]
    return next((said for part in parts if (said := lost(part))), "")


def whole_value(value: Any) -> Any:
    """A JSON value, all of whose texts and names are whole."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole_value(name): whole_value(part) for name, part in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [whole_value(part) for part in cast("list[Any]", value)]
    return value


class SurrogateJoiner:
    """A text that comes in pieces, between which a character may be cut."""

    def __init__(self) -> None:
        self._half = ""
        self.mended = 0

    def take(self, piece: str) -> str:
        """What is whole so far; a first half at the end of the piece waits for its other."""
        piece = self._half + piece
        self._half = piece[-1:] if piece and ord(piece[-1]) in _FIRST_HALVES else ""
        return self._whole(piece[: len(piece) - len(self._half)])

    def end(self) -> str:
        """What is left when no more comes."""
        left, self._half = self._half, ""
        return self._whole(left)

    def _whole(self, text: str) -> str:
        said = whole(text)
        if said is not text:
            self.mended += said.count("\ufffd") - text.count("\ufffd")
        return said
