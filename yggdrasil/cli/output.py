"""Where output goes: results to stdout, talk and errors to stderr; text of a world is shown literally."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any

_VISIBLE = {c: chr(0x2400 + c) for c in range(32) if c not in (9, 10)} | {127: "␡"}
_ESCAPED = {c: f"\\u{c:04x}" for c in range(0x7F, 0xA0)}
"""Control characters that JSON would let through to the terminal."""


def visible(text: str) -> str:
    """The text with control characters as visible marks, so that no world can steer a terminal."""
    return text.translate(_VISIBLE | {c: f"\\x{c:02x}" for c in range(0x80, 0xA0)})


def prepare_streams() -> None:
    """UTF-8 on both streams whatever the locale says, so that a name in any script can be printed.

    A stream that the shell closed leads nowhere.
    """
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115 - open as long as the command runs
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def print_json(value: Any) -> None:
    """One JSON value on stdout, whole."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    write(text.translate(_ESCAPED))


def line(text: str = "", *, hang: int = 0, faint: bool = False) -> None:
    """A line for people on stdout; on a terminal it is broken between words, `hang` columns in from the second on."""
    text = visible(text)
    if sys.stdout.isatty():
        width = max(shutil.get_terminal_size().columns, hang + 20)
        ragged = textwrap.wrap(
            text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
        )
        text = "\n".join(ragged)
        text = f"\x1b[2m{text}\x1b[0m" if faint and not os.environ.get("NO_COLOR") else text
    write(text)


def short(path: str | Path) -> str:
    """A path as a person would type it: from the folder they stand in, if it lies below."""
    whole = Path(path)
    here = Path.cwd()
    return str(whole.relative_to(here)) if whole != here and whole.is_relative_to(here) else str(path)


def write(text: str) -> None:
    """A line on stdout; a reader that has gone is no error."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_bytes(data: bytes) -> None:
    """Bytes on stdout, and nothing else; a reader that has gone is no error."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(text: str) -> None:
    """A line on stderr."""
    try:
        sys.stderr.write(visible(text) + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
