"""Canonical bytes and their sha256, so that a digest means the same on every machine."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from yggdrasil.contract.errors import ManifestError

_CHUNK = 1 << 20
_EXACT = 2**53 - 1
_SHORT = 2000
"""Letters of the longest value that is remembered."""


def canonical(value: Any) -> bytes:
    """RFC 8785 JSON of `value` with strings in Unicode form NFC.

    Integers past 2**53, which JSON's readers round, stand as {"int": their digits}. Raises ManifestError for NaN,
    infinities and values that JSON lacks.
    """
    import rfc8785

    try:
        return rfc8785.dumps(_nfc(value))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise ManifestError(
            f"a value has no canonical JSON form ({error})",
            mend="use finite numbers, strings, lists and objects, nested less than 200 deep",
        ) from error


def digest(value: Any) -> str:
    """sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest_each(values: list[Any]) -> str:
    """The same as `digest` of a list that grows, such as a conversation: what was seen before is known again."""
    return hashlib.sha256(b"[%b]" % b",".join(map(_canonical_once, values))).hexdigest()


def _canonical_once(value: Any) -> bytes:
    try:
        held = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return canonical(value)
    return _canonical_known(held) if len(held) <= _SHORT else canonical(value)


@lru_cache(maxsize=4096)
def _canonical_known(held: str) -> bytes:
    return canonical(json.loads(held))


def digest_bytes(data: bytes) -> str:
    """sha256 (hex) of raw bytes."""
    return hashlib.sha256(data).hexdigest()


def digest_file(path: Path) -> str:
    """sha256 (hex) of a file, read in pieces."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            total.update(piece)
    return total.hexdigest()


def _nfc(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, int) and not -_EXACT <= value <= _EXACT:
        return {"int": str(int(value))}
    if isinstance(value, dict):
        given = cast(dict[Any, Any], value)
        made = {_nfc(k): _nfc(v) for k, v in given.items()}
        if len(made) < len(given):
            raise ManifestError("two keys differ only in Unicode form", mend="write them in NFC: one name, one key")
        return made
    if isinstance(value, list | tuple):
        return [_nfc(v) for v in cast(list[Any], value)]
    return value
