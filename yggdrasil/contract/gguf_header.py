"""Walks the header of a GGUF file before any native reader does, so that a lie in it cannot steer one."""

from __future__ import annotations

import mmap
import struct
from functools import lru_cache
from pathlib import Path

from yggdrasil.contract.errors import WeightsError

_VERSIONS = (2, 3)
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT16, _STRING, _ARRAY = 2, 8, 9
_MOST_KEYS, _MOST_TENSORS, _MOST_DIMENSIONS, _DEEPEST = 1 << 16, 1 << 17, 4, 4
_LONGEST_NAME = 1 << 16


class _Broken(Exception):
    """The header says what cannot be."""


def check_gguf(path: Path) -> int:
    """In how many files its model lies. Refuses a GGUF whose counts, lengths, kinds or offsets do not fit its own size.

    Raises WeightsError. Source of the form: the GGUF specification of ggml, versions 2 and 3 (little-endian).
    """
    return _walked(path)[0]


def numbers_of_gguf(path: Path) -> int:
    """How many numbers its tensors hold. Raises WeightsError."""
    return _walked(path)[1]


def _walked(path: Path) -> tuple[int, int]:
    status = path.stat()
    said, files, numbers = _checked(str(path), status.st_mtime_ns, status.st_size)
    if said:
        raise WeightsError(f"is not a GGUF file ({said})", where=str(path), mend="fetch it again")
    return files, numbers


@lru_cache(maxsize=64)
def _checked(path: str, changed: int, size: int) -> tuple[str, int, int]:
    del changed
    if size < 24:
        return "it is shorter than a header", 1, 0
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        walk = _Walk(data)
        try:
            walk.header()
        except (_Broken, struct.error) as error:
            return str(error), 1, 0
    return "", walk.files, walk.numbers


class _Walk:
    def __init__(self, data: mmap.mmap) -> None:
        self._data, self._at, self._size = data, 4, len(data)
        self.files, self.numbers = 1, 0

    def header(self) -> None:
        if self._data[:4] != b"GGUF":
            raise _Broken("it must begin with GGUF")
        version, tensors, keys = self._number("<I"), self._number("<Q"), self._number("<Q")
        if version not in _VERSIONS:
            raise _Broken(f"its version is {version}, known are {', '.join(map(str, _VERSIONS))}")
        if keys > _MOST_KEYS or tensors > _MOST_TENSORS:
            raise _Broken(f"it claims {keys} keys and {tensors} tensors")
        for _ in range(keys):
            length = self._length(_LONGEST_NAME)
            self._skip(length)
            name, kind = self._data[self._at - length : self._at], self._number("<I")
            if name == b"split.count" and kind == _UINT16:
                self.files = max(self._number("<H"), 1)
            else:
                self._value(kind, 0)
        for _ in range(tensors):
            self._tensor()

    def _tensor(self) -> None:
        self._skip(self._length(_LONGEST_NAME))
        dimensions = self._number("<I")
        if dimensions > _MOST_DIMENSIONS:
            raise _Broken(f"a tensor has {dimensions} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= self._number("<Q")
        self._number("<I")
        if elements >= 1 << 62 or self._number("<Q") > self._size:
            raise _Broken("a tensor lies beyond the file's end")
        self.numbers += elements

    def _value(self, kind: int, depth: int) -> None:
        if kind in _SIZES:
            self._skip(_SIZES[kind])
        elif kind == _STRING:
            self._skip(self._length(self._size))
        elif kind == _ARRAY and depth < _DEEPEST:
            inner, count = self._number("<I"), self._number("<Q")
            if inner in _SIZES:
                self._skip(_SIZES[inner] * count)
                return
            if count * 8 > self._size:
                raise _Broken(f"a list claims {count} entries")
            for _ in range(count):
                self._value(inner, depth + 1)
        else:
            raise _Broken(f"a value is of kind {kind}, at depth {depth}")

    def _length(self, most: int) -> int:
        length = self._number("<Q")
        if length > most:
            raise _Broken(f"a text claims {length} bytes")
        return length

    def _number(self, form: str) -> int:
        at = self._at
        self._skip(struct.calcsize(form))
        return int(struct.unpack_from(form, self._data, at)[0])

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > self._size:
            raise _Broken("it ends within its header")
