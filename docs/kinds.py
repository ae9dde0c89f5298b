"""Writes the table of docs/values.md from the code: which kinds of values there are, and what bytes they become.

    python docs/kinds.py

A test writes it again and compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs.pages import filled
from yggdrasil.contract.kinds import BUILT_IN, Kind

PAGE = Path(__file__).resolve().parent / "values.md"


def table() -> str:
    """A row a kind: the value in Python, and its bytes where it is large or a tensor."""
    rows = [f"| `{kind.name}` | {_value(kind)} | {_bytes(kind)} |" for kind in BUILT_IN]
    return "\n".join(["| вид | значение в Python | байты |", "|---|---|---|", *rows])


def _value(kind: Kind) -> str:
    if kind.form is None:
        return "JSON"
    own = kind.form.of.removeprefix("builtins:").replace("yggdrasil.contract.clips", "yggdrasil.ports")
    one = own.replace(":", ".")
    return f"список `{one}`" if kind.of else f"`{one}`"


def _bytes(kind: Kind) -> str:
    return ", ".join(f"`{media}`" for media in kind.form.media_types) if kind.form else "JSON"


def page(text: str) -> str:
    """The page with its table written anew."""
    return filled(text, kinds=table())


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
