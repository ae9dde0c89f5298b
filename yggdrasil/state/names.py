"""World names in any script become folder names that every file system takes, and never meet by accident."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from yggdrasil.contract.errors import YggError

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)
_MARKED = re.compile(r"~[0-9a-f]{8}$")
_MAX_BYTES = 200


class WorldNameError(YggError):
    """A name that no world may have."""


def folder_name(name: str) -> str:
    """The folder for the world called `name`: legal on Linux, macOS and Windows, at most 200 bytes of UTF-8.

    A name that is already a safe folder name stays; any other keeps what can be kept and gets a mark of its
    hash, so that `A` and `a` differ where case is not seen, while two Unicode forms of one name are one.
    Raises WorldNameError for a name that is empty, a path step, or not Unicode text.
    """
    one_form = _one_form(name)
    safe = _FORBIDDEN.sub("_", one_form).rstrip(". ").lstrip(" ")
    if _DEVICES.fullmatch(safe):
        safe = f"_{safe}"
    plain = safe == one_form == _folded(one_form) and len(safe.encode()) <= _MAX_BYTES
    if plain and not _MARKED.search(safe) and not safe.startswith("."):
        return safe
    mark = "~" + hashlib.sha256(one_form.encode()).hexdigest()[:8]
    return _cut(safe, _MAX_BYTES - len(mark)).lstrip(".") + mark


def _one_form(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise WorldNameError(f"the name {name!r} is not Unicode text", mend="leave out the broken character") from None
    one_form = unicodedata.normalize("NFC", name)
    if not one_form.strip() or set(one_form) <= {".", " "}:
        raise WorldNameError(f"a world cannot be named {name!r}", mend="give it a name with at least one letter")
    return one_form


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore").rstrip(". ")
