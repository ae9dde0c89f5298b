"""The table of a safetensors file, checked against the file's own size before any tensor of it is touched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from yggdrasil.contract.errors import WeightsError

BROKEN = (OSError, ValueError, TypeError, OverflowError, RuntimeError, MemoryError)
"""What reading a file that says what cannot be may raise, besides the library's own error."""


@dataclass(frozen=True)
class Table:
    """Each tensor's dtype, shape and place behind `begin` (bytes), by its name; and the file's own words."""

    tensors: dict[str, dict[str, Any]]
    begin: int
    words: dict[str, str]


def table_of(path: Path) -> Table:
    """The table of a file. Raises WeightsError where safetensors refuses it: cut, overlapping, longer than it says."""
    status = path.stat()
    read = _read(str(path), status.st_mtime_ns, status.st_size)
    if isinstance(read, str):
        raise broken(read, path)
    return read


def holds(path: Path, names: list[str]) -> bool:
    """Whether a file has a tensor of such a name, maybe behind a prefix that the block takes off."""
    return any(name == held or held.endswith(f".{name}") for held in table_of(path).tensors for name in names)


def broken(said: object, path: Path) -> WeightsError:
    return WeightsError(f"is broken ({said})", where=str(path), mend="fetch or save it again")


@lru_cache(maxsize=64)
def _read(path: str, changed: int, size: int) -> Table | str:
    from safetensors import SafetensorError, safe_open

    del changed, size
    try:
        opened: Any = safe_open(path, framework="numpy")
        with opened as file, Path(path).open("rb") as raw:
            long = int.from_bytes(raw.read(8), "little")
            tensors: dict[str, Any] = json.loads(raw.read(long))
            tensors.pop("__metadata__", None)
            return Table(tensors, 8 + long, file.metadata() or {})
    except (SafetensorError, *BROKEN) as error:
        return str(error)
