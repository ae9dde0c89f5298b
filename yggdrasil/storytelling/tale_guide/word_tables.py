"""Tables of words are written as running text, so that a person can read and extend them."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


def entries(text: str) -> tuple[str, ...]:
    """The parts of a text between semicolons, each of one or more words."""
    return tuple(" ".join(part.split()) for part in text.split(";") if part.strip())
