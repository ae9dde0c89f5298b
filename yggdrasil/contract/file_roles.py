"""Which files a block has: each by its role, its hash and where it can be had; weights may lie in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileRef:
    """A file of a block: its hash, where it is on this machine (if it is), and where it can be had."""

    sha256: str
    path: Path | None = None
    source: str | None = None


WEIGHTS = "weights"
"""The role of a block's weights; in pieces they are `weights`, `weights-2`, `weights-3` …"""


def piece_role(number: int) -> str:
    """The role of the piece `number` (from 0)."""
    return f"{WEIGHTS}-{number + 1}" if number else WEIGHTS


def is_weights(role: str) -> bool:
    """Whether a file of this role is the weights or a piece of them."""
    stem, _, number = role.partition("-")
    return stem == WEIGHTS and (number.isdecimal() or role == WEIGHTS)
