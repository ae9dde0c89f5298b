"""Where the ways from node to node lead."""

from __future__ import annotations


def reached(start: set[str], ways: dict[str, set[str]]) -> set[str]:
    """All nodes that the ways lead to from some, these included."""
    found, open_ = set(start), list(start)
    while open_:
        for name in ways.get(open_.pop(), set()) - found:
            found.add(name)
            open_.append(name)
    return found
