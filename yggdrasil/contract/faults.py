"""What is told of a stranger's code that fails: the kind of error and its words, nothing about this machine."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import re

from yggdrasil.contract.errors import YggError

CANCELLED = (asyncio.CancelledError, concurrent.futures.CancelledError)
_PLACE = re.compile(
    r"(?P<address>\b(?!file:)[a-z][a-z0-9+.-]+://[^\s\"'<>()]+)"
    r"|(?:file://)?(?<![\w.])(?:~|[A-Za-z]:)?(?:[\\/][\w.@+ -]*[\w@+-]){2,}[\\/]?"
)
_USER = re.compile(r"//[^/@]*@")
_LINES = re.compile(r'\s*(File "[^"\n]*", line \d+[^\n]*|Traceback \(most recent call last\):?)\s*')
_SHORTEST_SECRET = 8
_LONGEST = 600


def fault_text(error: BaseException) -> str:
    """`Type: message` with no traceback, file path or value of an environment variable in it."""
    said = ". ".join(filter(None, (error.what, error.mend))) if isinstance(error, YggError) else str(error)
    return f"{type(error).__name__}: {cleaned(said)}"


def cleaned(text: str) -> str:
    """The text without tracebacks, paths of this machine and environment values, at most 600 letters."""
    for value in sorted(os.environ.values(), key=len, reverse=True):
        if len(value) >= _SHORTEST_SECRET and value in text:
            text = text.replace(value, "<hidden>")
    text = _LINES.sub(" ", text)
    return _PLACE.sub(_told, text).strip()[:_LONGEST]


def _told(found: re.Match[str]) -> str:
    """An address without its user, password and query; a path of this machine not at all."""
    address, asked, _ = (found["address"] or "").partition("?")
    return _USER.sub("//", address) + ("?…" if asked else "") if address else "<path>"
