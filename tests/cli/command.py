"""The command in this process, as a user types it."""

from __future__ import annotations

import sys

import pytest

from yggdrasil.cli import main


def ygg(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command; gives its exit code."""
    monkeypatch.setattr(sys, "argv", ["yggdrasil", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
