"""Hostile weights and artifacts: headers that lie, pickles under other names, pictures that are bombs."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from yggdrasil.contract.artifacts import FolderArtifacts
from yggdrasil.contract.pictures import read_picture
from yggdrasil.contract.tensor_files import encode_tensors, read_tensors
from yggdrasil.contract.weights import check_kind

Attack = Callable[[Path], Any]
"""Writes something hostile below a folder and does what a victim would do; raises, or gives something harmless."""

NAMES = [
    "../outside",
    "/etc/passwd",
    "..",
    "a/../../x",
    "/dev/zero",
    "x\0y",
    "~/x",
    "a" * 5000,
    "",
    ".",
    "\udcff",
    "CON",
]


class Bomb:
    """Ends the process where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os._exit, (66,))


def pickles() -> dict[str, bytes]:
    archive = io.BytesIO()
    torch.save({"a": torch.zeros(1)}, archive)
    return {"torch": archive.getvalue()} | {f"p{n}": pickle.dumps(Bomb(), protocol=n) for n in (0, 2, 5)}


def tensors(header: Any, body: bytes = b"", size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


def weights() -> Iterator[tuple[str, Attack]]:
    def entry(**other: Any) -> dict[str, Any]:
        return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **other}}

    headers: dict[str, bytes] = {
        "empty": b"",
        "short": b"\1",
        "size": tensors({}, size=2**63),
        "size 100MB": tensors({}, size=100 << 20),
        "deep": tensors(b'{"a":' + b"[" * 100_000),
        "not json": tensors(b"{{{{"),
        "list": tensors(b"[1]     "),
        "dtype": tensors(entry(dtype="PY"), bytes(8)),
        "shape": tensors(entry(shape=[2**62, 2**62]), bytes(8)),
        "negative": tensors(entry(shape=[-1]), bytes(8)),
        "offsets": tensors(entry(data_offsets=[8, 0]), bytes(8)),
        "beyond": tensors(entry(data_offsets=[0, 2**40]), bytes(8)),
        "overlap": tensors({**entry(), "b": entry()["a"]}, bytes(8)),
        "hole": tensors(entry(data_offsets=[8, 16]), bytes(16)),
        "huge number": tensors(entry(shape=[10**400]), bytes(8)),
        "shared": tensors({"__metadata__": {"yggdrasil.shared": '{"b": "zz"}'}, **entry()}, bytes(8)),
        "shared deep": tensors({"__metadata__": {"yggdrasil.shared": "[" * 50_000}, **entry()}, bytes(8)),
        "shared list": tensors({"__metadata__": {"yggdrasil.shared": "[1]"}, **entry()}, bytes(8)),
        "cut": encode_tensors({"a": torch.ones(9)})[:-3],
    }
    yield from ((f"safetensors {name}", file("w.safetensors", data, read_tensors)) for name, data in headers.items())
    for suffix in (".safetensors", ".gguf", ".bin", ".pt", ".ckpt", ".onnx", "", ".json"):
        for kind, data in pickles().items():
            yield f"pickle {kind} as {suffix or 'nothing'}", file(f"w{suffix}", data, check_kind)
    yield from ((f"gguf {name}", file("w.gguf", data, check_kind)) for name, data in ggufs().items())


def ggufs() -> dict[str, bytes]:
    def head(tensors: int, keys: int, rest: bytes = b"", version: int = 3) -> bytes:
        return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + rest

    key = struct.pack("<Q", 1) + b"k"
    return {
        "empty": b"GGUF",
        "version": head(0, 0, version=99),
        "keys": head(0, 2**63),
        "tensors": head(2**62, 0),
        "key length": head(0, 1, struct.pack("<Q", 2**63)),
        "no key": head(0, 1),
        "kind": head(0, 1, key + struct.pack("<I", 77)),
        "text": head(0, 1, key + struct.pack("<IQ", 8, 2**40)),
        "list": head(0, 1, key + struct.pack("<IIQ", 9, 8, 2**60)),
        "numbers": head(0, 1, key + struct.pack("<IIQ", 9, 10, 2**61)),
        "nested": head(0, 1, key + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 1000),
        "dimensions": head(1, 0, key + struct.pack("<I", 10**6)),
        "shape": head(1, 0, key + struct.pack("<I4QIQ", 4, *[2**40] * 4, 0, 0)),
        "offset": head(1, 0, key + struct.pack("<IQIQ", 1, 4, 0, 2**50)),
    }


def file(name: str, data: bytes, read: Callable[[Path], Any]) -> Attack:
    def attack(folder: Path) -> Any:
        (folder / name).write_bytes(data)
        return read(folder / name)

    return attack


def artifacts() -> Iterator[tuple[str, Attack]]:
    def png(width: int, height: int) -> bytes:
        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(100)))
            + chunk(b"IEND", b"")
        )

    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(50_000_000))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    pictures = {
        "bomb": png(60000, 60000),
        "bomb of 100 MP": png(10000, 10000),
        "cut": png(8, 8)[:40],
        "no rows": png(64, 64),
        "zero": png(0, 0),
        "zip bomb": zipped.getvalue(),
        "svg": svg,
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "empty": b"",
        "psd": b"8BPS" + bytes(60),
        "tiff": b"II*\0\x08\0\0\0\xff\xff" + bytes(99),
        "gif": b"GIF89a\xff\xff\xff\xff\x80\0\0",
        "bmp": b"BM" + struct.pack("<IHHIIiiHHI", 99, 0, 0, 54, 40, 2**30, 2**30, 1, 24, 0),
        **{f"pickle {k}": v for k, v in pickles().items()},
    }
    for name, data in pictures.items():
        yield f"picture {name}", lambda folder, d=data: _picture(folder, d)
    for sha in [*NAMES, "A" * 64, "0" * 63, "..".ljust(64, "/"), 7, None]:
        yield f"sha256 {str(sha)[:12]!r}", lambda folder, s=sha: FolderArtifacts(folder).get(s)
    yield "artifact larger than memory", _sparse


def _picture(folder: Path, data: bytes) -> Any:
    store = FolderArtifacts(folder / "artifacts")
    return read_picture(store.get(store.put(data, "image/png").sha256))


def _sparse(folder: Path) -> Any:
    sha = "cd" * 32
    path = folder / "cd" / sha
    path.parent.mkdir()
    with path.open("wb") as hollow:
        hollow.truncate(3 << 30)
    return FolderArtifacts(folder).get(sha)
